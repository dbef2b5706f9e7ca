"""The rows of a data file as an Arrow table of short, safe, one-line texts for the screen."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    import pyarrow

    from workbench.data.dataset import Dataset

NUMBER = "#"
PROBLEM = "problem"
# Characters of a cell and columns of a table that are kept; a screen is not wider.
WIDTH = 60
MOST_COLUMNS = 64
_BATCH = 8192


def build_table(dataset: Dataset) -> pyarrow.Table:
    """`#`, then up to 64 of the columns, then `problem` if any row is bad. Every row is in it.

    Column names are the file's, made safe and told apart. Texts are cut at 60 characters.
    """
    import pyarrow

    columns = dataset.columns[:MOST_COLUMNS]
    fields = [(NUMBER, pyarrow.int64())]
    fields += [(name, pyarrow.string()) for name in column_names(columns)]
    if dataset.bad_rows:
        fields.append((PROBLEM, pyarrow.string()))
    schema = pyarrow.schema(fields)
    batches = []
    numbers: list[int] = []
    cells: list[list[str]] = [[] for _ in columns]
    problems: list[str] = []

    def flush() -> None:
        arrays = [numbers, *cells, *([problems] if dataset.bad_rows else [])]
        typed = [pyarrow.array(values, field.type) for values, field in zip(arrays, schema, strict=True)]
        batches.append(pyarrow.record_batch(typed, schema=schema))
        numbers.clear()
        for texts in (problems, *cells):
            texts.clear()

    for row, record in dataset.values():
        numbers.append(row)
        for name, column in zip(columns, cells, strict=True):
            column.append(cell(record.get(name)) if record is not None else "")
        if dataset.bad_rows:
            problems.append(cell(dataset.reason(row)))
        if len(numbers) == _BATCH:
            flush()
    flush()
    return pyarrow.Table.from_batches(batches, schema)


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
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list) and value and (said := _said(value[0])) is not None:
        return f"{len(value):,} turn{'' if len(value) == 1 else 's'}: {_line(said)}"
    if (said := _said(value)) is not None:
        return _line(said)
    if not isinstance(value, str):
        try:
            value = json.dumps(value, ensure_ascii=False)
        except (RecursionError, ValueError):
            value = "(nested too deeply)"
    return _line(value)


def _said(turn: object) -> str | None:
    """The text of a turn as sharegpt or OpenAI write it."""
    said = turn.get("value", turn.get("content")) if isinstance(turn, dict) else None
    return said if isinstance(said, str) else None


def _line(text: str) -> str:
    # Cut first: a cell may be a megabyte. It may be cut inside an escape sequence, which is removed too.
    line = printable(text[:WIDTH], keep_newlines=False)
    return line if len(text) <= WIDTH else f"{line}…"
