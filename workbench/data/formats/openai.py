"""OpenAI messages: a list of turns with `role` and `content`, with tool calls where there are any."""

from __future__ import annotations

from workbench.data.conversation import Conversation
from workbench.data.formats import sharegpt, turns
from workbench.data.formats.fields import Record

NAME = "openai"
ASKS = "messages, a list of turns with role (user, assistant, …) and content"


def fits(record: Record) -> str | None:
    column = turns.column(record, "role")
    if column is None:
        return None
    tools = ", and there are tools" if turns.tools_of(record) else ""
    return f"the column {column} is a list of turns with role and content{tools}"


def read(record: Record, row: int) -> Conversation:
    return sharegpt.read(record, row)
