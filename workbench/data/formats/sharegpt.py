"""sharegpt: a list of turns with `from` and `value`, a system text and tools beside it."""

from __future__ import annotations

from workbench.data.conversation import Conversation
from workbench.data.formats import turns
from workbench.data.formats.fields import Record, refuse_media

NAME = "sharegpt"
ASKS = "conversations, a list of turns with from (human, gpt, …) and value"


def fits(record: Record) -> str | None:
    column = turns.column(record, "from")
    if column is None:
        return None
    tools = ", and there are tools" if "tools" in record else ""
    return f"the column {column} is a list of turns with from and value{tools}"


def read(record: Record, row: int) -> Conversation:
    refuse_media(record)
    messages = turns.read_column(record)
    turns.check_answered(messages)
    return Conversation(messages, row, tools=turns.tools_of(record))
