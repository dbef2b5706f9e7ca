"""Several files as one set: their rows one after another, whatever container and encoding each one is."""

from __future__ import annotations

import os
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from workbench.data.containers.base import Container, Located, Part, Unreadable
from workbench.data.containers.sniff import open_container
from workbench.data.source import changed
from workbench.data.text_file import NoRoom
from workbench.data.workers import WorkStopped
from workbench.errors import WorkbenchError

# A place is the number of the file, from 0, above the place in that file: up to 256 TiB a file.
_SHIFT = 48
_INSIDE = (1 << _SHIFT) - 1
MOST_FILES = 1 << (64 - _SHIFT)
# Files that are held open, and files that are looked into to say what the set is.
_MOST_OPEN = 32
_LOOKED_INTO = 64
_LOOK = 256 << 10


def open_files(
    files: Sequence[Path],
    *,
    first: int | None = None,
    texts: Path | None = None,
    progress: Callable[[float], None] | None = None,
) -> Container:
    """The rows of one file, or of several as one set, not yet gone through.

    Args:
        files: at least one.
        first: look at no more than about so many bytes of each, for a quick first look.
        texts: the folder in which decompressed or re-encoded text is kept.
        progress: told the share, 0 to 1, of such decoding; what it raises stops it.

    Raises:
        WorkbenchError: the only file cannot be opened, or none of them.
    """
    if len(files) == 1:
        return open_container(files[0], first=first, text_cache=_text_cache(texts, 0), progress=progress)
    return Several(files, first=first, texts=texts, progress=progress)


def _text_cache(texts: Path | None, index: int) -> Path | None:
    return texts / f"{index}.text" if texts else None


