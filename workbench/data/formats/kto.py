"""KTO: a conversation and a label that says whether its last answer is wanted."""

from __future__ import annotations

from workbench.data.conversation import Conversation
from workbench.data.formats import alpaca, turns
from workbench.data.formats.answers import joined, read_answer, read_prompt
from workbench.data.formats.fields import Record, RowProblem, called, kind, refuse_media

NAME = "kto"
ASKS = "label (true or false), beside messages, conversations, or instruction and output"

_LABELS = ("kto_tag", "label")
_WORDS = {"true": True, "1": True, "false": False, "0": False}


def fits(record: Record) -> str | None:
    column = next((name for name in _LABELS if _truth(record.get(name)) is not None), None)
    if column is None:
        return None
    for tag in ("from", "role"):
        if found := turns.column(record, tag):
            return f"{column} says true or false about the last turn of {found}"
    if "completion" in record and "prompt" in record:
        return f"{column} says true or false about completion"
    return f"{column} says true or false about output" if alpaca.fits(record) else None


def read(record: Record, row: int) -> Conversation:
    refuse_media(record)
    column = next((name for name in _LABELS if name in record), None)
    if column is None:
        raise RowProblem("there is no label")
    label = _truth(record[column])
    if label is None:
        raise RowProblem(f"{called(record, column)} is {kind(record[column])}, not true or false")
    if any(name in record for name in turns.COLUMNS):
        messages = turns.read_column(record)
        turns.check_answered(messages)
    elif "completion" in record:
        messages = sum(joined(read_prompt(record), read_answer(record, "completion")), ())
    else:
        messages = sum(joined(alpaca.prompt(record), read_answer(record, "output")), ())
    return Conversation(messages, row, tools=turns.tools_of(record), label=label)


def _truth(value: object) -> bool | None:
    if isinstance(value, bool):
        return value
    if isinstance(value, int) and value in (0, 1):
        return bool(value)
    return _WORDS.get(value.lower()) if isinstance(value, str) else None
