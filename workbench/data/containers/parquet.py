"""Parquet: columns in row groups, of which one at a time is held."""

from __future__ import annotations

import bisect
import datetime
import json
import threading
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

from workbench.data.containers.base import Container, Located, Part
from workbench.errors import WorkbenchError

_BATCH = 1024


class Parquet(Container):
    """Every row of every row group. Values that JSON does not know become text."""

    name = "Parquet"
    encoding = "binary"

    def __init__(self, path: Path) -> None:
        import pyarrow
        import pyarrow.parquet

        self.path = path
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
        self.size = self._firsts[-1]
        self._held: tuple[int, Any] | None = None
        self._lock = threading.Lock()

    def parts(self, count: int) -> list[Part]:
        cuts = sorted({self._firsts[len(self._firsts[1:]) * index // count] for index in range(count + 1)})
        return [Part(start, end) for start, end in pairwise(cuts)] or [Part(0, 0)]

    def scan(self, part: Part | None = None) -> Iterator[Located]:
        part = part or Part(0, self._firsts[-1])
        groups = range(self._group(part.start), self._group(part.end - 1) + 1) if part.end else range(0)
        row = part.start
        try:
            for batch in self._file.iter_batches(_BATCH, row_groups=list(groups)):
                for value in batch.to_pylist():
                    yield row, 1, _plain(value)
                    row += 1
        except self._errors as error:
            raise self._damaged(error) from error

    def read(self, start: int, length: int) -> object:
        group = self._group(start)
        with self._lock:
            if self._held is None or self._held[0] != group:
                try:
                    self._held = (group, self._file.read_row_group(group))
                except self._errors as error:
                    raise self._damaged(error) from error
            return _plain(self._held[1].slice(start - self._firsts[group], 1).to_pylist()[0])

    def raw(self, start: int, length: int, limit: int) -> str:
        return json.dumps(self.read(start, length), ensure_ascii=False)[:limit]

    def _group(self, row: int) -> int:
        return bisect.bisect_right(self._firsts, row) - 1

    def _damaged(self, error: Exception) -> WorkbenchError:
        return WorkbenchError(
            f"the Parquet file cannot be read: {str(error).splitlines()[0]}",
            where=str(self.path),
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
