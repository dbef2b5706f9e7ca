"""A mapping as one line of text, for the command line."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from typing import Any

from workbench.data.formats.fields import listed
from workbench.data.formats.naming import COLUMN_KEYS, TAG_KEYS, Mapping, unknown_key
from workbench.errors import WrongUse

_EXAMPLE = "Write it as prompt=title query=ask response=answer label=department."
_WORDS = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def parse_mapping(line: str, columns: Sequence[str] | None = None) -> Mapping:
    """The mapping that `prompt=title response=answer label=department` describes.

    A name with spaces is quoted as in a shell. `formatting` and `ranking` follow from the rest unless
    they are given; `label` may be given several times.

    Args:
        columns: the file's columns, where they are known: no other can be named then.

    Raises:
        WrongUse: a part is no key=column, a key or a column is unknown or named twice, or nothing in it
            can be trained.
    """
    try:
        parts = shlex.split(line)
    except ValueError:
        raise WrongUse("the mapping has a quote that is not closed", remedy=_EXAMPLE) from None
    entry: dict[str, Any] = {"columns": {}, "tags": {}, "labels": []}
    for part in parts:
        key, equals, value = part.partition("=")
        if not equals or not key or not value:
            raise WrongUse(f"{part[:40]!r} in the mapping is no key=column", remedy=_EXAMPLE)
        _take(entry, key, value, columns)
    given = entry["columns"]
    entry.setdefault("ranking", "chosen" in given or "rejected" in given)
    entry.setdefault("formatting", "sharegpt" if "messages" in given or entry["tags"] else "alpaca")
    mapping = Mapping.from_entry(entry)
    if problem := incomplete(mapping):
        raise WrongUse(f"the mapping cannot be used: {problem}", remedy=_there_are(columns) or _EXAMPLE)
    return mapping


def mapping_text(mapping: Mapping) -> str:
    """The line that `parse_mapping` reads back."""
    pairs = [*mapping.columns, *mapping.tags, *(("label", label) for label in mapping.labels)]
    turns = mapping.column("messages") or mapping.tags
    if mapping.formatting != ("sharegpt" if turns else "alpaca"):
        pairs.append(("formatting", mapping.formatting))
    if mapping.ranking != bool(mapping.column("chosen") or mapping.column("rejected")):
        pairs.append(("ranking", "true" if mapping.ranking else "false"))
    return " ".join(_quoted(f"{key}={value}") for key, value in pairs)


def incomplete(mapping: Mapping) -> str | None:
    """What a mapping that a person makes lacks, as a clause; None if rows can be read by it."""
    if not mapping.columns and not mapping.tags:
        return "it names no column"
    if mapping.formatting == "alpaca" and not mapping.column("prompt"):
        return "prompt is mapped to no column"
    if mapping.formatting != "alpaca" and mapping.columns and not mapping.column("messages"):
        return "messages is mapped to no column"
    if mapping.ranking:
        for key in ("chosen", "rejected"):
            if not mapping.column(key):
                return f"{key} is mapped to no column"
    if mapping.column("kto_tag") and mapping.formatting == "alpaca" and not mapping.column("response"):
        return "response is mapped to no column"
    return None


def _quoted(part: str) -> str:
    return shlex.quote(part) if any(sign.isspace() or sign in "'\"\\" for sign in part) else part


def _take(entry: dict[str, Any], key: str, value: str, columns: Sequence[str] | None) -> None:
    if key in ("formatting", "ranking"):
        entry[key] = _WORDS.get(value.lower(), value) if key == "ranking" else value
        return
    if key in TAG_KEYS:
        entry["tags"][key] = value
        return
    if key not in COLUMN_KEYS and key not in ("label", "labels"):
        known = {**COLUMN_KEYS, "label": "", **TAG_KEYS, "formatting": "", "ranking": ""}
        raise unknown_key(key, known, "the mapping's key")
    if columns is not None and value not in columns:
        raise WrongUse(f"there is no column {value[:40]!r} for {key}", remedy=_there_are(columns))
    if key in ("label", "labels"):
        entry["labels"].append(value)
        return
    if key in entry["columns"]:
        raise WrongUse(f"the mapping names {key} twice", remedy=_EXAMPLE)
    for other, taken in entry["columns"].items():
        if taken == value:
            raise WrongUse(f"the mapping takes the column {value[:40]!r} for both {other} and {key}")
    entry["columns"][key] = value


def _there_are(columns: Sequence[str] | None) -> str | None:
    return f"The file has {listed(columns, 20)}." if columns else None
