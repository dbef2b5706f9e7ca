"""How long rows are, role by role, in characters; and which are far from the others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy

from workbench.data.health.facts import CHARS

if TYPE_CHECKING:
    from workbench.data.health.facts import Facts

Array = numpy.ndarray[Any, Any]

DEVIATIONS = 3.0
# Of fewer rows no deviation means anything: among ten, none can be three from the mean.
_FEWEST = 11


@dataclass(frozen=True)
class Lengths:
    """Characters of one role in the rows that have some of it; `longest_row` is a row number."""

    rows: int
    total: int
    mean: float
    median: float
    p99: float
    longest: int
    longest_row: int

    def as_dict(self) -> dict[str, float]:
        """For JSON."""
        return {
            name: round(value, 1) if isinstance(value, float) else value
            for name, value in asdict(self).items()
        }


@dataclass(frozen=True, eq=False)
class Outliers:
    """Rows of which a role's length is beyond three standard deviations from the mean of that role.

    `row_numbers` ascend; `limits` are the lengths, by role, that are still within.
    """

    row_numbers: Array
    limits: dict[str, tuple[int, int]]


def role_of(column: str) -> str:
    """The role whose characters a column of the facts counts: `user` of `user_chars`."""
    return column.removesuffix("_chars")


def lengths_by_role(facts: Facts) -> dict[str, Lengths]:
    """Lengths of every role that is in any row; `text` is what no role says."""
    found = {}
    for column in CHARS:
        values = getattr(facts, column)
        there = values[values > 0].astype(numpy.int64)
        if not len(there):
            continue
        found[role_of(column)] = Lengths(
            rows=len(there),
            total=int(there.sum()),
            mean=float(there.mean()),
            median=float(numpy.median(there)),
            p99=float(numpy.percentile(there, 99)),
            longest=int(there.max()),
            longest_row=int(values.argmax()) + 1,
        )
    return found


def length_outliers(facts: Facts) -> Outliers:
    """Rows far longer, or far shorter, than the others: roles apart, rows without the role left out."""
    far = numpy.zeros(len(facts), bool)
    limits = {}
    for column in CHARS:
        values = getattr(facts, column)
        there = values > 0
        if int(there.sum()) < _FEWEST:
            continue
        mean, deviation = values[there].mean(dtype=float), values[there].std(dtype=float)
        low, high = mean - DEVIATIONS * deviation, mean + DEVIATIONS * deviation
        far |= there & ((values < low) | (values > high))
        limits[role_of(column)] = (max(0, int(numpy.ceil(low))), int(high))
    return Outliers(numpy.flatnonzero(far) + 1, limits)
