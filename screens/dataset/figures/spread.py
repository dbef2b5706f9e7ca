"""How lengths are spread: what is in the middle, what is long, and how many lie in each range."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy

Numbers = numpy.ndarray[Any, Any]

# A length beyond so many times what 95 % of the rows keep under would press all bars into a few: then the
# ranges grow with the length.
FAR_OUT = 5
_LEAST_FOR_LOG = 100


@dataclass(frozen=True, eq=False)
class Spread:
    """The lengths of some rows; `rows` are their numbers, side by side with `values`."""

    rows: Numbers
    values: Numbers

    @cached_property
    def ordered(self) -> Numbers:
        """The lengths, ascending."""
        return numpy.sort(self.values)

    def __len__(self) -> int:
        return len(self.values)

    @property
    def longest(self) -> int:
        """The greatest length; 0 if there are no rows."""
        return int(self.ordered[-1]) if len(self) else 0

    @property
    def mean(self) -> float:
        """The mean length; NaN if there are no rows."""
        return float(self.values.mean()) if len(self) else math.nan

    def at(self, share: float) -> int:
        """The length that this share of the rows does not exceed: 0.5 is the median."""
        if not len(self):
            return 0
        return int(self.ordered[min(max(math.ceil(share * len(self)), 1), len(self)) - 1])

    def below(self, length: int) -> int:
        """How many rows are shorter than `length`."""
        return int(numpy.searchsorted(self.ordered, length))

    def between(self, low: int, high: int | None) -> Numbers:
        """The numbers of the rows from `low` to below `high`, in file order."""
        chosen = self.values >= low
        if high is not None:
            chosen &= self.values < high
        return self.rows[chosen]


@dataclass(frozen=True)
class Ranges:
    """Ranges of lengths side by side: range i is from `edges[i]` to below `edges[i + 1]`.

    `counts[i]` rows lie in it. `columns` holds the range that each column of a picture shows; a range may
    take several. `end` is the greatest length that the picture is about.
    """

    edges: tuple[int, ...]
    counts: tuple[int, ...]
    columns: tuple[int, ...]
    end: int
    log: bool

    def column(self, length: int) -> int:
        """Where in the picture a length lies."""
        share = _place(length, self.edges, self.log)
        return min(max(int(share * len(self.columns)), 0), len(self.columns) - 1)


def ranges(spread: Spread, columns: int, cutoff_len: int | None = None) -> Ranges:
    """At most `columns` ranges that hold every row, of one width, or growing where single rows are far out.

    A cutoff somewhat beyond the longest row has a place as well: one sees how much room is left.
    """
    longest = spread.longest
    end = longest
    if cutoff_len is not None and longest < cutoff_len <= longest * 1.5:
        end = cutoff_len
    log = longest > FAR_OUT * spread.at(0.95) and longest > _LEAST_FOR_LOG
    edges = _growing(max(spread.at(0.005), 1), end + 1, columns) if log else _even(end + 1, columns)
    places = numpy.searchsorted(spread.ordered, edges)
    places[0], places[-1] = 0, len(spread)
    counts = numpy.diff(places)
    shown = []
    for column in range(columns):
        value = _value((column + 0.5) / columns, edges, log)
        shown.append(min(int(numpy.searchsorted(edges, value, side="right")) - 1, len(edges) - 2))
    return Ranges(tuple(edges), tuple(counts.tolist()), tuple(shown), end, log)


def _even(end: int, columns: int) -> list[int]:
    width = max(-(-end // columns), 1)
    return [*range(0, end, width), -(-end // width) * width]


def _growing(first: int, end: int, columns: int) -> list[int]:
    """Edges whose distance grows with the length, and never shrinks for rounding."""
    growth = (end / first) ** (1 / columns) - 1
    edges = [first]
    while edges[-1] < end:
        edges.append(edges[-1] + max(math.ceil(edges[-1] * growth), 1))
    edges[-1] = end
    return edges


def _place(length: int, edges: tuple[int, ...], log: bool) -> float:
    low, high = edges[0], edges[-1]
    if log:
        return math.log(max(length, low) / low) / math.log(high / low)
    return (length - low) / (high - low)


def _value(share: float, edges: list[int], log: bool) -> float:
    low, high = edges[0], edges[-1]
    return float(low * (high / low) ** share if log else low + share * (high - low))
