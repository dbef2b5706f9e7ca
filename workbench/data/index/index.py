"""What one pass over all rows found: in memory, or mapped from files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from workbench.data.arrays import number_array, text_array
from workbench.data.health.categories import Category, read_categories
from workbench.data.health.facts import Facts, facts_schema
from workbench.data.index.bad_rows import BadRows
from workbench.data.index.passing import Batch, Pass
from workbench.data.table import MOST_COLUMNS, NUMBER, PROBLEM, column_names

Array = numpy.ndarray[Any, Any]


@dataclass(frozen=True)
class Cells:
    """Cells of neighbouring rows: the problem of each, then the columns of these names."""

    names: Sequence[str]
    batches: Sequence[pyarrow.RecordBatch]


@dataclass
class Index:
    """Where the rows lie, which are bad, and what is to be known of them without reading them again.

    `starts` and `lengths` are places as the container takes them, row 1 first. `folder` is where the
    index is kept, None where it is not; what is derived from it may be kept there too.
    """

    columns: list[str]
    starts: Array
    lengths: Array
    bad: BadRows
    facts: Facts
    counted: pyarrow.RecordBatch | pyarrow.Table
    cells: Sequence[Cells]
    numbers: pyarrow.Array
    folder: Path | None = None

    @property
    def rows(self) -> int:
        """How many rows there are, good and bad."""
        return len(self.starts)

    @cached_property
    def categories(self) -> list[Category]:
        """The columns that hold few different values."""
        return read_categories(self.counted)

    def table(self) -> pyarrow.Table:
        """`#`, then up to 64 of the columns, then `problem` if any row is bad. Every row is in it.

        Column names are the file's, made safe and told apart. Texts are cut at 60 characters.
        """
        shown = self.columns[:MOST_COLUMNS]
        names = [NUMBER, *column_names(shown)]
        columns = [pyarrow.chunked_array([self.numbers])]
        columns += [self._column(name) for name in shown]
        if self.bad:
            names.append(PROBLEM)
            problems = [batch.column(0) for cells in self.cells for batch in cells.batches]
            columns.append(pyarrow.chunked_array(problems, pyarrow.string()))
        return pyarrow.table(columns, names=names)

    def _column(self, name: str) -> pyarrow.ChunkedArray:
        chunks = []
        for cells in self.cells:
            at = cells.names.index(name) + 1 if name in cells.names else None
            for batch in cells.batches:
                # Where no row has the column the cells are empty: all of them share one.
                chunks.append(batch.column(at) if at else text_array([""] * len(batch)))
        return pyarrow.chunked_array(chunks, pyarrow.string())


def index_in_memory(batches: Iterable[Batch], seen: Pass) -> Index:
    """The index of a file that is small, or of its first rows."""
    found = list(batches)
    bad = [numpy.asarray(batch.bad, numpy.int64) for batch in found]
    return Index(
        columns=list(seen.columns),
        starts=_joined([numpy.frombuffer(batch.starts, numpy.uint64) for batch in found]),
        lengths=_joined([numpy.frombuffer(batch.lengths, numpy.uint64) for batch in found]),
        bad=BadRows(_joined(bad), pyarrow.chunked_array([b.reasons for b in found], pyarrow.string())),
        facts=Facts(pyarrow.Table.from_batches([batch.facts for batch in found], facts_schema())),
        counted=seen.categories.to_arrow(),
        cells=[Cells(batch.names, [batch.cells]) for batch in found],
        numbers=number_array(numpy.arange(1, seen.rows + 1)),
    )


def _joined(arrays: Sequence[Array]) -> Array:
    return numpy.concatenate(arrays) if arrays else numpy.empty(0, numpy.uint64)
