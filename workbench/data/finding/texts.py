"""The texts of a row: what a search looks through."""

from __future__ import annotations

import json
from collections.abc import Iterator


def texts_of(value: object) -> Iterator[str]:
    """Every text in a value, those of lists and objects one by one; numbers as they are written."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_of(inner)
    elif value is not None:
        yield "true" if value is True else "false" if value is False else _number(value)


def text_of(value: object) -> str:
    """A whole value as one text: a text as it is, everything else as JSON; empty for null."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        return json.dumps(value, ensure_ascii=False)
    except (RecursionError, ValueError):
        return "(nested too deeply)"


def _number(value: object) -> str:
    try:
        return json.dumps(value)
    except (TypeError, ValueError):  # a whole number of more digits than Python writes
        return ""
