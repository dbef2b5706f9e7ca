"""What the table of rows has in its columns, and how they share the width."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.figures import count
from workbench.untrusted import display_width

if TYPE_CHECKING:
    import pyarrow

    from workbench.data.dataset import Dataset
    from workbench.data.health.duplicates import Duplicates

NUMBER, MARKS = "#", "!"
FIGURE, MARK, TEXT = "figure", "mark", "text"
SAMPLE_ROWS = 200
LEAST_WIDTH = 8
# What reads the same in every row needs to be read once.
CONSTANT_WIDTH = 12
PROBLEM = "problem"


@dataclass(frozen=True, slots=True)
class Measured:
    """How wide a column would like to be, and whether it holds numbers."""

    width: int
    numeric: bool


@dataclass(frozen=True)
class Columns:
    """The rows as they are drawn: number, marks, length, then the file's columns.

    `kinds` says of each column what it is: FIGURE, MARK or TEXT. `empty` names the file's columns that are
    left out since no row has anything in them.
    """

    table: pyarrow.Table
    kinds: tuple[str, ...]
    measured: tuple[Measured, ...]
    empty: tuple[str, ...]


def columns_of(dataset: Dataset, duplicates: Duplicates | None = None) -> Columns:
    """What is drawn of this file. Looks at every row: not for the event loop."""
    import pyarrow

    from screens.dataset.rows.marks import marks_of
    from workbench.data.arrays import number_array

    table = dataset.table()
    names = [name for name in table.column_names if name not in (NUMBER, PROBLEM)]
    empty = tuple(name for name in names if _is_empty(table.column(name)))
    if len(empty) == len(names):
        empty = ()
    chosen: list[tuple[str, str, Any]] = [(NUMBER, FIGURE, table.column(NUMBER))]
    if (marks := marks_of(dataset, duplicates)) is not None:
        chosen.append((MARKS, MARK, marks))
    if dataset.complete:
        chosen.append(("chars", FIGURE, number_array(dataset.facts.chars)))
    chosen += [(name, TEXT, table.column(name)) for name in names if name not in empty]
    labels, kinds, columns = zip(*chosen, strict=True)
    drawn = pyarrow.table(list(columns), names=list(labels))
    return Columns(drawn, kinds, tuple(_measured(drawn)), empty)


def columns_over(table: pyarrow.Table) -> Columns:
    """A table of numbers and texts as it stands."""
    kinds = tuple(FIGURE if str(field.type) == "int64" else TEXT for field in table.schema)
    return Columns(table, kinds, tuple(_measured(table)), ())


def _is_empty(column: pyarrow.ChunkedArray) -> bool:
    import pyarrow.compute as compute

    return not compute.max(compute.binary_length(column)).as_py()


def _measured(table: pyarrow.Table) -> list[Measured]:
    """Each column by its name and a sample of its cells from all over the table."""
    import numpy

    rows = table.num_rows
    places = numpy.unique(numpy.linspace(0, max(rows - 1, 0), min(rows, SAMPLE_ROWS), dtype=numpy.int64))
    found = []
    for name, column in zip(table.column_names, table.columns, strict=True):
        values = [shown(value) for value in column.take(places).to_pylist() if value not in (None, "")]
        if name == NUMBER:
            values.append(count(rows))
        widest = max(map(display_width, values), default=0)
        if len(set(values)) == 1 and len(places) > 1:
            widest = min(widest, CONSTANT_WIDTH)
        numeric = bool(values) and all(map(_is_number, values))
        found.append(Measured(max(widest, display_width(name)), numeric))
    return found


def shown(value: str | int | None) -> str:
    """A cell as it is drawn."""
    return "" if value is None else count(value) if isinstance(value, int) else value


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", ""))
    except ValueError:
        return False
    return text.isascii()


def shared_widths(wanted: Sequence[int], room: int) -> list[int]:
    """Narrow columns get what they want, the wide ones share what is left; the last one takes the rest.

    None gets less than LEAST_WIDTH of what it wants: then the table scrolls sideways.
    """
    widths = list(wanted)
    if sum(widths) > room:
        # The level at which the wide ones are cut, so that all of them together fit.
        left, columns = room, sorted(wanted)
        level = LEAST_WIDTH
        for index, width in enumerate(columns):
            level = max(left // (len(columns) - index), LEAST_WIDTH)
            if width > level:
                break
            left -= width
        widths = [min(width, level) for width in widths]
    if widths:
        widths[-1] += max(room - sum(widths), 0)
    # Behind full-width characters an ellipsis stands close only where the width is odd.
    return [
        width - 1 if width < wish and width % 2 == 0 else width
        for width, wish in zip(widths, wanted, strict=True)
    ]
