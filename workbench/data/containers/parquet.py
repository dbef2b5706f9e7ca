"""Parquet: columns in row groups, of which a few at a time are held."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.atomic import write_failure
from workbench.data.containers.arrow_ipc import ArrowFile
from workbench.data.containers.base import Container
from workbench.data.containers.batches import BatchContainer
from workbench.data.source import Source
from workbench.data.text_file import NoRoom
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    import pyarrow
    import pyarrow.parquet

# A group is read whole for any row of it. Larger ones are copied once, in smaller pieces.
_LARGE_GROUP = 64 << 20
_COPIED_ROWS = 1024
_FIRST_ROWS = 1024


class Parquet(BatchContainer):
    """Every row of every row group. Values that JSON does not know become text."""

    name = "Parquet"

    def __init__(self, source: Source, *, first: bool = False) -> None:
        import pyarrow
        import pyarrow.parquet

        self.path = source.path
        self._source = source
        self.errors = (pyarrow.ArrowException, OSError, ValueError)
        try:
            # Without reading ahead, so that the first rows of a large group come at once.
            self.file = pyarrow.parquet.ParquetFile(source.seekable(), pre_buffer=False, buffer_size=1 << 20)
            names = self.file.schema_arrow.names
            groups = [self.file.metadata.row_group(index) for index in range(self.file.num_row_groups)]
        except self.errors as error:
            raise self.damaged(error) from error
        self.largest = max((group.total_byte_size for group in groups), default=0)
        rows = [group.num_rows for group in groups]
        if min(rows, default=0) < 0:
            raise self.damaged("it counts its rows wrongly")
        self._only_first = first and self.largest > _LARGE_GROUP
        if self._only_first:
            self.partial = sum(rows) > _FIRST_ROWS
            rows = [max(0, min(_FIRST_ROWS, sum(rows)))]
        super().__init__(source.path, names, rows)
        self.size = sum(group.total_byte_size for group in groups)

    def check(self) -> None:
        self._source.check()

    def load(self, index: int) -> pyarrow.RecordBatch:
        if self._only_first:
            if first := next(self.file.iter_batches(_FIRST_ROWS), None):
                return first
            raise ValueError("it has fewer rows than it says")
        return self.file.read_row_group(index, use_threads=False)

    def close(self) -> None:
        self._source.close()


def open_parquet(
    source: Source,
    *,
    first: bool,
    text_cache: Path | None,
    progress: Callable[[float], None] | None,
) -> Container:
    """The rows of a Parquet file. One with large row groups is copied, to `text_cache` if it is given.

    Raises:
        WorkbenchError: it is damaged.
        NoRoom: the copy cannot be written.
    """
    parquet = Parquet(source, first=first)
    if first or parquet.largest <= _LARGE_GROUP:
        return parquet
    copy = _kept(text_cache, parquet) if text_cache else None
    found = ArrowFile(copy or _copied(parquet, text_cache, progress), "Parquet", of=source)
    found.decoded = True
    return found


def _kept(text_cache: Path, parquet: Parquet) -> Source | None:
    """The copy in the cache, if it is there and whole: a crash of the machine may leave less of it."""
    try:
        copy = Source(text_cache, nameless=True)
        rows = ArrowFile(copy).parts(1)[-1].end
    except WorkbenchError:
        return None
    return copy if rows == parquet.file.metadata.num_rows else None


def _copied(parquet: Parquet, text_cache: Path | None, progress: Callable[[float], None] | None) -> Source:
    import pyarrow.ipc

    folder = text_cache.parent if text_cache else Path(tempfile.gettempdir())
    beside: Path | None = None
    rows = max(1, parquet.file.metadata.num_rows)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=".parquet.", dir=folder)
        beside = Path(name)
        done = 0
        with os.fdopen(handle, "wb") as file, pyarrow.ipc.new_stream(file, parquet.file.schema_arrow) as sink:
            for batch in parquet.file.iter_batches(_COPIED_ROWS):
                sink.write_batch(batch)
                done += batch.num_rows
                if progress:
                    progress(done / rows)
        if text_cache:
            beside.replace(text_cache)
            beside = None
            return Source(text_cache, nameless=True)
        return Source(Path(name), nameless=True)
    except OSError as error:
        if error.errno is None:
            raise parquet.damaged(error) from error
        failure = write_failure(folder, error)
        raise NoRoom(failure.problem, where=failure.where, remedy=failure.remedy) from error
    except parquet.errors as error:
        raise parquet.damaged(error) from error
    finally:
        # Where it is not kept, it lives as long as it is open.
        if beside:
            beside.unlink(missing_ok=True)
