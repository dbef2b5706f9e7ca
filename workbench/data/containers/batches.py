"""Rows in Arrow record batches, of which a few at a time are held: Parquet, and Arrow's own files."""

from __future__ import annotations

import bisect
import datetime
import json
import threading
from abc import abstractmethod
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.containers.base import Container, Located, Part, Unreadable
from workbench.data.containers.delimited import unique_names
from workbench.data.containers.json_values import Refused, check_depth
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import pyarrow

# Rows that become Python values at once.
_SLICE = 512
_HELD = 2
_SOURCE_BYTES_SHOWN = 1 << 16


class BatchContainer(Container):
    """A place is a row's number, from 0, in the file. `damage` says what is missing at the end."""

    encoding = "binary"

    def __init__(self, path: Path, names: Sequence[str], rows: Sequence[int]) -> None:
        self.path = path
        self.columns = unique_names(names)
        # The first row of each batch, and behind the last one the number of rows.
        self._firsts = [0]
        for count in rows:
            self._firsts.append(self._firsts[-1] + count)
        self._damage: str | None = None
        self._held: OrderedDict[int, pyarrow.RecordBatch | str] = OrderedDict()
        self._lock = threading.Lock()

    @abstractmethod
    def check(self) -> None:
        """Raise WorkbenchError if the file is not what it was: what is held of it would still be given."""

    @abstractmethod
    def load(self, index: int) -> pyarrow.RecordBatch:
        """A batch. Anything that is wrong in it raises an ArrowException, OSError or ValueError."""

    def parts(self, count: int) -> list[Part]:
        batches = len(self._firsts) - 1
        cuts = sorted({self._firsts[batches * index // count] for index in range(count + 1)})
        return [Part(start, end) for start, end in pairwise(cuts)] or [Part(0, 0)]

    def scan(self, part: Part | None = None) -> Iterator[Located]:
        part = part or Part(0, self._firsts[-1])
        row = part.start
        while row < part.end:
            index = self._batch_of(row)
            # A batch may have no rows; the one that is found has this one.
            batch = self._loaded(index)
            end = self._firsts[index + 1]
            if isinstance(batch, str):
                yield row, 1, self._unreadable(batch, end - row)
                row = end
            while row < end:
                count = min(_SLICE, end - row)
                for value in self._values(batch, row - self._firsts[index], count):
                    yield row, 1, value
                    row += 1
        if part.end == self._firsts[-1] and self._damage:
            yield self._firsts[-1], 0, Unreadable(self._damage)

    def read(self, start: int, length: int) -> object:
        if start >= self._firsts[-1]:
            return Unreadable(self._damage or "there is no such row")
        index = self._batch_of(start)
        batch = self._loaded(index)
        if isinstance(batch, str):
            return self._unreadable(batch, self._firsts[index + 1] - start)
        return self._values(batch, start - self._firsts[index], 1)[0]

    def raw(self, start: int, length: int, limit: int) -> str:
        value = self.read(start, length)
        if isinstance(value, Unreadable):
            return ""
        return json.dumps(value, ensure_ascii=False)[:limit]

    def fraction(self, part: Part | None, start: int) -> float:
        return super().fraction(part or Part(0, self._firsts[-1]), start)

    def _batch_of(self, row: int) -> int:
        return bisect.bisect_right(self._firsts, row) - 1

    def _loaded(self, index: int) -> pyarrow.RecordBatch | str:
        """A batch, or why it cannot be read."""
        import pyarrow

        self.check()
        with self._lock:
            if index not in self._held:
                found: pyarrow.RecordBatch | str
                try:
                    found = self.load(index)
                    if found.num_rows != self._firsts[index + 1] - self._firsts[index]:
                        found = "it has another number of rows than is said of it"
                except (pyarrow.ArrowException, OSError, ValueError, MemoryError) as error:
                    found = first_line(error)
                self._held[index] = found
                if len(self._held) > _HELD:
                    self._held.popitem(last=False)
            self._held.move_to_end(index)
            return self._held[index]

    def _unreadable(self, reason: str, count: int) -> Unreadable:
        """Rows whose batch is damaged count as one, since their number may be damaged as well."""
        return Unreadable(f"the {count:,} rows that are stored together here cannot be read: {reason}")

    def _values(self, batch: pyarrow.RecordBatch, start: int, count: int) -> list[object]:
        columns = [_cells(batch.column(index), start, count) for index in range(batch.num_columns)]
        if len(columns) < len(self.columns):
            return [Unreadable("columns are missing in its part of the file")] * count
        return [self._row(cells) for cells in zip(*columns, strict=True)] if columns else [{}] * count

    def _row(self, cells: tuple[object, ...]) -> object:
        for name, cell in zip(self.columns, cells, strict=True):
            if isinstance(cell, Unreadable):
                return Unreadable(f"the column {name!r} {cell.reason}")
        return dict(zip(self.columns, cells, strict=True))

    def damaged(self, error: object) -> WorkbenchError:
        return WorkbenchError(
            f"the {self.name} file cannot be read: {first_line(error)}",
            where=str(self.path),
            remedy="It may be incomplete; copy or download it again.",
        )


def first_line(error: object) -> str:
    """What a library says, without its line breaks and details."""
    lines = str(error).strip().splitlines()
    return lines[0][:200].rstrip(".") if lines else "it is damaged"


def checked(batch: pyarrow.RecordBatch) -> pyarrow.RecordBatch:
    """`batch`, if nothing in it points outside of it: reading such a one would end the process.

    Raises:
        pyarrow.ArrowException: something does.
    """
    try:
        batch.validate(full=True)
    except Exception as error:
        # Text that is not UTF-8 costs its row alone, and is found again when it is read.
        if "utf8" not in str(error).lower() or not all(_is_sound(column) for column in batch.columns):
            raise
    return batch


def _is_sound(column: pyarrow.Array) -> bool:
    """Whether the column is in order but for text that is not UTF-8."""
    import pyarrow

    kind = column.type
    if pyarrow.types.is_string(kind) or pyarrow.types.is_large_string(kind):
        binary = pyarrow.binary() if pyarrow.types.is_string(kind) else pyarrow.large_binary()
        column = column.view(binary)
    try:
        column.validate(full=True)
    except pyarrow.ArrowException:
        return False
    return True


def _cells(column: pyarrow.Array, start: int, count: int) -> list[Any]:
    """The values as JSON could hold them; one that cannot be is Unreadable."""
    column = column.slice(start, count)
    if getattr(column.type, "unit", None) == "ns":
        # Python has no such times, and pandas, which has, is slow to come.
        return [_cell(column, index) for index in range(count)]
    simple = _is_simple(column.type)
    try:
        values = column.to_pylist()
    except Exception:  # whatever one odd value makes a library raise costs that value alone
        return [_cell(column, index) for index in range(count)]
    return values if simple else [_safe(value) for value in values]


def _is_simple(kind: pyarrow.DataType) -> bool:
    import pyarrow

    types = pyarrow.types
    tests = (types.is_string, types.is_large_string, types.is_boolean, types.is_integer, types.is_floating)
    return any(test(kind) for test in tests)


def _cell(column: pyarrow.Array, index: int) -> object:
    try:
        if getattr(column.type, "unit", None) == "ns":
            raise TypeError("Python has no nanoseconds")
        return _safe(column[index].as_py())
    except UnicodeDecodeError:
        return Unreadable("is not valid UTF-8")
    except Exception as error:
        # Such as a time in nanoseconds, which Python has not: Arrow itself can write it.
        try:
            import pyarrow

            return column.slice(index, 1).cast(pyarrow.string())[0].as_py()
        except Exception:
            return Unreadable(f"cannot be read: {first_line(error)}")


def _safe(value: object) -> object:
    plain = _plain(value)
    try:
        check_depth(plain)
    except Refused:
        return Unreadable("is nested too deeply")
    return plain


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        if len(value) > _SOURCE_BYTES_SHOWN:
            return f"({len(value):,} bytes)"
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
