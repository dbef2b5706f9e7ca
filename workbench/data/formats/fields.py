"""Reading single columns of a row, and saying what is wrong with them."""

from __future__ import annotations

import json
from collections.abc import Mapping

Record = Mapping[str, object]


class RowProblem(Exception):
    """A row that is not what its format asks for; `args[0]` is the reason, for a person."""


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


def text(record: Record, column: str) -> str:
    """The text of `column`; empty where it is missing or null.

    Raises:
        RowProblem: it is something else than text.
    """
    value = record.get(column)
    if value is None:
        return ""
    if not isinstance(value, str):
        raise RowProblem(f"{column} is {kind(value)}, not text")
    return value


def needed(record: Record, column: str) -> str:
    """The text of `column`, which may not be missing or blank."""
    if column not in record:
        raise RowProblem(f"there is no {column}")
    value = text(record, column)
    if not value.strip():
        raise RowProblem(f"{column} is {'null' if record[column] is None else 'empty'}")
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
            raise RowProblem(f"{column} is text, not a list") from None
    if value is None:
        return []
    if not isinstance(value, list):
        raise RowProblem(f"{column} is {kind(value)}, not a list")
    return value


def as_json(value: object) -> str | None:
    """A column that holds JSON as text or as a value, as text; None where it holds nothing."""
    if value is None or value == "" or value == []:
        return None
    result = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return None if result.strip() in ("", "[]", "null") else result


def refuse_media(record: Record) -> None:
    """Rows with pictures, sound or film cannot be trained as text."""
    for column in ("image", "images", "video", "videos", "audio", "audios"):
        if record.get(column):
            raise RowProblem(f"it has {column}, and only text can be trained")
