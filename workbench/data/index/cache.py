"""Indexes kept in the cache folder under the file's fingerprint, and what becomes of old and broken ones."""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from xxhash import xxh3_64

from workbench.atomic import write_failure
from workbench.data.index.folder import TOLD, Damaged, map_index
from workbench.data.index.index import Index
from workbench.data.index.job import Job
from workbench.paths import cache_dir

MOST_BYTES = 4 << 30
MOST_ENTRIES = 500
_MAKING = ".workbench-making-"
_LOCK = "lock"
_TEXTS = "texts"
# A folder of this age that nobody holds was left by a program that was killed.
_ABANDONED_S = 60.0
# How a row is read and what is kept of it is told by these; an index made by others is not used.
_SOURCES = (
    *("containers", "formats", "health", "index", "arrays.py", "compression.py", "conversation.py"),
    *("encodings.py", "source.py", "table.py", "text_file.py", "../untrusted.py"),
)


def data_cache() -> Path:
    """The folder of all indexes, and of the texts that had to be decoded."""
    return cache_dir() / "data"


def place_for_texts(fingerprint: str) -> Path | None:
    """The folder for the decoded text of these files; None where nothing can be kept."""
    return data_cache() / _TEXTS / fingerprint if _writable() == data_cache() else None


def kept_index(fingerprint: str, job: Job) -> Index | None:
    """The index that was kept, if there is one and it is whole."""
    folder = _place(fingerprint, job)
    try:
        found = map_index(folder)
    except Damaged:
        return None
    with suppress(OSError):  # the cache may be read-only
        os.utime(folder / TOLD)
    return found


def made_index(fingerprint: str, job: Job, make: Callable[[Path], None]) -> Index:
    """Have `make` fill an empty folder with the index, and keep it.

    Where the cache folder cannot be written, it is made among the temporary files and used this once.

    Raises:
        WorkbenchError: the disk is full, or no folder can be written; and what `make` raises.
    """
    root = _writable()
    try:
        with _making(root) as beside:
            make(beside)
            # Mapped before it takes its place: from then on other programs may remove it.
            index = map_index(beside)
            index.folder = _take_place(beside, _place(fingerprint, job)) if root == data_cache() else None
    except OSError as error:
        raise write_failure(root, error) from error
    if index.folder:
        _make_room(index.folder)
    return index


def clear_leftovers(root: Path) -> None:
    """Remove what programs that were killed have left half made."""
    for folder in root.glob(f"{_MAKING}*"):
        with suppress(OSError):
            if time.time() - folder.stat().st_mtime < _ABANDONED_S:
                continue
            lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT)
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(folder, ignore_errors=True)
            finally:
                os.close(lock)


def _writable() -> Path:
    """The cache folder, or where temporary files go."""
    root = data_cache()
    try:
        root.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=root):
            return root
    except OSError:
        return Path(tempfile.gettempdir())


@contextmanager
def _making(root: Path) -> Iterator[Path]:
    """A new folder in `root` that is known to be in use; removed afterwards unless it was renamed."""
    clear_leftovers(root)
    folder = Path(tempfile.mkdtemp(prefix=_MAKING, dir=root))
    lock = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield folder
    finally:
        os.close(lock)
        shutil.rmtree(folder, ignore_errors=True)


def _take_place(beside: Path, place: Path) -> Path | None:
    """Give a folder its name; one that stands there is damaged, or another program was quicker."""
    with suppress(OSError):
        (beside / _LOCK).unlink()
        if place.exists():
            old = Path(tempfile.mkdtemp(prefix=_MAKING, dir=place.parent))
            with suppress(OSError):
                place.rename(old)
            shutil.rmtree(old, ignore_errors=True)
        beside.rename(place)
        return place
    return None


def _make_room(keep: Path) -> None:
    """Remove what was longest not used, until the rest is small enough."""
    entries = []
    for entry in [*data_cache().glob("*-*"), *(data_cache() / _TEXTS).glob("*")]:
        with suppress(OSError):  # another program may remove it at this moment
            files = [file.stat() for file in entry.rglob("*")] if entry.is_dir() else [entry.stat()]
            used = max((file.st_mtime for file in files), default=0.0)
            entries.append((used, sum(file.st_size for file in files), entry))
    entries.sort(key=lambda entry: entry[0])
    total, count = sum(size for _, size, _ in entries), len(entries)
    for _, size, entry in entries:
        if total <= MOST_BYTES and count <= MOST_ENTRIES:
            return
        if entry == keep:
            continue
        with suppress(OSError):
            shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
            total, count = total - size, count - 1


def _place(fingerprint: str, job: Job) -> Path:
    how = json.dumps([job.format, job.mapping.as_entry() if job.mapping else None, code_version(_SOURCES)])
    return data_cache() / f"{fingerprint}-{xxh3_64(how.encode()).hexdigest()}"


@lru_cache
def code_version(sources: tuple[str, ...]) -> str:
    """A checksum of these modules and folders of `workbench/data`, which decide what is kept."""
    found = xxh3_64()
    here = Path(__file__).parents[1]
    for name in sources:
        place = here / name
        for file in sorted(place.glob("*.py")) if place.is_dir() else [place]:
            found.update(file.read_bytes())
    return found.hexdigest()
