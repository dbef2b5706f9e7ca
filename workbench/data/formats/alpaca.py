"""alpaca: instruction, input and output, with a system text and earlier turns where there are any."""

from __future__ import annotations

from workbench.data.conversation import Conversation, Message
from workbench.data.formats.fields import (
    Record,
    RowProblem,
    as_json,
    called,
    items,
    kind,
    listed,
    needed,
    refuse_media,
    text,
)

NAME = "alpaca"
ASKS = "instruction and output (input, system and history where there are any)"


def fits(record: Record) -> str | None:
    if "instruction" not in record or "output" not in record:
        return None
    present = [name for name in ("instruction", "input", "output", "system", "history") if name in record]
    return f"the rows have the columns {listed(present)}"


def read(record: Record, row: int) -> Conversation:
    refuse_media(record)
    messages = (*prompt(record), Message("assistant", needed(record, "output")))
    return Conversation(messages, row, tools=as_json(record.get("tools")))


def prompt(record: Record) -> tuple[Message, ...]:
    """The system text, the earlier turns and the question: instruction and input on lines of their own."""
    question = "\n".join(part for part in (text(record, "instruction"), text(record, "input")) if part)
    if not question.strip():
        asked = [called(record, name) for name in ("instruction", "input") if name in record]
        if not asked:
            needed(record, "instruction")
        raise RowProblem(f"{' and '.join(asked)} {'are both' if len(asked) > 1 else 'is'} empty")
    messages = []
    if (system := text(record, "system")).strip():
        messages.append(Message("system", system))
    for index, pair in enumerate(items(record, "history"), start=1):
        if not isinstance(pair, list) or len(pair) != 2 or not all(isinstance(part, str) for part in pair):
            what = "a list of something else" if isinstance(pair, list) else kind(pair)
            raise RowProblem(
                f"item {index} of {called(record, 'history')} is {what}, not a question and an answer"
            )
        messages += [Message("user", pair[0]), Message("assistant", pair[1])]
    return (*messages, Message("user", question))
