"""Prompt and completion, as TRL has them: text, or lists of turns. Trained is the completion alone."""

from __future__ import annotations

from dataclasses import replace

from workbench.data.conversation import Conversation
from workbench.data.formats import turns
from workbench.data.formats.answers import joined, read_answer, read_prompt
from workbench.data.formats.fields import Record, refuse_media

NAME = "prompt-completion"
ASKS = "prompt and completion, text or lists of turns"


def fits(record: Record) -> str | None:
    prompt, completion = record.get("prompt"), record.get("completion")
    if not isinstance(prompt, str | list) or not isinstance(completion, str | list | dict):
        return None
    lists = ", which hold turns" if isinstance(prompt, list) or not isinstance(completion, str) else ""
    return f"the rows have the columns prompt and completion{lists}"


def read(record: Record, row: int) -> Conversation:
    refuse_media(record)
    prompt, completion = joined(read_prompt(record), read_answer(record, "completion"))
    context = tuple(replace(message, trained=False) for message in prompt)
    turns.check_answered(completion)
    return Conversation((*context, *completion), row, tools=turns.tools_of(record))
