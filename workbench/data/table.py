"""What a row looks like in a table: short, safe texts of one line, one a column."""

from __future__ import annotations

import json
from collections.abc import Sequence

from workbench.untrusted import printable, shorten

NUMBER = "#"
PROBLEM = "problem"
# Characters of a cell and columns of a table that are kept; a screen is not wider.
WIDTH = 60
MOST_COLUMNS = 64
_ENCODER = json.JSONEncoder(ensure_ascii=False)


def column_names(columns: Sequence[str]) -> list[str]:
    """The columns' names as the table has them: safe to show, short, and no two alike."""
    taken = {NUMBER, PROBLEM}
    names = []
    for column in columns:
        name = base = shorten(column, 40) or "(no name)"
        again = 2
        while name in taken:
            name, again = f"{base} ({again})", again + 1
        taken.add(name)
        names.append(name)
    return names


def cell(value: object) -> str:
    """A value as text for one cell. A list of turns shows how many there are and how it begins."""
    if isinstance(value, str):
        return _line(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and value and (said := _said(value[0])) is not None:
        return f"{len(value):,} turn{'' if len(value) == 1 else 's'}: {_line(said)}"
    if (said := _said(value)) is not None:
        return _line(said)
    return _line(_beginning_of_json(value))


def _said(turn: object) -> str | None:
    """The text of a turn as sharegpt or OpenAI write it."""
    said = turn.get("value", turn.get("content")) if isinstance(turn, dict) else None
    return said if isinstance(said, str) else None


def _beginning_of_json(value: object) -> str:
    """As much of it as a cell holds and a little more."""
    text = ""
    try:
        for piece in _ENCODER.iterencode(value):
            text += piece
            if len(text) > WIDTH:
                break
    except (RecursionError, ValueError):
        return "(nested too deeply)"
    return text


def _line(text: str) -> str:
    # Cut first: a cell may be a megabyte. It may be cut inside an escape sequence, which is removed too.
    if len(text) <= WIDTH:
        return text if text.isprintable() else printable(text, keep_newlines=False)
    text = text[:WIDTH]
    return f"{text if text.isprintable() else printable(text, keep_newlines=False)}…"
