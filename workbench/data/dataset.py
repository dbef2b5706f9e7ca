"""An opened set of rows, good and bad, by number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.containers.base import Container, Unreadable
from workbench.data.conversation import Conversation
from workbench.data.formats.detect import UNKNOWN, Format, what_to_do
from workbench.data.formats.fields import RowProblem
from workbench.data.source import changed
from workbench.errors import WorkbenchError, WrongUse

if TYPE_CHECKING:
    import pyarrow

    from workbench.data.formats.mapping import Mapping
    from workbench.data.health.categories import Category
    from workbench.data.health.facts import Facts
    from workbench.data.index.bad_rows import BadRows
    from workbench.data.index.index import Array, Index

_AT_ONCE = 8192
_NOTES = {
    "preference": "of each row the prompt and the chosen answer are trained; the rejected one is not used",
    "kto": "rows whose label is true are trained, and those whose label is false are dropped",
}


@dataclass(frozen=True)
class Reading:
    """How rows are read, and why so: `format` is None where the columns belong to none.

    With a `mapping`, it is the mapping's. `chosen` is what the user said instead of what is found, as a
    recipe's `dataset_format` says it.
    """

    format: Format | None
    why: str
    mapping: Mapping | None = None
    chosen: str | None = None


class Dataset:
    """Rows of a file or of several, numbered from 1 in their order; each is good or bad.

    Rows are read from the file when they are asked for; where they lie and what the index keeps of them is
    mapped from files, so that memory does not grow with them. Threads may share it. `spec` is what the user
    asked for, `format` is "unknown" where the columns belong to none, and `why` gives the reason for what it
    is; `chosen_format` is what the user said it is. `complete` is false where these are only the first rows.
    `notes` are sentences on what was left out or decided.
    """

    def __init__(
        self,
        spec: str,
        container: Container,
        reading: Reading,
        index: Index,
        *,
        fingerprint: str,
        notes: Sequence[str] = (),
        complete: bool = True,
    ) -> None:
        self.spec = spec
        self.path = container.path
        self.container = container.name
        self.encoding = container.encoding
        self.format = reading.format.name if reading.format else UNKNOWN
        self.why = reading.why
        self.mapping = reading.mapping
        self.chosen_format = reading.chosen
        self.columns = index.columns
        self.notes = list(notes)
        self.fingerprint = fingerprint
        self.complete = complete
        self._container = container
        self._format = reading.format
        self._index = index
        self._bad = index.bad

    @property
    def rows(self) -> int:
        """How many rows there are: good ones and bad ones."""
        return self._index.rows

    @property
    def bad_rows(self) -> BadRows:
        """The rows that cannot be used, with the reasons."""
        return self._bad

    @cached_property
    def good_rows(self) -> Sequence[int]:
        """The numbers of the rows that can be used."""
        from workbench.data.index.bad_rows import GoodRows

        return GoodRows(self.rows, self._bad.numbers) if self._bad else range(1, self.rows + 1)

    @property
    def facts(self) -> Facts:
        """Lengths, flags and hashes of every row."""
        return self._index.facts

    @property
    def categories(self) -> list[Category]:
        """The columns that hold few different values, with how often each."""
        return self._index.categories

    @property
    def kept_in(self) -> Path | None:
        """The folder in which the index is kept, for what is derived from it; None where it is not kept."""
        return self._index.folder

    def reason(self, row: int) -> str | None:
        """Why the row is bad; None if it is good."""
        return self._bad.reason(row)

    def origin(self, row: int) -> tuple[Path, int]:
        """The file that holds the row, and the row's number in it."""
        import numpy

        place = int(self._index.starts[self._checked(row) - 1])
        first = numpy.searchsorted(self._index.starts, numpy.uint64(self._container.file_start(place)))
        return self._container.file_of(place), row - int(first)

    def origin_entry(self, row: int) -> dict[str, Any]:
        """`file` and `row_in_file` of the row, for JSON; nothing where all rows are of one file."""
        if not self._container.is_several:
            return {}
        file, number = self.origin(row)
        return {"file": str(file), "row_in_file": number}

    def record(self, row: int) -> dict[str, Any]:
        """The row as it stands in the file, column by column.

        Raises:
            WorkbenchError: the row cannot be read, or the file was changed.
            WrongUse: there is no such row.
        """
        value = self._container.read(*self._place(row))
        if isinstance(value, dict):
            return value
        reason = self.reason(row) or (value.reason if isinstance(value, Unreadable) else None)
        raise WorkbenchError(reason or "the row cannot be read", where=self._where(row))

    def records(self, rows: Iterable[int] | None = None) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Rows with their numbers, all of them or these; None in place of what has no columns.

        Many are read much quicker than one by one, if their numbers ascend.

        Raises:
            WorkbenchError: the file was changed.
            WrongUse: there is no such row.
        """
        if rows is None and self.complete:
            yield from self._all_records()
            return
        for row in range(1, self.rows + 1) if rows is None else rows:
            value = self._container.read(*self._place(int(row)))
            yield int(row), value if isinstance(value, dict) else None

    def _all_records(self) -> Iterator[tuple[int, dict[str, Any] | None]]:
        expected = chain.from_iterable(
            self._index.starts[begin : begin + _AT_ONCE].tolist() for begin in range(0, self.rows, _AT_ONCE)
        )
        row = 0
        for row, (start, _, value) in enumerate(self._container.scan(), start=1):
            # Rows that came or went would give all behind them wrong numbers.
            if start != next(expected, None):
                raise changed(self.path)
            yield row, value if isinstance(value, dict) else None
        if row != self.rows:
            raise changed(self.path)

    def places(self) -> tuple[Container, Array, Array]:
        """Where the rows lie, for going through many of them: the container, and its places, row 1 first."""
        return self._container, self._index.starts, self._index.lengths

    def raw_text(self, row: int, limit: int = 20_000) -> str:
        """At most `limit` characters of the row as the file has them, for looking at a bad one."""
        return self._container.raw(*self._place(row), limit)

    def conversation(self, row: int) -> Conversation:
        """What the row means.

        Raises:
            WorkbenchError: the row is bad, its format is unknown, or the file was changed.
            WrongUse: there is no such row.
        """
        self._checked(row)
        if reason := self.reason(row):
            raise WorkbenchError(reason, where=self._where(row))
        if self._format is None:
            raise WorkbenchError(self.why, where=str(self.path), remedy=self._what_to_do)
        try:
            return self._format.read(self.record(row), row)
        except RowProblem as problem:
            raise WorkbenchError(problem.args[0], where=self._where(row)) from problem

    def conversations(self) -> Iterator[Conversation]:
        """All good rows in order.

        Raises:
            WorkbenchError: their format is unknown, or the file was changed.
        """
        if self._format is None:
            raise WorkbenchError(self.why, where=str(self.path), remedy=self._what_to_do)
        for row, record in self.records(self.good_rows if self._bad else None):
            if record is None:
                raise WorkbenchError("the row cannot be read", where=self._where(row))
            try:
                yield self._format.read(record, row)
            except RowProblem as problem:
                raise WorkbenchError(problem.args[0], where=self._where(row)) from problem

    def why_not_trained(self) -> str | None:
        """The sentence with which training on this file is refused; None if it can be trained on."""
        # First: what the columns mean is of no use where no row can be read.
        if self._bad and not self.good_rows:
            bad = self.bad_rows[0]
            return f"none of its {self.rows:,} rows can be used; row {bad.row:,}: {bad.reason}."
        if self._format is None:
            return f"{self.why}. {self._what_to_do}"
        return None

    def training_note(self) -> str | None:
        """What of a row with two answers or a label is trained; None where there is nothing to say."""
        return _NOTES.get(self.format)

    def table(self) -> pyarrow.Table:
        """The rows for the eye: `#` (row number), each column as short safe text on one line, and `problem`.

        `problem` is there if any row is bad. It is mapped from files.
        """
        return self._index.table()

    def close(self) -> None:
        """Let go of the files; rows cannot be read after it."""
        self._container.close()

    @cached_property
    def _what_to_do(self) -> str:
        """The remedy where the format is unknown; every row that is asked for would make it anew."""
        return what_to_do(self.columns)

    def _place(self, row: int) -> tuple[int, int]:
        index = self._checked(row) - 1
        return int(self._index.starts[index]), int(self._index.lengths[index])

    def _checked(self, row: int) -> int:
        if not 1 <= row <= self.rows:
            raise WrongUse(f"there is no row {row:,}", where=str(self.path), remedy=f"It has {self.rows:,}.")
        return row

    def _where(self, row: int) -> str:
        return f"{self.path}, row {row:,}"
