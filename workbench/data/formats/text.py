"""Plain text: one column, all of which is trained."""

from __future__ import annotations

from workbench.data.conversation import Conversation
from workbench.data.formats.fields import Record, needed

NAME = "text"
ASKS = "text"


def fits(record: Record) -> str | None:
    if not isinstance(record.get("text"), str):
        return None
    return "the rows have the column text" if len(record) > 1 else "text is the only column"


def read(record: Record, row: int) -> Conversation:
    return Conversation((), row, text=needed(record, "text"))
