"""Opening rows: container, encoding and format by content, and every row gone through once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.containers.base import Container, Located
from workbench.data.dataset import Dataset, Reading
from workbench.data.formats.detect import detect_format, find_format
from workbench.data.workers import WorkStopped
from workbench.errors import WorkbenchError
from workbench.paths import expanded

if TYPE_CHECKING:
    from workbench.data.formats.mapping import Mapping
    from workbench.data.index.job import Job

_SAMPLE = 200
# Bytes. The index of a smaller file is made anew in less time than the eye needs, so it is not kept.
KEPT_FROM = 1 << 20
_FIRST_S = 0.2
_FIRST_BYTES = 8 << 20


class OpeningStopped(WorkbenchError):
    """The user stopped the opening of a file."""


def open_dataset(
    path: str | Path,
    *,
    format: str | None = None,
    mapping: Mapping | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
    use_cache: bool = True,
) -> Dataset:
    """All rows, each one gone through, so that rows = good rows + bad rows.

    What was found is kept in the cache folder, so that the next opening is quick. A large file is gone
    through by worker processes.

    Args:
        path: a file, whatever its name says; a folder, a glob, `dataset_info.json#entry` or a hub id.
        format: take the rows as this format instead of detecting it.
        mapping: which column is what, instead of what a registry beside the file says.
        progress: told the share that is done, 0 to 1, now and then.
        cancelled: asked now and then whether to stop.
        use_cache: whether what was found before may be used.

    Raises:
        WorkbenchError: the file is missing, empty, unreadable, or holds no rows; or it was changed meanwhile.
        OpeningStopped: `cancelled` said so.
        WrongUse: there is no such format.
    """
    from workbench.data.index.build import build_index, pass_over
    from workbench.data.index.cache import kept_index, made_index

    opened = _opened(path, format, mapping)
    container, job = opened.container, opened.job
    index = kept_index(opened.fingerprint, job) if use_cache and container.size >= KEPT_FROM else None
    try:
        if index is None and container.size < KEPT_FROM:
            index = pass_over(job, container, container.scan(), progress, cancelled)
        elif index is None:
            index = made_index(
                opened.fingerprint,
                job,
                lambda folder: build_index(job, container, folder, progress, cancelled),
            )
    except WorkStopped as stopped:
        raise OpeningStopped("opening the file was stopped", where=opened.spec) from stopped
    if not index.rows:
        raise WorkbenchError("the file holds no rows", where=opened.spec, remedy="Give a file with rows.")
    if progress:
        progress(1.0)
    return Dataset(
        opened.spec, container, opened.reading, index, fingerprint=opened.fingerprint, notes=opened.notes
    )


def first_rows(
    path: str | Path, *, format: str | None = None, mapping: Mapping | None = None, most: int = 1000
) -> Dataset:
    """The first rows, up to `most`, at once whatever the file's size. Its `complete` is false.

    Raises:
        WorkbenchError: the file is missing, empty, unreadable, or holds no rows.
        WrongUse: there is no such format.
    """
    from workbench.data.index.build import pass_over

    opened = _opened(path, format, mapping, first=_FIRST_BYTES)
    container = opened.container
    index = pass_over(opened.job, container, islice(_soon(container.scan()), most), None, None)
    if not index.rows:
        raise WorkbenchError("the file holds no rows", where=opened.spec, remedy="Give a file with rows.")
    return Dataset(
        opened.spec,
        container,
        opened.reading,
        index,
        fingerprint=opened.fingerprint,
        notes=opened.notes,
        complete=False,
    )


@dataclass(frozen=True)
class _Opened:
    """What is known before the rows are gone through."""

    spec: str
    container: Container
    job: Job
    reading: Reading
    fingerprint: str
    notes: list[str]


def _opened(
    path: str | Path, format: str | None, mapping: Mapping | None, *, first: int | None = None
) -> _Opened:
    from workbench.data.index.job import Job

    if format:
        find_format(format)
    spec = expanded(path)
    container = Job((spec,), None).container()
    reading, notes = _reading(container, format, mapping)
    name = None if reading.format is None else reading.format.name
    job = Job((spec,), None, name, reading.mapping)
    return _Opened(str(path), container, job, reading, _fingerprint(spec), [*container.notes, *notes])


def _reading(container: Container, format: str | None, mapping: Mapping | None) -> tuple[Reading, list[str]]:
    """How the rows are read: as the user says, as the registry beside the file says, or as they look."""
    from workbench.data.formats.mapping import mapped_format
    from workbench.data.registry import entry_for

    if mapping is not None:
        return Reading(mapped_format(mapping), "mapped by you", mapping), []
    if format:
        return Reading(find_format(format), "chosen by you"), []
    entry, note = entry_for(container.path)
    if entry is not None:
        return Reading(mapped_format(entry.mapping), note, entry.mapping), []
    found, why = detect_format(container.sample(_SAMPLE))
    if container.name == "text":
        why = "lines of plain text"
    return Reading(found, why), [note] if note else []


def _soon(rows: Iterator[Located]) -> Iterator[Located]:
    """Rows until a fifth of a second has passed, but one at least."""
    began = time.monotonic()
    for row in rows:
        yield row
        if time.monotonic() - began > _FIRST_S:
            return


def _fingerprint(path: Path) -> str:
    from xxhash import xxh3_64

    facts = path.stat()
    return xxh3_64(f"{path.resolve()} {facts.st_size} {facts.st_mtime_ns}".encode()).hexdigest()
