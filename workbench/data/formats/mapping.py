"""Rows whose columns have names of their own, read as the format that a mapping makes of them."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.data.conversation import Conversation
from workbench.data.formats import turns
from workbench.data.formats.detect import FORMATS, Format
from workbench.data.formats.fields import Record, Renamed, RowProblem, Tags, listed, text
from workbench.data.formats.mapping_text import mapping_text, parse_mapping
from workbench.data.formats.naming import Mapping
from workbench.data.formats.suggest import suggest
from workbench.untrusted import shorten

__all__ = [
    "Mapping",
    "left_out_columns",
    "mapped_format",
    "mapping_text",
    "missing_columns",
    "parse_mapping",
    "suggest",
]

# What the formats' own readers call the columns.
_OWN_NAMES = {"prompt": "instruction", "query": "input", "response": "output", "messages": "conversations"}
_NEEDED = ("prompt", "response", "messages", "chosen", "rejected", "kto_tag")
# Columns that would be part of a conversation if no mapping said otherwise.
_SPEAKING = ("system", "history", "input", "tools", *turns.COLUMNS)
_ROLES = {
    "user_tag": "user",
    "assistant_tag": "assistant",
    "observation_tag": "tool",
    "function_tag": "function_call",
    "system_tag": "system",
}


def mapped_format(mapping: Mapping) -> Format:
    """The format by which rows are read under `mapping`; it has the name of the format that they become."""
    whole = FORMATS[mapping.format]
    if not mapping.columns and not mapping.tags:
        return whole
    names = {_OWN_NAMES.get(key, key): column for key, column in mapping.columns}
    if mapping.format == "text":
        names["text"] = names.pop("instruction", "text")
    needed = [(key, column) for key, column in mapping.columns if key in _NEEDED]
    tags = Tags(
        mapping.tag("role_tag"),
        mapping.tag("content_tag"),
        {spelled: _ROLES[key] for key, spelled in mapping.tags if key in _ROLES},
    )

    def fits(record: Record) -> str | None:
        if not all(column in record for _, column in needed):
            return None
        said = ", ".join(f"{key} is {shorten(column, 40)}" for key, column in mapping.columns)
        return f"the columns are mapped: {said}" if said else "the tags of its turns are given"

    def read(record: Record, row: int) -> Conversation:
        for key, column in needed:
            if column not in record:
                raise RowProblem(
                    f"there is no column {listed([column])}, which {key} is mapped to; "
                    f"the row has {listed(record)}"
                )
        if not names:
            return whole.read(Renamed(record.items(), {}, tags), row)
        values = ((own, record[column]) for own, column in names.items() if column in record)
        renamed = Renamed(values, names, tags)
        if "input" in renamed and "text" in names:
            parts = (text(renamed, "text"), text(renamed, "input"))
            renamed["text"] = "\n".join(part for part in parts if part.strip())
        return whole.read(renamed, row)

    asks = listed(column for _, column in mapping.columns) or whole.asks
    return Format(mapping.format, asks, fits, read)


def missing_columns(mapping: Mapping, columns: Iterable[str]) -> str | None:
    """A sentence about columns that the mapping names and the file does not have; None if all are there."""
    there = list(columns)
    wanted = [column for _, column in mapping.columns] + list(mapping.labels)
    missing = [column for column in wanted if column not in there]
    if not missing:
        return None
    what = "column" if len(missing) == 1 else "columns"
    return f"the mapping names the {what} {listed(missing)}, and the file has {listed(there, 20)}"


def left_out_columns(mapping: Mapping, columns: Iterable[str]) -> str | None:
    """A sentence about columns that look like parts of the conversation and that the mapping leaves out."""
    named = {column for _, column in mapping.columns} | set(mapping.labels)
    left = [column for column in columns if column in _SPEAKING and column not in named]
    if not left or not mapping.columns:
        return None
    are = "is" if len(left) == 1 else "are"
    return f"the mapping leaves out {listed(left)}, which {are} not trained on"
