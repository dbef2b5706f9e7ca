"""Preference pairs: one prompt with a chosen and a rejected answer (DPO and its kin)."""

from __future__ import annotations

from workbench.data.conversation import Conversation
from workbench.data.formats import turns
from workbench.data.formats.answers import has_prompt, read_answer, read_prompt
from workbench.data.formats.fields import Record, RowProblem, as_json, refuse_media

NAME = "preference"
ASKS = "chosen and rejected, beside conversations, messages, instruction or prompt"


def fits(record: Record) -> str | None:
    if "chosen" not in record or "rejected" not in record:
        return None
    if column := turns.column(record, "from"):
        return f"chosen and rejected beside {column}, a list of turns with from and value (sharegpt)"
    if column := turns.column(record, "role"):
        return f"chosen and rejected beside {column}, a list of turns with role and content"
    return "has the columns chosen and rejected"


def read(record: Record, row: int) -> Conversation:
    refuse_media(record)
    chosen, rejected = read_answer(record, "chosen"), read_answer(record, "rejected")
    if has_prompt(record):
        prompt = read_prompt(record)
    elif chosen[:-1] == rejected[:-1] and chosen[:-1]:
        prompt = chosen[:-1]
    else:
        raise RowProblem("there is no prompt, and chosen and rejected do not begin with the same turns")
    return Conversation(
        prompt, row, tools=as_json(record.get("tools")), chosen=chosen[-1], rejected=rejected[-1]
    )
