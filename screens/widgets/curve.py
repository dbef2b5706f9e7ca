"""A curve of any length as the columns of a plot: thinned without losing its extremes, and smoothed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from screens.widgets.scale import ABSURD

Floats = NDArray[np.float64]
_BRAILLE = np.array([[0x01, 0x08], [0x02, 0x10], [0x04, 0x20], [0x40, 0x80]])


@dataclass(frozen=True, slots=True)
class Thinned:
    """What lies in each column that holds a point: its number, and least, greatest and mean value."""

    column: NDArray[np.int64]
    step: Floats
    low: Floats
    high: Floats
    mean: Floats
    count: NDArray[np.int64]
    holes: NDArray[np.int64]
    """Columns with values that are no finite numbers."""


def thin(steps: Sequence[float], values: Sequence[float], end: float, columns: int) -> Thinned:
    """The points from step 0 to `end` in so many columns. Steps must not fall."""
    x, y = np.asarray(steps, dtype=np.float64), np.asarray(values, dtype=np.float64)
    within = (x >= 0) & (x <= end)
    finite = np.abs(y) < ABSURD  # false for NaN
    place = np.clip(np.where(within, x, 0.0) / end * (columns - 1) + 0.5, 0, columns - 1).astype(np.int64)
    holes = np.unique(place[within & ~finite])
    keep = within & finite
    place, x, y = place[keep], x[keep], y[keep]
    if not len(y):
        empty = np.zeros(0)
        none = np.zeros(0, dtype=np.int64)
        return Thinned(none, empty, empty, empty, empty, none, holes)
    first = np.flatnonzero(np.diff(place, prepend=-1))
    count = np.diff(first, append=len(y))
    return Thinned(
        place[first],
        np.add.reduceat(x, first) / count,
        np.minimum.reduceat(y, first),
        np.maximum.reduceat(y, first),
        np.add.reduceat(y, first) / count,
        count,
        holes,
    )


def has_holes(values: Sequence[float]) -> bool:
    """Whether some of them are no finite numbers."""
    return not bool((np.abs(np.asarray(values, dtype=np.float64)) < ABSURD).all())


def smooth(thinned: Thinned, half_life: float) -> Floats:
    """An exponential moving average of the column means, free of the bias towards its start.

    A point counts half after `half_life` steps. The average is divided by the sum of its weights, which
    is Adam's bias correction (Kingma and Ba 2015, section 3) for points that are not equally far apart.
    """
    smoothed = np.empty(len(thinned.mean))
    total = weight = 0.0
    before = thinned.step[0] if len(thinned.step) else 0.0
    columns = zip(thinned.step.tolist(), thinned.mean.tolist(), thinned.count.tolist(), strict=True)
    for index, (step, mean, count) in enumerate(columns):
        kept = 0.5 ** ((step - before) / half_life)
        total, weight, before = total * kept + mean * count, weight * kept + count, step
        smoothed[index] = total / weight
    return smoothed


class Dots:
    """A layer of dots, two by four in a terminal cell."""

    def __init__(self, width: int, height: int) -> None:
        self._cells = width, height
        self._on = np.zeros((height * 4, width * 2), dtype=bool)

    def band(self, columns: Iterable[int], low: Sequence[int], high: Sequence[int]) -> None:
        """A vertical line in each column, from row `low` to row `high`, counted from below."""
        last = self._on.shape[0] - 1
        for x, bottom, top in zip(columns, low, high, strict=True):
            self._on[last - top : last - bottom + 1, x] = True

    def line(self, columns: Sequence[int], rows: Sequence[int], *, thick: bool = False) -> None:
        """A line through the points, one or two dots thick; rows are counted from below."""
        last = self._on.shape[0] - 1
        ends = zip(columns[:1], rows[:1], columns[:1], rows[:1], strict=True)
        for x1, y1, x2, y2 in [*ends, *zip(columns, rows, columns[1:], rows[1:], strict=False)]:
            count = max(x2 - x1, abs(y2 - y1)) + 1
            x = np.linspace(x1, x2, count).round().astype(int)
            y = last - np.linspace(y1, y2, count).round().astype(int)
            self._on[y, x] = True
            if thick:
                self._on[np.minimum(y + 1, last), x] = True

    def codes(self) -> NDArray[np.int64]:
        """The braille pattern of each cell (Unicode block U+2800), 0 where it is empty: [height, width]."""
        width, height = self._cells
        blocks = self._on.reshape(height, 4, width, 2)
        patterns = (blocks * _BRAILLE[None, :, None, :]).sum(axis=(1, 3))
        return np.where(patterns > 0, 0x2800 + patterns, 0)
