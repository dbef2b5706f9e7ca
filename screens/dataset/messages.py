"""What the panes of Data tell one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    import numpy


class ShowRows(Message):
    """Show these rows in the table, in this order.

    Args:
        rows: row numbers, the first row is 1; None: every row.
        title: what they are, as in "7 of 8,658 rows: repeated prompts"; not to be trusted.
    """

    def __init__(self, rows: numpy.ndarray | None, title: str) -> None:
        super().__init__()
        self.rows = rows
        self.title = title
