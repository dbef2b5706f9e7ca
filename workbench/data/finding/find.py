"""Rows that hold a text: all of them, told while they are found."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from workbench.data.containers.base import LONGEST_ROW, TextContainer
from workbench.data.finding import spread
from workbench.data.finding.pattern import Pattern, Stopped, TooSlow
from workbench.data.finding.raw import SPELLED, Anchor, anchor
from workbench.data.finding.texts import texts_of

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset

    Rows = Sequence[int] | numpy.ndarray[Any, Any]

Found = Callable[["numpy.ndarray[Any, Any]"], None]
BETWEEN_REPORTS_S = 0.1
_BETWEEN_LOOKS = 256
_PIECE = 1 << 20
# Of a row that cannot be read, so much of what stands in the file is looked through.
MOST_OF_A_BAD_ROW = 1_000_000


def find_rows(
    dataset: Dataset,
    text: str,
    *,
    regex: bool = False,
    match_case: bool = False,
    column: str | None = None,
    rows: Rows | None = None,
    found: Found | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> numpy.ndarray[Any, Any]:
    """Numbers of the rows that hold `text`, ascending.

    All texts of a row are looked through in full, those inside lists and objects too; of a row that
    cannot be read, what stands in the file. See `Pattern` for what counts as the same.

    Args:
        column: look only in this one.
        rows: look only at these, which ascend.
        found: told the numbers of further hits some times a second; they ascend but where several
            processes search.
        progress: told the share that is done, 0 to 1.
        cancelled: asked at least that often whether to stop.

    Raises:
        WrongUse: there is nothing to look for, or the expression cannot be read.
        TooSlow: the expression takes too long on a row.
        Stopped: `cancelled` said so.
        WorkbenchError: the file was changed.
    """
    pattern = Pattern(text, regex, match_case)
    pattern.check()
    search = _Search(dataset, pattern, column, _Told(found, progress, cancelled))
    return search.run(rows)


class _Told:
    """Hits on their way to whoever waits for them."""

    def __init__(
        self,
        found: Found | None,
        progress: Callable[[float], None] | None,
        cancelled: Callable[[], bool] | None,
    ) -> None:
        self.found, self.progress = found, progress
        self.cancelled = cancelled or (lambda: False)
        self.hits: list[int] = []
        self._told = 0
        self._last = time.monotonic()

    def look(self, share: float, *, end: bool = False) -> None:
        """Tell what was found since, if it is time; raises Stopped."""
        if self.cancelled():
            raise Stopped
        if not end and time.monotonic() - self._last < BETWEEN_REPORTS_S:
            return
        self._last = time.monotonic()
        if self.found and self._told < len(self.hits):
            self.found(as_numbers(self.hits[self._told :]))
            self._told = len(self.hits)
        if self.progress:
            self.progress(share)


class _Search:
    def __init__(self, dataset: Dataset, pattern: Pattern, column: str | None, told: _Told) -> None:
        self._dataset, self._pattern, self._column, self._told = dataset, pattern, column, told
        self._test = pattern.tester(told.cancelled)

    def run(self, rows: Rows | None) -> numpy.ndarray[Any, Any]:
        dataset, told = self._dataset, self._told
        container, starts, _ = dataset.places()
        text = container if isinstance(container, TextContainer) else None
        spelled = SPELLED.get(container.name) if text else None
        found = anchor(self._pattern, spelled) if spelled else None
        if rows is None and found is None and spread.is_worth_it(dataset):
            return self._in_processes()
        stretch = range(1, len(starts) + 1) if rows is None else rows
        if text and isinstance(stretch, range) and stretch.step == 1:
            self._look_at_pieces(text, found, stretch)
        else:
            self._look_at(rows)
        told.look(1.0, end=True)
        return as_numbers(told.hits)

    def _in_processes(self) -> numpy.ndarray[Any, Any]:
        """Where every row has to be read, several processes read them."""
        told = self._told
        hits = spread.find(
            self._dataset, self._pattern, self._column, told.found, told.progress, told.cancelled
        )
        return as_numbers(sorted(hits))

    def _look_at(self, rows: Rows | None) -> None:
        """Read and look through these, or all."""
        count = self._dataset.rows if rows is None else len(rows)
        for done, (row, record) in enumerate(self._dataset.records(rows)):
            if done % _BETWEEN_LOOKS == 0:
                self._told.look(done / count)
            self._look_at_row(row, record)

    def _look_at_pieces(self, container: TextContainer, anchor: Anchor | None, rows: range) -> None:
        """Read the file in large pieces, and of the rows in them those that may hold it."""
        import numpy

        _, starts, lengths = self._dataset.places()
        first, last = rows.start - 1, rows.stop - 1
        while first < last:
            begin = starts[first]
            end = max(int(numpy.searchsorted(starts, begin + numpy.uint64(_PIECE))), first + 1)
            end = min(end, last)
            sizes = lengths[first:end].tolist()
            piece = container.piece(int(begin), int(starts[end - 1] - begin) + sizes[-1])
            begins = (starts[first:end] - begin).tolist()
            for at in anchor.rows(piece, begins) if anchor else range(end - first):
                size = sizes[at]
                readable = 0 < size <= LONGEST_ROW
                value = container.parse(piece[begins[at] : begins[at] + size]) if readable else None
                self._look_at_row(first + at + 1, value if isinstance(value, dict) else None)
            first = end
            self._told.look((first - rows.start + 1) / len(rows))

    def _look_at_row(self, row: int, record: Any) -> None:
        try:
            if self._holds(row, record):
                self._told.hits.append(row)
        except TooSlow:
            raise TooSlow(row) from None

    def _holds(self, row: int, record: Any) -> bool:
        test, column = self._test, self._column
        if record is None:
            return column is None and test(self._dataset.raw_text(row, MOST_OF_A_BAD_ROW))
        values = record.values() if column is None else (record.get(column),)
        for value in values:
            if isinstance(value, str):
                if test(value):
                    return True
            elif value is not None and any(map(test, texts_of(value))):
                return True
        return False


def as_numbers(rows: Sequence[int]) -> numpy.ndarray[Any, Any]:
    """Row numbers as an array."""
    import numpy

    return numpy.asarray(rows, numpy.int64)
