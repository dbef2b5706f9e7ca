"""How often each value occurs: of a column, of the languages, of the number of turns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset
    from workbench.data.health.categories import Category

Numbers = numpy.ndarray[Any, Any]
RowsOf = Callable[[Sequence[int]], Numbers]

# Up to so many values each have a bar; of more, the rarest that have this share of the rows share one.
EACH_SHOWN = 20
TAIL_SHARE = 0.05
_LEAST_TAIL = 3


@dataclass(frozen=True, eq=False)
class Bar:
    """A value, or several rare ones together, how many rows have it, and which (found when asked for).

    `label` is untrusted text. `values` is how many values it stands for; 0: it is for rows without one.
    """

    label: str
    count: int
    rows: Callable[[], Numbers]
    values: int = 1


@dataclass(frozen=True, eq=False)
class Distribution:
    """The values of `name` among `rows` rows; `tail` sums up the rarest, which may have bars too."""

    name: str
    rows: int
    bars: tuple[Bar, ...]
    tail: Bar | None = None
    values: int = 0


def distributions(dataset: Dataset) -> list[Distribution]:
    """What there is to look at: columns with few different values, then turns and languages.

    Goes over all rows: not for the event loop.
    """
    found = [of_category(category) for category in dataset.categories if category.for_the_eye]
    facts = dataset.facts
    turns, counts = numpy.unique(facts.turns, return_counts=True)
    if turns.tolist() != [0]:
        labels = [f"{turn} turn{'' if turn == 1 else 's'}" for turn in turns.tolist()]

        def with_turns(places: Sequence[int]) -> Numbers:
            return numpy.flatnonzero(numpy.isin(facts.turns, turns[list(places)])) + 1

        found.append(distribution("turns", labels, counts.tolist(), with_turns, in_order=True))
    from workbench.data.health.languages import LANGUAGES

    codes = numpy.bincount(facts.language, minlength=len(LANGUAGES))
    present = [int(code) for code in numpy.argsort(-codes, kind="stable") if codes[code]]

    def in_languages(places: Sequence[int]) -> Numbers:
        return numpy.flatnonzero(numpy.isin(facts.language, [present[place] for place in places])) + 1

    names = [LANGUAGES[code] for code in present]
    found.append(distribution("scripts", names, [int(codes[code]) for code in present], in_languages))
    return found


def of_category(category: Category) -> Distribution:
    """The values of a column, and the rows that have none."""

    def with_values(places: Sequence[int]) -> Numbers:
        return numpy.flatnonzero(numpy.isin(category.codes, list(places))) + 1

    missing = int((category.codes < 0).sum())
    return distribution(category.column, category.values, category.counts, with_values, missing=missing)


def distribution(
    name: str,
    labels: Sequence[str],
    counts: Sequence[int],
    rows_of: RowsOf,
    *,
    missing: int = 0,
    in_order: bool = False,
) -> Distribution:
    """Bars for values with these counts; `rows_of` gives the rows of some values, or of place -1: of none.

    `in_order` keeps the values as they come; else the most frequent have to come first.
    """
    total = sum(counts) + missing
    rarest = sorted(range(len(counts)), key=lambda place: (counts[place], -place))
    summed, share = [], 0
    for place in rarest:
        if share + counts[place] > TAIL_SHARE * total:
            break
        share += counts[place]
        summed.append(place)
    if len(labels) > EACH_SHOWN:
        # However even they are, the first ones have bars.
        keep = set(sorted(range(len(counts)), key=lambda place: -counts[place])[:EACH_SHOWN])
        summed = [place for place in summed if place not in keep]
    listed = set(range(len(labels)))
    tail = None
    if len(summed) >= _LEAST_TAIL:
        if len(labels) > EACH_SHOWN:
            listed -= set(summed)
        places = tuple(sorted(summed))
        tail = Bar(
            f"{len(places)} rarest values",
            sum(counts[place] for place in places),
            partial(rows_of, places),
            len(places),
        )
    bars = [
        Bar(labels[place] or "(empty)", counts[place], partial(rows_of, (place,))) for place in sorted(listed)
    ]
    if missing:
        bars.append(Bar("no value", missing, partial(rows_of, (-1,)), 0))
    return Distribution(name, total, tuple(bars), tail, len(labels))
