"""Parquet: columns in row groups, of which one at a time is held."""

from __future__ import annotations

import bisect
import datetime
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.data.containers.base import Container
from workbench.errors import WorkbenchError

_BATCH = 1024


class Parquet(Container):
    """Every row of every row group. Values that JSON does not know become text."""

    name = "Parquet"
    encoding = "binary"

    def __init__(self, path: Path) -> None:
        import pyarrow
        import pyarrow.parquet

        self._path = path
        self._errors = (pyarrow.ArrowException, OSError)
        try:
            self._file = pyarrow.parquet.ParquetFile(path)
        except self._errors as error:
            raise self._damaged(error) from error
        self.columns = tuple(self._file.schema_arrow.names)
        # The first row, from 0, of each group, and behind the last one the number of rows.
        self._firsts = [0]
        for group in range(self._file.num_row_groups):
            self._firsts.append(self._firsts[-1] + self._file.metadata.row_group(group).num_rows)
        self._scanned = 0
        self._held: tuple[int, Any] | None = None
        self._lock = threading.Lock()

    def scan(self) -> Iterator[object]:
        for value in self._values():
            self._scanned += 1
            yield value

    def sample(self, count: int) -> list[object]:
        found: list[object] = []
        for value in self._values():
            found.append(value)
            if len(found) == count:
                break
        return found

    def read(self, row: int) -> object:
        group = bisect.bisect_right(self._firsts, row - 1) - 1
        with self._lock:
            if self._held is None or self._held[0] != group:
                try:
                    self._held = (group, self._file.read_row_group(group))
                except self._errors as error:
                    raise self._damaged(error) from error
            return _plain(self._held[1].slice(row - 1 - self._firsts[group], 1).to_pylist()[0])

    def raw(self, row: int, limit: int) -> str:
        return json.dumps(self.read(row), ensure_ascii=False)[:limit]

    def __len__(self) -> int:
        return self._scanned

    @property
    def fraction(self) -> float:
        return self._scanned / max(1, self._firsts[-1])

    def _values(self) -> Iterator[object]:
        try:
            for batch in self._file.iter_batches(_BATCH):
                for value in batch.to_pylist():
                    yield _plain(value)
        except self._errors as error:
            raise self._damaged(error) from error

    def _damaged(self, error: Exception) -> WorkbenchError:
        return WorkbenchError(
            f"the Parquet file cannot be read: {str(error).splitlines()[0]}",
            where=str(self._path),
            remedy="It may be incomplete; copy or download it again.",
        )


def _plain(value: Any) -> Any:
    """`value` as JSON could hold it."""
    if value is None or isinstance(value, str | int | float | bool):
        return value
    if isinstance(value, dict):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)