class Several(Container):
    """Files as one set. One that cannot be opened is one bad row, with its name and the reason.

    A file that is changed later makes every reading of it raise WorkbenchError: as a bad row it would shift
    the numbers of all rows behind it.
    """

    def __init__(
        self,
        files: Sequence[Path],
        *,
        first: int | None = None,
        texts: Path | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        if len(files) > MOST_FILES:
            raise WorkbenchError(f"{len(files):,} files are too many for one set", where=str(files[0].parent))
        self._files = list(files)
        self._first = first
        self._texts = texts
        self._progress = progress
        self._stamps = [_stamp(file) for file in files]
        self._lock = threading.Lock()
        self._open: OrderedDict[int, Container] = OrderedDict()
        self.path = Path(os.path.commonpath([file.parent for file in files]))
        self._sizes = [max(1, size) for size, _ in self._stamps]
        self.size = sum(self._sizes)
        self._before = [0]
        for size in self._sizes:
            self._before.append(self._before[-1] + size)
        self._look()
        self.partial = first is not None

    def _look(self) -> None:
        """Say what the files are, by the beginnings of the first of them."""
        names: dict[str, None] = {}
        encodings: dict[str, None] = {}
        columns: dict[str, None] = {}
        problem: WorkbenchError | None = None
        for file in self._files[:_LOOKED_INTO]:
            try:
                look = open_container(file, first=_LOOK)
            except WorkbenchError as error:
                problem = problem or error
                continue
            names[look.name] = encodings[look.encoding] = None
            columns.update(dict.fromkeys(look.columns))
            look.close()
        if problem and not names and len(self._files) <= _LOOKED_INTO:
            raise problem
        self.name = " and ".join(names) or "unknown"
        self.encoding = " and ".join(encodings) or "unknown"
        self.columns = tuple(columns)
        self.notes = (f"{len(self._files):,} files are one set",)

    def sample(self, count: int) -> list[object]:
        found: list[object] = []
        looked_into = self._files[:_LOOKED_INTO]
        for file in looked_into:
            try:
                look = open_container(file, first=_LOOK)
                found += look.sample(max(1, count // len(looked_into)))
                look.close()
            except WorkbenchError:
                continue
        return found[:count]

    def parts(self, count: int) -> list[Part]:
        share = self.size / count
        # Where a part may begin, and about how many bytes lie before that place.
        cuts: list[tuple[int, float]] = []
        for index, (before, size) in enumerate(zip(self._before, self._sizes, strict=False)):
            inner = [Part(0, 1)]
            if size > share and not self._is_decoded(index):
                inner = self._parts_of(index, count)
            for number, part in enumerate(inner):
                cuts.append((index << _SHIFT | part.start, before + size * number / len(inner)))
        places = {0}
        for number in range(1, count):
            places.add(next((place for place, before in cuts if before >= share * number), 0))
        return [Part(*ends) for ends in pairwise([*sorted(places), len(self._files) << _SHIFT])]

    def scan(self, part: Part | None = None) -> Iterator[Located]:
        part = part or Part(0, len(self._files) << _SHIFT)
        for index in range(part.start >> _SHIFT, min(len(self._files), (part.end >> _SHIFT) + 1)):
            start = part.start & _INSIDE if index == part.start >> _SHIFT else 0
            end = part.end & _INSIDE if index == part.end >> _SHIFT else None
            if end == 0:
                return
            base = index << _SHIFT
            container = self._opened(index)
            if isinstance(container, Unreadable):
                yield base, 0, container
                continue
            for place, length, value in container.scan(self._inner(container, start, end)):
                yield base | place, length, value
            # Which number the next file's first row has is not known before this file's end.
            if container.partial:
                return

    def read(self, start: int, length: int) -> object:
        container = self._opened(start >> _SHIFT)
        if isinstance(container, Unreadable):
            return container
        return container.read(start & _INSIDE, length)

    def raw(self, start: int, length: int, limit: int) -> str:
        container = self._opened(start >> _SHIFT)
        if isinstance(container, Unreadable):
            return container.reason[:limit]
        return container.raw(start & _INSIDE, length, limit)

    def fraction(self, part: Part | None, start: int) -> float:
        part = part or Part(0, len(self._files) << _SHIFT)
        first, end = self._way(part.start), self._way(part.end)
        return min(1.0, max(0.0, (self._way(start) - first) / max(1.0, end - first)))

    @property
    def is_several(self) -> bool:
        return len(self._files) > 1

    def file_of(self, start: int) -> Path:
        return self._files[start >> _SHIFT]

    def file_start(self, start: int) -> int:
        return start >> _SHIFT << _SHIFT

    def close(self) -> None:
        with self._lock:
            for container in self._open.values():
                container.close()
            self._open.clear()

    def _opened(self, index: int) -> Container | Unreadable:
        """A file of the set, or why it is one bad row.

        Raises:
            WorkbenchError: the file was changed since the set was opened, or there is no room for its text.
            WorkStopped: its decoding was stopped.
        """
        with self._lock:
            if container := self._open.get(index):
                self._open.move_to_end(index)
                return container
            file = self._files[index]
            found = self._open_or_not(index)
            if _stamp(file) != self._stamps[index]:
                raise changed(file)
            if isinstance(found, Unreadable):
                return found
            self._open[index] = found
            if len(self._open) > _MOST_OPEN:
                # It closes when nothing reads it any more.
                self._open.popitem(last=False)
            return found

    def _open_or_not(self, index: int) -> Container | Unreadable:
        file = self._files[index]
        try:
            return open_container(
                file,
                first=self._first,
                text_cache=_text_cache(self._texts, index),
                progress=self._told(index) if self._progress else None,
            )
        except (WorkStopped, NoRoom):
            # Nothing is wrong with the file.
            raise
        except WorkbenchError as error:
            return Unreadable(f"this file cannot be opened: {file.name}: {error.problem}")

    def _told(self, index: int) -> Callable[[float], None]:
        def tell(share: float) -> None:
            if self._progress:
                self._progress((self._before[index] + share * self._sizes[index]) / self.size)

        return tell

    def _parts_of(self, index: int, count: int) -> list[Part]:
        container = self._opened(index)
        return [Part(0, 1)] if isinstance(container, Unreadable) else container.parts(count)

    def _is_decoded(self, index: int) -> bool:
        """Whether opening the file means to go through all of it."""
        try:
            look = open_container(self._files[index], first=_LOOK)
        except WorkbenchError:
            return True
        look.close()
        return look.decoded

    def _inner(self, container: Container, start: int, end: int | None) -> Part | None:
        if start == 0 and end is None:
            return None
        return Part(start, container.parts(1)[-1].end if end is None else end)

    def _way(self, place: int) -> float:
        """About how many bytes of all files lie before a place."""
        index, inside = place >> _SHIFT, place & _INSIDE
        if index >= len(self._files):
            return float(self.size)
        container = self._open.get(index)
        share = container.fraction(None, inside) if container and inside else 0.0
        return self._before[index] + share * self._sizes[index]


def _stamp(file: Path) -> tuple[int, int]:
    """Size and time of the last change; zeros where there is no file."""
    try:
        facts = file.stat()
    except (OSError, ValueError):
        return 0, 0
    return facts.st_size, facts.st_mtime_ns
