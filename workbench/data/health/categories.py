"""Columns that hold few different values, counted in the index pass: departments, labels, sources."""

from __future__ import annotations

import itertools
import json
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy
    import pyarrow

# A column with more or longer values than these is none; so are columns after the first 64.
MOST_VALUES = 1_000
LONGEST_VALUE = 60
MOST_COLUMNS = 64
# What is worth drawing as bars: see `Category.for_the_eye`.
_MOST_BARS = 200
_FEW = 20


@dataclass(eq=False)
class Category:
    """A column's different values, the most frequent first, and which of them every row has.

    `codes` holds an index into `values` for every row, -1 where the row has none (null, no such column).
    """

    column: str
    values: list[str]
    counts: list[int]
    codes: numpy.ndarray[Any, Any]

    @property
    def for_the_eye(self) -> bool:
        """Whether the distribution tells something: several values, few against the rows, some repeated."""
        different, rows = len(self.values), len(self.codes)
        few = 1 < different <= min(_MOST_BARS, max(_FEW, rows // 20))
        return few and different < sum(self.counts)

    def as_dict(self) -> dict[str, int]:
        """Counts by value, the most frequent first."""
        return dict(zip(self.values, self.counts, strict=True))

    def rows_with(self, value: str) -> numpy.ndarray[Any, Any]:
        """Numbers of the rows with that value, ascending; none if no row has it."""
        import numpy

        code = self.values.index(value) if value in self.values else len(self.values)
        return numpy.flatnonzero(self.codes == code) + 1


class CategoryCounter:
    """Counts one share of the rows; shares are joined by `merge`."""

    def __init__(self) -> None:
        self._rows = 0
        # The first 64; the names of all could be as many as the rows.
        self._seen: set[str] = set()
        self._met_more = False
        self._live: list[tuple[str, dict[str, int], array[int]]] = []
        self._given_up: list[str] = []

    def add(self, record: Mapping[str, object] | None) -> None:
        """Count a row; None for one that has no columns."""
        record = record or {}
        if not self._met_more and not record.keys() <= self._seen:
            self._meet(record)
        lost = False
        for column, places, codes in self._live:
            value = record.get(column)
            if value is None:
                codes.append(-1)
                continue
            # True and 1 are the same key of a dict, so all but text is spelled out first.
            text = value if isinstance(value, str) else _spelled(value)
            code = places.get(text) if text is not None else None
            if code is None:
                if text is None or len(text) > LONGEST_VALUE or len(places) == MOST_VALUES:
                    self._given_up.append(column)
                    lost = True
                    continue
                code = places[text] = len(places)
            codes.append(code)
        self._rows += 1
        if lost:
            self._live = [entry for entry in self._live if len(entry[2]) == self._rows]

    def _meet(self, record: Mapping[str, object]) -> None:
        for column in record:
            if column in self._seen:
                continue
            if len(self._seen) == MOST_COLUMNS:
                self._met_more = True
                return
            self._seen.add(column)
            self._live.append((column, {}, array("h", itertools.repeat(-1, self._rows))))

    def to_arrow(self) -> pyarrow.RecordBatch:
        """The codes as int16 columns ("0", "1", …); names, values and what was given up are metadata."""
        import numpy

        live = [
            (column, list(places), numpy.frombuffer(codes, numpy.int16) if codes else _none(0))
            for column, places, codes in self._live
        ]
        return _batch(self._rows, live, self._given_up, met_more=self._met_more)


def merge(parts: Sequence[pyarrow.RecordBatch]) -> pyarrow.RecordBatch:
    """The shares of the rows, in their order, as one."""
    import numpy

    from workbench.data.arrays import numbers_in

    told = [json.loads(part.schema.metadata[b"categories"]) for part in parts]
    given_up = {column: None for one in told for column in one["given_up"]}
    met_more = any(one["met_more"] for one in told)
    columns: dict[str, dict[str, int]] = {}
    for one in told:
        for column, values in one["columns"]:
            places = columns.setdefault(column, {})
            for value in values:
                places.setdefault(value, len(places))
    for column, places in columns.items():
        if len(places) > MOST_VALUES or any(_unknown(column, one) for one in told):
            given_up[column] = None
    names = [column for column in columns if column not in given_up]
    met_more |= len(names) > MOST_COLUMNS
    joined = []
    for column in names[:MOST_COLUMNS]:
        places = columns[column]
        codes = []
        for part, one in zip(parts, told, strict=True):
            index = next((at for at, (name, _) in enumerate(one["columns"]) if name == column), None)
            if index is None:
                codes.append(_none(one["rows"]))
                continue
            # One place more, so that -1 (no value) finds -1 at the end.
            moved = numpy.array([*(places[value] for value in one["columns"][index][1]), -1], numpy.int16)
            codes.append(moved[numbers_in(part.column(index))])
        joined.append((column, list(places), numpy.concatenate(codes)))
    return _batch(sum(one["rows"] for one in told), joined, list(given_up), met_more=met_more)


def read_categories(table: pyarrow.RecordBatch | pyarrow.Table) -> list[Category]:
    """The columns that were counted to the end, in the file's order."""
    import numpy

    from workbench.data.arrays import numbers_in

    told = json.loads(table.schema.metadata[b"categories"])
    found = []
    for index, (column, values) in enumerate(told["columns"]):
        codes = numbers_in(table.column(index))
        counts = numpy.bincount(codes[codes >= 0], minlength=len(values))
        order = numpy.argsort(-counts, kind="stable")
        places = numpy.empty(len(values) + 1, numpy.int16)
        places[order] = numpy.arange(len(values))
        places[-1] = -1
        found.append(
            Category(column, [values[at] for at in order], [int(counts[at]) for at in order], places[codes])
        )
    return found


def _unknown(column: str, told: dict[str, Any]) -> bool:
    """Whether a share may hold the column and did not count it, since it had met 64 others before."""
    return told["met_more"] and all(column != name for name, _ in told["columns"])


def _spelled(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value != value:
        return None
    return str(value) if isinstance(value, int | float) else None


def _none(rows: int) -> numpy.ndarray[Any, Any]:
    import numpy

    return numpy.full(rows, -1, numpy.int16)


def _batch(
    rows: int,
    columns: Sequence[tuple[str, list[str], numpy.ndarray[Any, Any]]],
    given_up: Sequence[str],
    *,
    met_more: bool,
) -> pyarrow.RecordBatch:
    import pyarrow

    from workbench.data.arrays import number_array

    # Names and values stand in JSON, since JSON data may spell half of a character and Arrow has no such.
    told = {
        "rows": rows,
        "columns": [[column, values] for column, values, _ in columns],
        "given_up": list(given_up),
        "met_more": met_more,
    }
    fields = [(str(index), pyarrow.int16()) for index in range(len(columns))]
    schema = pyarrow.schema(fields, metadata={"categories": json.dumps(told)})
    arrays = [number_array(codes) for _, _, codes in columns]
    return pyarrow.RecordBatch.from_arrays(arrays, schema=schema)
