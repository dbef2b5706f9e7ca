"""Preference pairs: one prompt with a chosen and a rejected answer (DPO and its kin)."""

from __future__ import annotations

from workbench.data.conversation import Conversation
from workbench.data.formats import turns
from workbench.data.formats.answers import has_prompt, joined, read_answer, read_prompt
from workbench.data.formats.fields import Record, RowProblem, called, listed, refuse_media

NAME = "preference"
ASKS = "chosen and rejected, beside conversations, messages, instruction or prompt"


def fits(record: Record) -> str | None:
    if "chosen" not in record or "rejected" not in record:
        return None
    if column := turns.column(record, "from"):
        return f"chosen and rejected stand beside {column}, a list of turns with from and value"
    if column := turns.column(record, "role"):
        return f"chosen and rejected stand beside {column}, a list of turns with role and content"
    beside = next((name for name in ("instruction", "prompt") if name in record), None)
    return f"the rows have the columns {listed([*filter(None, [beside]), 'chosen', 'rejected'])}"


def read(record: Record, row: int) -> Conversation:
    refuse_media(record)
    prompt = read_prompt(record) if has_prompt(record) else ()
    chosen, rejected = (
        sum(joined(prompt, read_answer(record, column)), ()) for column in ("chosen", "rejected")
    )
    asked = chosen[:-1]
    if asked != rejected[:-1] or not asked:
        names = f"{called(record, 'chosen')} and {called(record, 'rejected')}"
        if prompt:
            raise RowProblem(f"{names} differ before their last turns")
        raise RowProblem(f"there is no prompt, and {names} do not begin with the same turns")
    return Conversation(asked, row, tools=turns.tools_of(record), chosen=chosen[-1], rejected=rejected[-1])
