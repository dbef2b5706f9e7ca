"""What is kept of every row for lengths, duplicates and health: a few numbers, column by column."""

from __future__ import annotations

import enum
from array import array
from collections.abc import Callable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    import numpy
    import pyarrow


class Flag(enum.IntFlag):
    """What is wrong with one row by itself."""

    BAD = 1
    EMPTY_TURN = 2  # a turn without a visible character
    ONE_SIDED = 4  # nobody asks, or nobody answers
    ROLE_ORDER = 8  # turns that do not alternate, a late system turn, an end that is no answer
    PLACEHOLDER = 16  # {{name}} left in a text
    CONTROL = 32  # controls other than tab and line breaks, also of direction; characters without width
    REPLACEMENT = 64  # U+FFFD, which stands for what an earlier program could not decode


class RowFacts(NamedTuple):
    """Numbers of one row. Characters are counted by who says them.

    `assistant_chars` holds function calls and the chosen of two answers, `tool_chars` what tools return
    and the tools on offer, `text_chars` what nobody says: plain text, and the texts of rows whose format is
    unknown or which are bad. A hash is 0 where there is nothing to hash: `row_hash` is of all columns and
    values, `prompt_hash` of what the last answer answers, with the tools, `answer_hash` of that answer.
    """

    system_chars: int
    user_chars: int
    assistant_chars: int
    tool_chars: int
    text_chars: int
    turns: int
    flags: int
    language: int
    row_hash: int
    prompt_hash: int
    answer_hash: int


CHARS = ("system_chars", "user_chars", "assistant_chars", "tool_chars", "text_chars")
# array's type codes; Arrow has the same widths.
_CODES = dict.fromkeys(CHARS, "I") | {"turns": "I", "flags": "H", "language": "B"}
_CODES |= dict.fromkeys(("row_hash", "prompt_hash", "answer_hash"), "Q")
# The largest number of characters that is told apart.
MOST_CHARS = 2**32 - 1


class FactsColumns:
    """Facts of rows one after the other, 53 bytes a row."""

    def __init__(self) -> None:
        self._columns = [array(_CODES[name]) for name in RowFacts._fields]
        self._waiting: list[RowFacts] = []
        # Rows wait as tuples: turning many into columns at once is several times quicker.
        self.append: Callable[[RowFacts], None] = self._waiting.append

    def __len__(self) -> int:
        return len(self._columns[0]) + len(self._waiting)

    def settle(self) -> None:
        """Turn the waiting rows into columns; call it every few thousand rows to bound memory."""
        if self._waiting:
            for column, values in zip(self._columns, zip(*self._waiting, strict=True), strict=True):
                column.extend(values)
            self._waiting.clear()

    def to_arrow(self) -> pyarrow.RecordBatch:
        """All rows as a record batch of `facts_schema()`."""
        import pyarrow

        from workbench.data.arrays import number_array

        self.settle()
        return pyarrow.record_batch([number_array(column) for column in self._columns], schema=facts_schema())


def facts_schema() -> pyarrow.Schema:
    """The Arrow schema of facts: RowFacts' fields by name."""
    import pyarrow

    types = {"I": pyarrow.uint32(), "H": pyarrow.uint16(), "B": pyarrow.uint8(), "Q": pyarrow.uint64()}
    return pyarrow.schema([(name, types[_CODES[name]]) for name in RowFacts._fields])


class Facts:
    """The facts of all rows as numpy arrays; row `n` of the file is element `n - 1`."""

    def __init__(self, table: pyarrow.Table) -> None:
        self._table = table

    @classmethod
    def of(cls, rows: Sequence[RowFacts]) -> Facts:
        """Facts held in memory, of rows that were gone through just now."""
        import pyarrow

        columns = FactsColumns()
        for row in rows:
            columns.append(row)
        return cls(pyarrow.Table.from_batches([columns.to_arrow()], facts_schema()))

    def __len__(self) -> int:
        return int(self._table.num_rows)

    @cached_property
    def chars(self) -> numpy.ndarray[Any, Any]:
        """Characters of every row, by whomever they are said; uint64."""
        import numpy

        total = numpy.zeros(len(self), numpy.uint64)
        for name in CHARS:
            total += getattr(self, name)
        return total

    def __getattr__(self, name: str) -> numpy.ndarray[Any, Any]:
        if name not in RowFacts._fields:
            raise AttributeError(name)
        from workbench.data.arrays import numbers_in

        # One chunk is looked at where it lies; several are joined once.
        found = numbers_in(self._table.column(name))
        self.__dict__[name] = found
        return found

    def with_flag(self, flag: Flag) -> numpy.ndarray[Any, Any]:
        """Numbers of the rows that have the flag, ascending."""
        import numpy

        return numpy.flatnonzero(self.flags & flag.value) + 1
