"""Which of a file's columns is what, spelled as LLaMA-Factory's dataset_info.json spells it."""

from __future__ import annotations

import difflib
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass
from typing import Any

from workbench.data.formats.fields import kind
from workbench.errors import WrongUse

FORMATTINGS = ("alpaca", "sharegpt", "openai")

# What can be mapped, in words for a person.
COLUMN_KEYS: dict[str, str] = {
    "prompt": "what the user asks; alone, plain text to train on",
    "query": "a second part of the question, on lines of its own",
    "response": "the answer",
    "history": "earlier turns: a list of pairs of question and answer",
    "messages": "the list of turns",
    "system": "the system message",
    "tools": "the tools on offer, as JSON",
    "chosen": "the better of two answers",
    "rejected": "the worse of two answers",
    "kto_tag": "true or false: is the answer wanted",
    "images": "pictures (rows that have some cannot be trained)",
    "videos": "films (rows that have some cannot be trained)",
    "audios": "sounds (rows that have some cannot be trained)",
}
# How a list of turns is written, with what LLaMA-Factory takes where nothing is said.
TAG_KEYS: dict[str, str] = {
    "role_tag": "from",
    "content_tag": "value",
    "user_tag": "human",
    "assistant_tag": "gpt",
    "observation_tag": "observation",
    "function_tag": "function_call",
    "system_tag": "system",
}


@dataclass(frozen=True, slots=True)
class Mapping:
    """The file's columns by what they are; `labels` are columns of categories, which nobody trains on.

    Without `columns` the format's own names hold. With some, the others are not used.
    """

    formatting: str = "alpaca"
    ranking: bool = False
    columns: tuple[tuple[str, str], ...] = ()
    tags: tuple[tuple[str, str], ...] = ()
    labels: tuple[str, ...] = ()

    def column(self, key: str) -> str | None:
        """The file's column for `key` ("prompt", "response", …), if one is mapped."""
        return dict(self.columns).get(key)

    def tag(self, key: str) -> str | None:
        """The file's spelling for `key` ("role_tag", "user_tag", …), if one is given."""
        return dict(self.tags).get(key)

    @property
    def format(self) -> str:
        """The name of the format that the mapped rows have."""
        if self.ranking:
            return "preference"
        if self.column("kto_tag"):
            return "kto"
        if self.formatting != "alpaca":
            return "openai" if self.formatting == "openai" or self.tag("role_tag") == "role" else "sharegpt"
        return "alpaca" if not self.columns or self.column("response") else "text"

    def as_entry(self) -> dict[str, Any]:
        """The mapping in the words of a registry; `from_entry` reads it back."""
        entry: dict[str, Any] = {}
        if self.formatting != "alpaca":
            entry["formatting"] = self.formatting
        if self.ranking:
            entry["ranking"] = True
        if self.columns:
            entry["columns"] = dict(self.columns)
        if self.tags:
            entry["tags"] = dict(self.tags)
        if self.labels:
            entry["labels"] = list(self.labels)
        return entry

    @classmethod
    def from_entry(cls, entry: AnyMapping[str, Any]) -> Mapping:
        """The mapping that a registry's entry describes; its other keys are not looked at.

        Raises:
            WrongUse: a value is not what it has to be, or a key of columns or tags is unknown.
        """
        formatting = entry.get("formatting") or "alpaca"
        if formatting not in FORMATTINGS:
            raise WrongUse(
                f"formatting is {str(formatting)[:40]!r}", remedy=f"It can be {', '.join(FORMATTINGS)}."
            )
        ranking = entry.get("ranking") or False
        if not isinstance(ranking, bool):
            raise WrongUse(f"ranking is {kind(ranking)}, not true or false")
        labels = entry.get("labels") or []
        if not isinstance(labels, list) or not all(isinstance(label, str) for label in labels):
            raise WrongUse("labels is not a list of columns")
        columns = _pairs(entry, "columns", COLUMN_KEYS)
        return cls(formatting, ranking, columns, _pairs(entry, "tags", TAG_KEYS), tuple(labels))


def unknown_key(key: str, known: AnyMapping[str, Any], what: str) -> WrongUse:
    """The refusal of a key that nobody knows, with the nearest one."""
    near = difflib.get_close_matches(key.lower(), known, n=1, cutoff=0.5)
    remedy = f"Did you mean {near[0]}?" if near else f"There are {', '.join(known)}."
    return WrongUse(f"{what} {key[:40]!r} is unknown", remedy=remedy)


def _pairs(
    entry: AnyMapping[str, Any], name: str, known: AnyMapping[str, str]
) -> tuple[tuple[str, str], ...]:
    given = entry.get(name) or {}
    if not isinstance(given, dict):
        raise WrongUse(f"{name} is {kind(given)}, not an object")
    pairs = []
    for key, value in given.items():
        if key not in known:
            raise unknown_key(key, known, f"the key of {name},")
        if value is None:
            continue
        if not isinstance(value, str) or not value:
            raise WrongUse(f"{key} in {name} is {kind(value) if value != '' else 'empty'}, not a name")
        pairs.append((key, value))
    return tuple(pairs)
