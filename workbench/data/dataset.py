"""An opened data file: its rows, good and bad, by number."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.containers.base import Container
from workbench.data.conversation import BadRow, Conversation
from workbench.data.formats.detect import UNKNOWN, Format, what_to_do
from workbench.data.formats.fields import RowProblem
from workbench.errors import WorkbenchError, WrongUse

if TYPE_CHECKING:
    import pyarrow

_NOTES = {
    "preference": "of each row the prompt and the chosen answer are trained; the rejected one is not used",
    "kto": "rows whose label is true are trained, and those whose label is false are dropped",
}


class Dataset:
    """A file's rows, numbered from 1 in file order; each is good or bad.

    Rows are read from the file when they are asked for; only where they lie is held. Threads may share
    it. `format` is "unknown" where the columns belong to none, and `why` gives the reason for what it is.
    """

    def __init__(
        self,
        path: Path,
        container: Container,
        format: Format | None,
        why: str,
        columns: Sequence[str],
        bad_rows: Sequence[BadRow],
        starts: Sequence[int],
        lengths: Sequence[int],
    ) -> None:
        self.path = path
        self.container = container.name
        self.encoding = container.encoding
        self.format = format.name if format else UNKNOWN
        self.why = why
        self.columns = list(columns)
        self.bad_rows = list(bad_rows)
        self._container = container
        self._starts = starts
        self._lengths = lengths
        self._format = format
        self._reasons = {bad.row: bad.reason for bad in bad_rows}

    @property
    def rows(self) -> int:
        """How many rows there are: good ones and bad ones."""
        return len(self._starts)

    @cached_property
    def good_rows(self) -> list[int]:
        """The numbers of the rows that can be used."""
        return [row for row in range(1, self.rows + 1) if row not in self._reasons]

    def reason(self, row: int) -> str | None:
        """Why the row is bad; None if it is good."""
        return self._reasons.get(row)

    def record(self, row: int) -> dict[str, Any]:
        """The row as it stands in the file, column by column.

        Raises:
            WorkbenchError: the row cannot be read, or the file was changed.
            WrongUse: there is no such row.
        """
        value = self._value(self._checked(row))
        if isinstance(value, dict):
            return value
        raise WorkbenchError(self._reasons.get(row, "the row cannot be read"), where=self._where(row))

    def raw_text(self, row: int, limit: int = 20_000) -> str:
        """At most `limit` characters of the row as the file has them, for looking at a bad one."""
        index = self._checked(row) - 1
        return self._container.raw(self._starts[index], self._lengths[index], limit)

    def conversation(self, row: int) -> Conversation:
        """What the row means.

        Raises:
            WorkbenchError: the row is bad, its format is unknown, or the file was changed.
            WrongUse: there is no such row.
        """
        self._checked(row)
        if row in self._reasons:
            raise WorkbenchError(self._reasons[row], where=self._where(row))
        if self._format is None:
            raise WorkbenchError(self.why, where=str(self.path), remedy=what_to_do())
        try:
            return self._format.read(self.record(row), row)
        except RowProblem as problem:
            raise WorkbenchError(problem.args[0], where=self._where(row)) from problem

    def conversations(self) -> Iterator[Conversation]:
        """All good rows in file order."""
        for row in self.good_rows:
            yield self.conversation(row)

    def why_not_trained(self) -> str | None:
        """The sentence with which training on this file is refused; None if it can be trained on."""
        if self._format is None:
            return f"{self.why}. {what_to_do()}"
        if not self.good_rows:
            bad = self.bad_rows[0]
            return f"none of its {self.rows:,} rows can be used; row {bad.row:,}: {bad.reason}."
        return None

    def training_note(self) -> str | None:
        """What of a row with two answers or a label is trained; None where there is nothing to say."""
        return _NOTES.get(self.format)

    def table(self) -> pyarrow.Table:
        """The rows for the eye: `#` (row number), then each column as short safe text on one line."""
        from workbench.data.table import build_table

        return build_table(self)

    def values(self) -> Iterator[tuple[int, dict[str, Any] | None]]:
        """Every row's number and columns, in order; None in place of what cannot be read."""
        for row in range(1, self.rows + 1):
            value = self._value(row)
            yield row, value if isinstance(value, dict) else None

    def _value(self, row: int) -> object:
        return self._container.read(self._starts[row - 1], self._lengths[row - 1])

    def _checked(self, row: int) -> int:
        if not 1 <= row <= self.rows:
            raise WrongUse(f"there is no row {row:,}", where=str(self.path), remedy=f"It has {self.rows:,}.")
        return row

    def _where(self, row: int) -> str:
        return f"{self.path}, row {row:,}"
