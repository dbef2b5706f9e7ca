"""Which rows are shown, and in which order: filters that combine, and a sorting."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from workbench.data.finding.find import as_numbers, find_rows
from workbench.data.finding.pattern import Pattern, Stopped
from workbench.data.finding.texts import text_of
from workbench.data.ordering import NUMBER, measured, ordered
from workbench.errors import WrongUse

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset
    from workbench.data.tokens.lengths import TokenLengths

    Rows = numpy.ndarray[Any, Any]

__all__ = [
    "MEASURES",
    "Filter",
    "Order",
    "Pattern",
    "Stopped",
    "View",
    "find_rows",
    "ordered",
    "rows_by_length",
    "rows_with_value",
    "tokens_by_row",
]

# What the length of a row is counted in: the name of the facts' column, and how it is called.
MEASURES = {
    "chars": "characters",
    "user_chars": "characters of the user",
    "assistant_chars": "characters of the assistant",
    "system_chars": "characters of the system text",
    "tool_chars": "characters of tools",
    "turns": "turns",
    "tokens": "tokens",
}


@dataclass(frozen=True, eq=False)
class Filter:
    """Rows that are chosen by something.

    Args:
        label: what they have in common, for the eye; not to be trusted.
        rows: their numbers, ascending.
        subject: what they are chosen by: a second filter with the same one takes the first one's place.
        pattern: what was looked for, to be marked in the rows.
    """

    label: str
    rows: Rows
    subject: str = ""
    pattern: Pattern | None = None


@dataclass(frozen=True)
class Order:
    """The column by which rows are sorted: one of the table's, or one of MEASURES."""

    column: str
    descending: bool = False

    @property
    def label(self) -> str:
        """How it is named to a reader: `chars ↓`."""
        return f"{self.column} {'↓' if self.descending else '↑'}"


@dataclass(frozen=True)
class View:
    """What is shown of a data set: the rows that pass all filters, in an order. `View()` is every row."""

    filters: tuple[Filter, ...] = ()
    order: Order | None = None
    # Tokens of every row, if they were counted: -1 for a row that has none.
    tokens: Rows | None = field(default=None, compare=False)

    def adding(self, filter: Filter) -> View:
        """With this filter as well, or in place of the one with the same subject."""
        others = [other for other in self.filters if not filter.subject or other.subject != filter.subject]
        return replace(self, filters=(*others, filter))

    def without(self, filter: Filter) -> View:
        """Without this filter."""
        return replace(self, filters=tuple(other for other in self.filters if other is not filter))

    def sorted_by(self, column: str, descending: bool = False) -> View:
        """In this order; the file's own with the column `#`, ascending."""
        own = column == NUMBER and not descending
        return replace(self, order=None if own else Order(column, descending))

    @property
    def title(self) -> str:
        """What is shown, in a few words; empty for everything in the file's order."""
        words = [filter.label for filter in self.filters]
        if self.order:
            words.append(f"by {self.order.label}")
        return " · ".join(words)

    @property
    def pattern(self) -> Pattern | None:
        """What was looked for last."""
        return next((filter.pattern for filter in reversed(self.filters) if filter.pattern), None)

    def rows(self) -> Rows | None:
        """Numbers of the rows that pass all filters, ascending; None: every row."""
        if not self.filters:
            return None
        import numpy

        rows = self.filters[0].rows
        for filter in self.filters[1:]:
            rows = numpy.intersect1d(rows, filter.rows, assume_unique=True)
        return rows

    def apply(
        self,
        dataset: Dataset,
        *,
        progress: Callable[[float], None] | None = None,
        cancelled: Callable[[], bool] | None = None,
    ) -> Rows | None:
        """Numbers of the rows to show, in the order to show them; None: every row in the file's order.

        Sorting a million rows takes a second or so: not for the event loop.

        Raises:
            WrongUse: there is no such column to sort by.
        """
        rows = self.rows()
        if self.order is None:
            return rows
        return ordered(dataset, rows, self.order.column, self.order.descending, tokens=self.tokens)


def rows_with_value(
    dataset: Dataset,
    column: str,
    value: object,
    *,
    found: Callable[[Rows], None] | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Rows:
    """Numbers of the rows whose `column` holds exactly `value`, ascending.

    The whole value is compared, as a text: `true` and `"true"` are the same, as are 1 and `"1"`. None
    stands for rows that have no such column, or null in it.

    Raises:
        WrongUse: no row has such a column.
        Stopped: `cancelled` said so.
    """
    if column not in dataset.columns:
        raise WrongUse(
            f"there is no column {column!r}", remedy=f"There are {', '.join(dataset.columns[:12])}."
        )
    wanted = None if value is None else text_of(value)
    for category in dataset.categories:
        if category.column == column:
            if wanted is not None:
                return category.rows_with(wanted)
            import numpy

            return numpy.flatnonzero(category.codes < 0) + 1
    hits: list[int] = []
    for row, record in dataset.records():
        if row % 1024 == 1:
            if cancelled and cancelled():
                raise Stopped
            if progress:
                progress(row / dataset.rows)
        if record is None:
            continue
        inner = record.get(column)
        if (inner is None) == (wanted is None) and (wanted is None or text_of(inner) == wanted):
            hits.append(row)
    return as_numbers(hits)


def rows_by_length(
    dataset: Dataset,
    low: int | None,
    high: int | None,
    measure: str = "chars",
    *,
    tokens: Rows | None = None,
) -> Rows:
    """Numbers of the rows whose length is from `low` to `high`, both included, ascending.

    Bad rows have no length and are never among them.

    Args:
        measure: one of MEASURES.
        tokens: tokens of every row, -1 for one that has none; needed for the measure `tokens`.

    Raises:
        WrongUse: there is no such measure, or tokens were not counted.
    """
    import numpy

    lengths = lengths_by(dataset, measure, tokens)
    chosen = lengths >= (0 if low is None else max(low, 0))
    if high is not None:
        chosen &= lengths <= high
    return numpy.flatnonzero(chosen) + 1


def tokens_by_row(lengths: TokenLengths, rows: int) -> Rows:
    """How many tokens each of so many rows has, -1 for one that has none: row 1 first."""
    import numpy

    tokens = numpy.full(rows, -1, numpy.int64)
    tokens[lengths.rows.astype(numpy.int64) - 1] = lengths.lengths
    return tokens


def lengths_by(dataset: Dataset, measure: str, tokens: Rows | None = None) -> Rows:
    """The length of every row, -1 for a bad one."""
    if measure not in MEASURES:
        raise WrongUse(f"there is no measure {measure!r}", remedy=f"There are {', '.join(MEASURES)}.")
    if measure == "tokens":
        if tokens is None:
            raise WrongUse("tokens were not counted yet", remedy="Pick a model and let them be counted.")
        return tokens
    return measured(dataset, measure)
