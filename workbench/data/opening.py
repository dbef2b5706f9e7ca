"""Opening rows: container, encoding and format by content, and every row gone through once."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.data.containers.base import Container, Located
from workbench.data.dataset import Dataset, Reading
from workbench.data.formats.detect import detect_format, find_format
from workbench.data.workers import WorkStopped
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.formats.mapping import Mapping
    from workbench.data.index.index import Index
    from workbench.data.index.job import Job
    from workbench.data.locate import Target

_SAMPLE = 200
# Bytes. The index of a smaller file is made anew in less time than the eye needs, so it is not kept.
KEPT_FROM = 1 << 20
_FIRST_S = 0.2
_FIRST_BYTES = 2 << 20


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

    try:
        target = _target(path, format, progress, cancelled)
        opened = _opened(target, format, mapping, decoding=_decoding(progress, cancelled))
        container, job, key = opened.container, opened.job, opened.fingerprint
        index = kept_index(key, job) if use_cache and container.size >= KEPT_FROM else None
        if index is None and container.size < KEPT_FROM:
            index = pass_over(job, container, container.scan(), progress, cancelled)
        elif index is None:

            def make(folder: Path) -> None:
                build_index(job, container, folder, progress, cancelled)
                # Looked at before it is kept.
                _check_unchanged(target, key, container)

            index = made_index(key, job, make)
    except WorkStopped as stopped:
        raise OpeningStopped("opening was stopped", where=str(path)) from stopped
    _check_unchanged(target, key, container)
    if progress:
        progress(1.0)
    return _dataset(opened, index, complete=True)


def first_rows(
    path: str | Path, *, format: str | None = None, mapping: Mapping | None = None, most: int = 1000
) -> Dataset:
    """The first rows, up to `most`, at once whatever the file's size. Its `complete` is false.

    Raises:
        WorkbenchError: the file is missing, empty, unreadable, or holds no rows.
        WrongUse: there is no such format.
    """
    from workbench.data.index.build import pass_over

    target = _target(path, format, None, None)
    first = _FIRST_BYTES
    while True:
        opened = _opened(target, format, mapping, first=first)
        rows = islice(_soon(opened.container.scan()), most)
        index = pass_over(opened.job, opened.container, rows, None, None)
        if index.rows or not opened.container.partial:
            return _dataset(opened, index, complete=False)
        # The first row is longer.
        opened.container.close()
        first *= 16


@dataclass(frozen=True)
class _Opened:
    """What is known before the rows are gone through."""

    spec: str
    container: Container
    job: Job
    reading: Reading
    fingerprint: str
    notes: list[str]


def _target(
    path: str | Path,
    format: str | None,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
) -> Target:
    from workbench.data.locate import locate

    if format:
        find_format(format)
    return locate(path, progress=progress, cancelled=cancelled)


def _opened(
    target: Target,
    format: str | None,
    mapping: Mapping | None,
    *,
    first: int | None = None,
    decoding: Callable[[float], None] | None = None,
) -> _Opened:
    from workbench.data.containers.several import open_files
    from workbench.data.index.cache import place_for_texts
    from workbench.data.index.job import Job
    from workbench.data.locate import fingerprint

    key = fingerprint(target)
    texts = place_for_texts(key) if first is None and _bytes(target) >= KEPT_FROM else None
    container = open_files(target.files, first=first, texts=texts, progress=decoding)
    reading, notes = _reading(target, container, format, mapping)
    name = None if reading.format is None else reading.format.name
    job = Job(target.files, texts, name, reading.mapping)
    return _Opened(target.spec, container, job, reading, key, [*target.notes, *container.notes, *notes])


def _dataset(opened: _Opened, index: Index, *, complete: bool) -> Dataset:
    """The data set of a file that has been gone through.

    Raises:
        WorkbenchError: it holds no rows.
    """
    from workbench.data.formats.mapping import left_out_columns, missing_columns

    if not index.rows:
        raise WorkbenchError("the file holds no rows", where=opened.spec, remedy="Give a file with rows.")
    notes = list(opened.notes)
    if complete and opened.reading.mapping:
        said = (missing_columns, left_out_columns)
        notes += filter(None, (say(opened.reading.mapping, index.columns) for say in said))
    return Dataset(
        opened.spec,
        opened.container,
        opened.reading,
        index,
        fingerprint=opened.fingerprint,
        notes=notes,
        complete=complete,
    )


def _reading(
    target: Target, container: Container, format: str | None, mapping: Mapping | None
) -> tuple[Reading, list[str]]:
    """How the rows are read: as the user says, else a registry, else as they look; and notes on that."""
    from workbench.data.formats.mapping import mapped_format
    from workbench.data.formats.mapping_text import mapping_text
    from workbench.data.registry import NAME, entry_for

    if mapping is not None:
        chosen = mapping_text(mapping)
        return Reading(mapped_format(mapping), "mapped by you", mapping, chosen), []
    if format:
        return Reading(find_format(format), "chosen by you", chosen=format), []
    entry, note = target.entry, ""
    if entry is not None:
        note = f'entry "{entry.name}" of {NAME}'
    elif len(target.files) == 1:
        entry, note = entry_for(target.files[0])
    if entry is not None:
        count = entry.num_samples
        notes = [f"all rows are opened, though the entry has num_samples {count:,}"] if count else []
        return Reading(mapped_format(entry.mapping), note, entry.mapping), notes
    found, why = detect_format(container.sample(_SAMPLE))
    if container.name == "text":
        why = "lines of plain text"
    return Reading(found, why), [note] if note else []


def _bytes(target: Target) -> int:
    """The size of all files, as far as they are there."""
    total = 0
    for file in target.files:
        with suppress(OSError, ValueError):
            total += file.stat().st_size
    return total


def _check_unchanged(target: Target, key: str, container: Container) -> None:
    from workbench.data.locate import fingerprint

    if fingerprint(target) != key:
        raise WorkbenchError(
            "the file was changed while it was read", where=str(container.path), remedy="Open it again."
        )


def _decoding(
    progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None
) -> Callable[[float], None]:
    """What is told how far decompressing or re-encoding is; it may stop it."""

    def told(share: float) -> None:
        if cancelled and cancelled():
            raise WorkStopped("it was stopped")
        if progress:
            progress(share)

    return told


def _soon(rows: Iterator[Located]) -> Iterator[Located]:
    """Rows until a fifth of a second has passed, but one at least."""
    began = time.monotonic()
    for row in rows:
        yield row
        if time.monotonic() - began > _FIRST_S:
            return
