"""A search in a thread: how many rows hold a text by now, glimpses of the first ones, in the end all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from screens.dataset.background import Background
from workbench.data.finding.excerpt import Excerpt, excerpt
from workbench.data.finding.pattern import Pattern
from workbench.data.selection import View, find_rows

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset

GLIMPSES = 6


@dataclass
class Hits(Message):
    """More rows hold it: how many by now, and glimpses of the first ones."""

    search: Search
    rows: int
    glimpses: Sequence[Excerpt]


@dataclass
class Searched(Message):
    """All rows were searched; `shown` of the rows that hold it pass the other filters, if there are any."""

    search: Search
    rows: numpy.ndarray
    shown: int | None


class Search(Background):
    """Looks for a pattern in every row; `others` is the view without what was looked for before."""

    def __init__(
        self, listener: MessagePump, dataset: Dataset, pattern: Pattern, column: str | None, others: View
    ) -> None:
        super().__init__(listener)
        self._dataset, self._pattern, self._column, self._others = dataset, pattern, column, others
        self._rows = 0
        self._glimpses: list[Excerpt] = []

    def run(self) -> None:
        """Search in the thread."""
        pattern = self._pattern
        rows = find_rows(
            self._dataset,
            pattern.text,
            regex=pattern.regex,
            match_case=pattern.match_case,
            column=self._column,
            found=self._found,
            progress=self.told,
            cancelled=self.cancelled,
        )
        self.post(Searched(self, rows, self._shown(rows)))

    def _found(self, rows: numpy.ndarray) -> None:
        self._rows += len(rows)
        for row in rows[: GLIMPSES - len(self._glimpses)].tolist():
            if found := excerpt(self._dataset, row, self._pattern, self._column):
                self._glimpses.append(found)
        self.post(Hits(self, self._rows, tuple(self._glimpses)))

    def _shown(self, rows: numpy.ndarray) -> int | None:
        """How many of these the other filters let through."""
        import numpy

        others = self._others.rows()
        return None if others is None else len(numpy.intersect1d(others, rows, assume_unique=True))
