"""Many encoded rows in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import overload

from workbench.data.tokens.encode import Encoded, Span, labels_under


class EncodedRows(Sequence[Encoded]):
    """Lists of Python numbers take 44 bytes a token; here it is four, and a row is made when asked for.

    What it gives is equal to what was put in.
    """

    def __init__(self, rows: Iterable[Encoded] = ()) -> None:
        self._ids = array("i")
        # Where each row's ids begin, and behind the last one where they end.
        self._begins = array("Q", [0])
        self._kept = array("I")
        self._numbers = array("Q")
        self._spans: list[tuple[Span, ...]] = []
        self._ends: list[tuple[int, ...]] = []
        for row in rows:
            self.append(row)

    def append(self, row: Encoded) -> None:
        """Add a row at the end."""
        self._ids.extend(row.input_ids)
        self._ids.extend(row.cut_ids)
        self._begins.append(len(self._ids))
        self._kept.append(len(row.input_ids))
        self._numbers.append(row.row)
        self._spans.append(row.spans)
        self._ends.append(row.turn_ends)

    @property
    def tokens(self) -> int:
        """The rows' tokens together, without those that are cut off."""
        return sum(self._kept)

    def __len__(self) -> int:
        return len(self._kept)

    @overload
    def __getitem__(self, index: int) -> Encoded: ...

    @overload
    def __getitem__(self, index: slice) -> list[Encoded]: ...

    def __getitem__(self, index: int | slice) -> Encoded | list[Encoded]:
        if isinstance(index, slice):
            return [self._row(place) for place in range(*index.indices(len(self)))]
        place = index + len(self) if index < 0 else index
        if not 0 <= place < len(self):
            raise IndexError(f"row {index} of {len(self)}")
        return self._row(place)

    def _row(self, place: int) -> Encoded:
        ids = self._ids[self._begins[place] : self._begins[place + 1]].tolist()
        spans, kept = self._spans[place], self._kept[place]
        labels = labels_under(spans, ids)
        cut_trained = sum(
            span.end - max(span.start, kept) for span in spans if span.trained and span.end > kept
        )
        return Encoded(
            self._numbers[place], ids[:kept], labels[:kept], spans, ids[kept:], cut_trained, self._ends[place]
        )
