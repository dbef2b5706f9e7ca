"""Bad rows and good ones as sequences that hold next to nothing, however many rows there are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, overload

import numpy
import pyarrow

from workbench.data.conversation import BadRow

_AT_ONCE = 8192


class BadRows(Sequence[BadRow]):
    """The bad rows by their numbers; they lie in Arrow, and one is made when asked for."""

    def __init__(self, numbers: numpy.ndarray[Any, Any], reasons: pyarrow.ChunkedArray) -> None:
        self.numbers = numbers
        self._reasons = reasons

    def reason(self, row: int) -> str | None:
        """Why the row is bad; None if it is not."""
        at = int(numpy.searchsorted(self.numbers, row))
        if at == len(self.numbers) or self.numbers[at] != row:
            return None
        return str(self._reasons[at].as_py())

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> BadRow: ...

    @overload
    def __getitem__(self, index: slice) -> list[BadRow]: ...

    def __getitem__(self, index: int | slice) -> BadRow | list[BadRow]:
        if isinstance(index, slice):
            return [self[at] for at in range(*index.indices(len(self)))]
        at = range(len(self))[index]
        return BadRow(int(self.numbers[at]), self._reasons[at].as_py())

    def __iter__(self) -> Iterator[BadRow]:
        for begin in range(0, len(self), _AT_ONCE):
            numbers = self.numbers[begin : begin + _AT_ONCE].tolist()
            reasons = self._reasons.slice(begin, _AT_ONCE).to_pylist()
            yield from map(BadRow, numbers, reasons)

    def __eq__(self, other: object) -> bool:
        return _equal(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} bad rows>"


class GoodRows(Sequence[int]):
    """The numbers from 1 to `rows` that are not among the `bad` ones, which ascend."""

    def __init__(self, rows: int, bad: numpy.ndarray[Any, Any]) -> None:
        self._rows = rows
        self._bad = bad
        # How many good rows stand before each bad one.
        self._good_before = bad - numpy.arange(1, len(bad) + 1)

    def __len__(self) -> int:
        return self._rows - len(self._good_before)

    @overload
    def __getitem__(self, index: int) -> int: ...

    @overload
    def __getitem__(self, index: slice) -> list[int]: ...

    def __getitem__(self, index: int | slice) -> int | list[int]:
        if isinstance(index, slice):
            return self._numbers(numpy.arange(*index.indices(len(self))))
        at = range(len(self))[index]
        return at + 1 + int(numpy.searchsorted(self._good_before, at, side="right"))

    def __iter__(self) -> Iterator[int]:
        for begin in range(0, len(self), _AT_ONCE):
            yield from self._numbers(numpy.arange(begin, min(begin + _AT_ONCE, len(self))))

    def __contains__(self, row: object) -> bool:
        if not isinstance(row, int | numpy.integer) or not 1 <= row <= self._rows:
            return False
        at = int(numpy.searchsorted(self._bad, row))
        return at == len(self._bad) or self._bad[at] != row

    def __eq__(self, other: object) -> bool:
        return _equal(self, other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self):,} good rows>"

    def _numbers(self, places: numpy.ndarray[Any, Any]) -> list[int]:
        found: list[int] = (places + 1 + numpy.searchsorted(self._good_before, places, side="right")).tolist()
        return found


def _equal(mine: Sequence[Any], other: object) -> bool:
    if not isinstance(other, Sequence) or isinstance(other, str):
        return NotImplemented
    return len(mine) == len(other) and all(a == b for a, b in zip(mine, other, strict=True))
