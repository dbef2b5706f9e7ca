"""What rows can be filtered by, entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from workbench.data.selection import MEASURES, Filter, View, lengths_by
from workbench.figures import count

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset
    from workbench.data.health.categories import Category


@dataclass(frozen=True)
class Entry:
    """One line to pick, by what it does: `remove` a filter, take a `filter`, ask for a length, find a value.

    Texts are not to be trusted. `rows` is how many rows it has, None where that is not known before.
    """

    group: str
    name: str
    rows: int | None = None
    what: str = ""
    explanation: str = ""
    serious: bool = False
    remove: Filter | None = None
    filter: Callable[[], Filter] | None = None
    measure: str | None = None
    value: tuple[str, str] | None = None


def entries_of(dataset: Dataset, view: View) -> list[Entry]:
    """Filters in use, what is the matter with rows, values of columns, lengths.

    Reads the facts of all rows: not for the event loop.
    """
    in_use = [
        Entry(
            "in use",
            f"✕ {filter.label}",
            len(filter.rows),
            explanation="enter shows the rows without this filter",
            remove=filter,
        )
        for filter in view.filters
    ]
    return [*in_use, *_findings(dataset), *_values(dataset), *_lengths(dataset, view.tokens)]


def fitting(entries: Sequence[Entry], text: str) -> list[Entry]:
    """The entries that hold every word of the text in their name or group."""
    words = text.casefold().split()
    return [
        entry for entry in entries if all(word in f"{entry.group} {entry.name}".casefold() for word in words)
    ]


def exact_value(text: str, columns: Sequence[str]) -> Entry | None:
    """The entry for `column=value` as it is typed; None where the text names no column."""
    name, equals, value = text.partition("=")
    name = name.strip()
    column = next((column for column in columns if column == name), None) or next(
        (column for column in columns if column.casefold() == name.casefold()), None
    )
    if not equals or column is None or not value:
        return None
    return Entry(
        "a whole value",
        f"{column} = {value}",
        what="looked for in every row",
        explanation="The whole value is compared, not a part of it.",
        value=(column, value),
    )


def _findings(dataset: Dataset) -> list[Entry]:
    from workbench.data.health.report import findings

    return [
        Entry(
            "health",
            finding.title,
            finding.count,
            explanation=finding.explanation,
            serious=finding.serious and finding.count > 0,
            filter=partial(Filter, finding.title, finding.rows, f"finding {finding.key}"),
        )
        for finding in findings(dataset)
        if finding.count
    ]


def _values(dataset: Dataset) -> list[Entry]:
    found = []
    for category in dataset.categories:
        if category.for_the_eye:
            missing = int((category.codes < 0).sum())
            for value, rows in zip(category.values, category.counts, strict=True):
                found.append(
                    Entry(category.column, value or "(empty)", rows, filter=partial(_value, category, value))
                )
            if missing:
                found.append(
                    Entry(category.column, "(none)", missing, filter=partial(_without_value, category))
                )
    return found


def _value(category: Category, value: str) -> Filter:
    label = f"{category.column} = {value or '(empty)'}"
    return Filter(label, category.rows_with(value), f"value {category.column}")


def _without_value(category: Category) -> Filter:
    import numpy

    rows = numpy.flatnonzero(category.codes < 0) + 1
    return Filter(f"no {category.column}", rows, f"value {category.column}")


def _lengths(dataset: Dataset, tokens: numpy.ndarray | None) -> list[Entry]:
    import numpy

    found = []
    for measure, name in MEASURES.items():
        if measure == "tokens" and tokens is None:
            continue
        lengths = lengths_by(dataset, measure, tokens)
        lengths = lengths[lengths >= 0]
        if not len(lengths) or not lengths.any():
            continue
        low, middle, high = int(lengths.min()), int(numpy.median(lengths)), int(lengths.max())
        if low == high:
            continue
        what = f"{count(low)} to {count(high)}, half of the rows up to {count(middle)}"
        words = "enter asks from which to which length"
        found.append(Entry("length", name, what=what, explanation=words, measure=measure))
    return found
