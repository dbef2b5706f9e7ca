"""What is said about lengths in numbers, each with the rows behind it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from screens.dataset.figures.entry_list import Entry
from workbench.figures import count, significant

if TYPE_CHECKING:
    import numpy

    from screens.dataset.figures.spread import Spread
    from workbench.data.tokens.statistics import TokenStatistics

READ_ONLY = Entry()


@dataclass(frozen=True)
class Figure:
    """A name, a number, how it is styled, and the rows behind it."""

    name: str
    number: str
    style: str = ""
    entry: Entry = READ_ONLY


def length_figures(spread: Spread, unit: str) -> list[Figure]:
    """What is in the middle, and what is long."""
    if not len(spread):
        return []
    long, longest = spread.at(0.95), spread.longest
    mean = spread.mean

    def over() -> numpy.ndarray:
        return spread.between(long + 1, None)

    over_title = f"longer than 95 % of the rows, {count(long)} {unit}"
    behind = Entry(over, over_title) if longest > long else Entry()
    return [
        Figure("median", count(spread.at(0.5))),
        Figure("mean", "–" if math.isnan(mean) else significant(mean)),
        Figure("95 % within", count(long), entry=behind),
        Figure(
            "longest",
            count(longest),
            entry=Entry(lambda: spread.between(longest, None), f"the longest: {count(longest)} {unit}"),
        ),
    ]


def token_figures(statistics: TokenStatistics) -> list[Figure]:
    """What the cutoff leaves; what is lost stands out."""
    kept = statistics.total - statistics.tokens_lost
    share = f"{statistics.trained / kept:.0%}" if kept else "–"

    def lost(name: str, number: int, rows: Callable[[], numpy.ndarray], title: str) -> Figure:
        return Figure(
            name, count(number), "$text-error" if number else "", Entry(rows, title) if number else Entry()
        )

    cut = f"cut at {count(statistics.cutoff_len)} tokens"
    packing = statistics.packing
    return [
        Figure("tokens", count(statistics.total)),
        Figure(f"trained ({share})", count(statistics.trained)),
        lost("rows cut", statistics.rows_cut, lambda: statistics.cut_rows, cut),
        lost("tokens lost", statistics.tokens_lost, lambda: statistics.cut_rows, cut),
        lost(
            "rows losing end",
            statistics.eos_lost,
            lambda: statistics.eos_lost_rows,
            "answers that lose their end",
        ),
        lost(
            "rows not trained",
            statistics.untrained_rows,
            lambda: statistics.untrained_rows_numbers,
            "rows that are not trained",
        ),
        Figure("packed sequences", count(packing.sequences)),
        Figure("packed full", f"{packing.efficiency:.1%}"),
        Figure("cutoff losing none", count(statistics.lossless_cutoff)),
    ]


def figure_line(figure: Figure, width: int) -> Content:
    """Name and number, over the width."""
    room = max(width - len(figure.number) - 1, 4)
    name = figure.name[:room]
    return Content.assemble(
        (f"{name:<{room}} ", "$text-muted"), (figure.number, figure.style or "$foreground")
    )
