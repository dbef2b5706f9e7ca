"""Many encoded rows in little memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from typing import overload

from workbench.data.tokens.encoded import Encoded, labels_under
from workbench.data.tokens.spans import Span


class EncodedRows(Sequence[Encoded]):
    """Lists of Python numbers take 44 bytes a token; here it is four, and a row is made when asked for.

    What it gives is equal to what was put in.
    """

    def __init__(self, rows: Iterable[Encoded] = ()) -> None:
        self._ids = array("i")
        # Where each row's ids begin, and behind the last one where they end; spans and turn ends likewise.
        self._begins = array("Q", [0])
        self._kept = array("I")
        self._numbers = array("Q")
        self._lost = array("I")
        self._spans = _Spans()
        self._turn_ends = array("i")
        self._first_turn_ends = array("Q", [0])
        for row in rows:
            self.append(row)

    def append(self, row: Encoded) -> None:
        """Add a row at the end."""
        self._ids.extend(row.input_ids)
        self._ids.extend(row.cut_ids)
        self._begins.append(len(self._ids))
        self._kept.append(len(row.input_ids))
        self._numbers.append(row.row)
        self._lost.append(row.lost_answers)
        self._spans.append(row.spans)
        self._turn_ends.extend(row.turn_ends)
        self._first_turn_ends.append(len(self._turn_ends))

    @property
    def tokens(self) -> int:
        """The rows' tokens together, without those that are cut off."""
        return sum(self._kept)

    @property
    def partly_trained(self) -> list[int]:
        """The numbers of the rows of which some answers are not trained."""
        return [row for row, lost in zip(self._numbers, self._lost, strict=True) if lost]

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
        spans, kept = self._spans.of(place), self._kept[place]
        labels = labels_under(spans, ids)
        cut_trained = sum(
            span.end - max(span.start, kept) for span in spans if span.trained and span.end > kept
        )
        turn_ends = self._turn_ends[self._first_turn_ends[place] : self._first_turn_ends[place + 1]]
        return Encoded(
            self._numbers[place],
            ids[:kept],
            labels[:kept],
            spans,
            ids[kept:],
            cut_trained,
            tuple(turn_ends),
            self._lost[place],
        )


class _Spans:
    """The spans of many rows; a row's follow each other without a gap, so that their ends say it all."""

    def __init__(self) -> None:
        self._firsts = array("Q", [0])
        self._ends = array("I")
        self._messages = array("i")
        # Twice the role's place among the roles, and one more where it is trained.
        self._kinds = array("H")
        self._roles: dict[str, int] = {}

    def append(self, spans: Iterable[Span]) -> None:
        for span in spans:
            self._ends.append(span.end)
            self._messages.append(span.message)
            self._kinds.append(2 * self._roles.setdefault(span.role, len(self._roles)) + span.trained)
        self._firsts.append(len(self._ends))

    def of(self, place: int) -> tuple[Span, ...]:
        roles = list(self._roles)
        spans, start = [], 0
        for at in range(self._firsts[place], self._firsts[place + 1]):
            role, trained = divmod(self._kinds[at], 2)
            spans.append(Span(start, self._ends[at], roles[role], self._messages[at], bool(trained)))
            start = self._ends[at]
        return tuple(spans)
