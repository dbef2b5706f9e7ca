"""Rows in the order of one of their columns."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from workbench.errors import WrongUse

if TYPE_CHECKING:
    import numpy
    import pyarrow

    from workbench.data.dataset import Dataset

NUMBER = "#"
_LENGTHS = ("chars", "user_chars", "assistant_chars", "system_chars", "tool_chars", "turns")
_TURNS = re.compile(r"([\d,]+) turns?: ")


def ordered(
    dataset: Dataset,
    rows: numpy.ndarray[Any, Any] | None,
    column: str,
    descending: bool = False,
    *,
    tokens: numpy.ndarray[Any, Any] | None = None,
) -> numpy.ndarray[Any, Any]:
    """The row numbers, sorted; rows that are equal keep their order, and those without a value stand last.

    A column whose cells are all numbers, and one of lists by how long they are, sorts by number; texts
    sort by the code points that the table shows of them, which are their first 60.

    Args:
        rows: the numbers to sort; None: every row.
        column: one of the table's columns, `chars`, `user_chars` and so on, `turns`, or `tokens`.
        tokens: tokens of every row, -1 for one that has none; needed to sort by `tokens`.

    Raises:
        WrongUse: there is no such column, or tokens were not counted.
    """
    import numpy

    chosen = numpy.arange(1, dataset.rows + 1) if rows is None else numpy.asarray(rows)
    if column == NUMBER:
        by_number = numpy.sort(chosen)
        return by_number[::-1] if descending else by_number
    names = dataset.table().column_names
    if column in names:
        return chosen[_by_cells(dataset.table().column(column), chosen - 1, descending)]
    if column == "tokens":
        if tokens is None:
            raise WrongUse("tokens were not counted yet", remedy="Pick a model and let them be counted.")
        lengths = tokens
    elif column in _LENGTHS:
        lengths = measured(dataset, column)
    else:
        raise WrongUse(f"there is no column {column!r}", remedy=f"There are {', '.join(names[:12])}.")
    taken = lengths[chosen - 1]
    return chosen[_by_numbers(taken.astype(float), taken < 0, descending)]


def measured(dataset: Dataset, measure: str) -> numpy.ndarray[Any, Any]:
    """One of the facts of every row that is a length; -1 for a bad row."""
    import numpy

    from workbench.data.health.facts import Flag

    facts = dataset.facts
    lengths = getattr(facts, measure).astype(numpy.int64)
    lengths[facts.with_flag(Flag.BAD) - 1] = -1
    return lengths


def _by_cells(
    column: pyarrow.ChunkedArray, places: numpy.ndarray[Any, Any], descending: bool
) -> numpy.ndarray[Any, Any]:
    """Where the cells at these places stand in order; cells are texts, empty where there is no value."""
    import numpy
    import pyarrow
    import pyarrow.compute as compute

    from workbench.data.arrays import number_array, numbers_in

    # No scalar is given to pyarrow in here: for any of them it imports pandas, where that is installed.
    whole = len(places) == len(column) and _is_range(places)
    cells = column if whole else column.take(number_array(places))
    lengths = compute.binary_length(cells)
    missing = numbers_in(lengths) == 0
    present = cells.filter(lengths.cast(pyarrow.bool_()))
    numbers = _as_numbers(present)
    if numbers is None:
        return _by_text(cells, missing, descending)
    values = numpy.zeros(len(missing))
    values[~missing] = numbers
    return _by_numbers(values, missing, descending)


def _by_text(
    cells: pyarrow.ChunkedArray, missing: numpy.ndarray[Any, Any], descending: bool
) -> numpy.ndarray[Any, Any]:
    import numpy
    import pyarrow
    import pyarrow.compute as compute

    from workbench.data.arrays import number_array, numbers_in

    last = pyarrow.chunked_array([number_array(missing.astype(numpy.uint8))])
    table = pyarrow.Table.from_arrays([last, cells], names=["missing", "cell"])
    direction = "descending" if descending else "ascending"
    # Sorting by two keys is the one that Arrow documents as stable.
    keys = [("missing", "ascending"), ("cell", direction)]
    return numbers_in(compute.sort_indices(table, sort_keys=keys))


def _by_numbers(
    values: numpy.ndarray[Any, Any], missing: numpy.ndarray[Any, Any], descending: bool
) -> numpy.ndarray[Any, Any]:
    import numpy

    return numpy.lexsort((-values if descending else values, missing))


def _as_numbers(cells: pyarrow.ChunkedArray) -> numpy.ndarray[Any, Any] | None:
    """The cells, none of which is empty, as numbers if all of them are; those of lists as their lengths."""
    import numpy
    import pyarrow
    import pyarrow.compute as compute

    from workbench.data.arrays import numbers_in

    first = next(iter(cells.slice(0, 1).to_pylist()), "")
    if _TURNS.match(first):
        cells = compute.struct_field(compute.extract_regex(cells, r"^(?P<n>[\d,]+) turns?: "), "n")
        cells = compute.replace_substring(cells, ",", "")
    elif not first or first[-1] == "…":
        return None
    try:
        found = cells.cast(pyarrow.float64())
    except pyarrow.ArrowInvalid:
        return None
    # Among lists there may be something else.
    numbers = numpy.zeros(len(found))
    numbers[numbers_in(found.is_valid().cast(pyarrow.uint8())).astype(bool)] = numbers_in(found.drop_null())
    return numbers


def _is_range(places: numpy.ndarray[Any, Any]) -> bool:
    return len(places) == 0 or bool((places[1:] > places[:-1]).all() and places[0] == 0)
