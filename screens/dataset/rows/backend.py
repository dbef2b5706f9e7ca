"""Rows of an Arrow table in any order, without a copy of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual_fastdatatable import ArrowBackend

if TYPE_CHECKING:
    import numpy
    import pyarrow


class ChosenRows(ArrowBackend):
    """The rows with these numbers, in this order; `rows` None: all of them as they stand.

    Only the cells that are drawn are looked up.
    """

    def __init__(self, table: pyarrow.Table, rows: numpy.ndarray | None) -> None:
        super().__init__(table)
        self.rows = rows

    @property
    def column_content_widths(self) -> list[int]:
        """Unused: the table sets the widths, and a million cells need not be measured."""
        return [0] * self.column_count

    @property
    def row_count(self) -> int:
        """How many rows are shown."""
        return self.data.num_rows if self.rows is None else len(self.rows)

    def number(self, position: int) -> int:
        """The number of the row at this position; the first position is 0, the first row is 1."""
        return position + 1 if self.rows is None else int(self.rows[position])

    def position(self, number: int) -> int | None:
        """Where the row with this number is shown; None: it is not."""
        if self.rows is None:
            return number - 1 if 1 <= number <= self.data.num_rows else None
        found = (self.rows == number).nonzero()[0]
        return int(found[0]) if len(found) else None

    def get_row_at(self, index: int) -> Sequence[Any]:
        """The cells of the row at this position."""
        return super().get_row_at(self.number(index) - 1)

    def get_cell_at(self, row_index: int, column_index: int) -> Any:
        """One cell of the row at this position."""
        return super().get_cell_at(self.number(row_index) - 1, column_index)

    def get_column_at(self, column_index: int) -> list[Any]:
        """A column's cells, in the order they are shown in."""
        if self.rows is None:
            return super().get_column_at(column_index)
        return self.data[column_index].take(self.rows - 1).to_pylist()
