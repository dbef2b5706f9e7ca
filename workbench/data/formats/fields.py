"""Reading single columns of a row, and saying what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from workbench.untrusted import shorten

Record = Mapping[str, object]


class RowProblem(Exception):
    """A row that is not what its format asks for; `args[0]` is the reason, for a person."""


@dataclass(frozen=True, slots=True)
class Tags:
    """How a list of turns is written: the keys of role and content (None: any known), and who is who.

    `roles` are the file's names of roles beside the known ones.
    """

    role: str | None = None
    content: str | None = None
    roles: Mapping[str, str] = field(default_factory=dict)


class Renamed(dict[str, object]):
    """A row under its format's own column names.

    `called` says what the file calls them, for complaints; `tags` how its turns are written.
    """

    __slots__ = ("called", "tags")

    def __init__(self, values: Iterable[tuple[str, object]], called: Mapping[str, str], tags: Tags) -> None:
        super().__init__(values)
        self.called = called
        self.tags = tags


def called(record: Record, column: str) -> str:
    """The file's name of a column."""
    name = record.called.get(column, column) if isinstance(record, Renamed) else column
    return shorten(name, 40)


def kind(value: object) -> str:
    """What a JSON value is, in words."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true or false"
    for type_, name in ((str, "text"), (int | float, "a number"), (list, "a list"), (dict, "an object")):
        if isinstance(value, type_):
            return name
    return type(value).__name__


def listed(names: Iterable[str], most: int = 8) -> str:
    """Column names for a sentence: the first ones, and how many there are besides."""
    given = list(names)
    shown = [shorten(name, 40) for name in given[:most]]
    if len(given) > most:
        return f"{', '.join(shown)} and {len(given) - most:,} more"
    return " and ".join(part for part in (", ".join(shown[:-1]), *shown[-1:]) if part)


def text(record: Record, column: str) -> str:
    """The text of `column`; empty where it is missing or null.

    Raises:
        RowProblem: it is something else than text.
    """
    value = record.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowProblem(f"{called(record, column)} is {kind(value)}, not text")
    return value


def needed(record: Record, column: str) -> str:
    """The text of `column`, which may not be missing or blank."""
    if column not in record:
        raise RowProblem(f"there is no {called(record, column)}")
    value = text(record, column)
    if not value.strip():
        raise RowProblem(f"{called(record, column)} is {'null' if record[column] is None else 'empty'}")
    return value


def items(record: Record, column: str) -> list[object]:
    """The list in `column`, also where a CSV field holds it as JSON; empty where it is missing or null."""
    value = record.get(column)
    if isinstance(value, str):
        if not value.strip():
            return []
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            raise RowProblem(f"{called(record, column)} is text, not a list") from None
    if value is None:
        return []
    if not isinstance(value, list):
        raise RowProblem(f"{called(record, column)} is {kind(value)}, not a list")
    return value


def as_json(value: object) -> str | None:
    """A column that holds JSON as text or as a value, as text; None where it holds nothing."""
    if value is None or value == "" or value == []:
        return None
    result = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    return None if result.strip() in ("", "[]", "null") else result


def refuse_media(record: Record) -> None:
    """Rows with pictures, sound or film cannot be trained as text."""
    for column in ("image", "images", "video", "videos", "audio", "audios"):
        if record.get(column):
            raise RowProblem(f"it has {called(record, column)}, and only text can be trained")
