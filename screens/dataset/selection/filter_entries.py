"""What rows can be filtered by, entry by entry."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from screens.dataset.figures.token_findings import TITLES
from screens.dataset.selection.length_prompt import range_label, read_range
from workbench.data.selection import MEASURES, Filter, View, lengths_by, rows_by_length
from workbench.figures import count

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset
    from workbench.data.health.categories import Category
    from workbench.data.health.report import Finding

NEAR = "near duplicates"
NEAR_PENDING = "They are not counted yet: on Data, s shows the figures and counts them."
TOKENS_PENDING = "Tokens are not counted yet: m picks the model, then s shows the figures and counts them."


@dataclass(frozen=True)
class Entry:
    """One line to pick, by what it does: `remove` a filter, take a `filter`, ask for a length, find a value.

    Texts are not to be trusted. `rows` is how many rows it has, None where that is not known before. One
    that is `pending` has to be counted first.
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
    pending: bool = False


def entries_of(dataset: Dataset, view: View, counted: Sequence[Finding]) -> list[Entry]:
    """Filters in use, what is the matter with rows, values of columns, lengths.

    `counted` are the findings that took counting; what is not counted yet is pending.

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
    return [*in_use, *_findings(dataset, counted), *_values(dataset), *_lengths(dataset, view.tokens)]


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


def typed_length(text: str, dataset: Dataset, tokens: numpy.ndarray | None) -> Entry | None:
    """The entry for a length as it is typed, such as `tokens>600`; None where the text is none."""
    measure, chosen = next(
        (
            (measure, read_range(rest.removeprefix("=")))
            for measure, name in MEASURES.items()
            for spelling in (measure, name)
            if (rest := text.casefold().removeprefix(spelling)) != text.casefold()
        ),
        ("", None),
    )
    if chosen is None:
        return None
    if measure == "tokens" and tokens is None:
        return None if dataset.why_not_trained() else _pending("length", text, TOKENS_PENDING)
    rows = rows_by_length(dataset, *chosen, measure, tokens=tokens)
    label = range_label(measure, *chosen)
    if not len(rows):
        return Entry("length", label, 0, explanation="no row is of such a length")
    words = "enter shows the rows of these lengths"
    found = Filter(label, rows, f"length {measure}")
    return Entry("length", label, len(rows), explanation=words, filter=lambda: found)


def _pending(group: str, name: str, explanation: str) -> Entry:
    return Entry(group, name, what="s counts them", explanation=explanation, pending=True)


def _findings(dataset: Dataset, counted: Sequence[Finding]) -> list[Entry]:
    from workbench.data.health.report import findings

    known = {finding.title for finding in counted}
    pending = [] if NEAR in known else [_pending("health", NEAR, NEAR_PENDING)]
    if not dataset.why_not_trained():
        pending += [_pending("health", title, TOKENS_PENDING) for title in TITLES if title not in known]
    found = [
        Entry(
            "health",
            finding.title,
            finding.count,
            explanation=finding.explanation,
            serious=finding.serious and finding.count > 0,
            filter=partial(Filter, finding.title, finding.rows, f"finding {finding.key}"),
        )
        for finding in (*findings(dataset), *counted)
        if finding.count
    ]
    return [*found, *pending]


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
            if not dataset.why_not_trained():
                found.append(_pending("length", name, TOKENS_PENDING))
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
