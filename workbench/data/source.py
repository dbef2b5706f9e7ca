"""A data file as one stretch of UTF-8 bytes, read by offset and never held whole in memory."""

from __future__ import annotations

import io
import os
import stat
import weakref
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from workbench.data.compression import compression_of
from workbench.data.encodings import UTF8, Encoding, detect_encoding
from workbench.data.text_file import DecodedText, TextFile, decode_text
from workbench.errors import WorkbenchError

BLOCK = 1 << 20
_HEAD = 1 << 20
_SAMPLE = 16 << 10
_SAMPLES = 64
# Parquet and Arrow, which are not to be taken for text in some encoding.
_NO_TEXT = (b"PAR1", b"ARROW1", b"\xff\xff\xff\xff")


class Source:
    """A file's text as UTF-8 bytes.

    A file in UTF-8 is read where it lies. What is compressed or in another encoding is written as UTF-8,
    once: to `text_cache`, where it is found again, or to a temporary file that has no name. Offsets count
    from behind a byte order mark. Bytes that do not decode stay undecodable in the UTF-8, so that the row
    that holds them can be named.

    It reads with `pread`, so threads may share it; a memory map would kill the process if the file
    were cut short meanwhile. A file that is written to, removed or put in another's place is not read on.

    Args:
        path: the file.
        first: give no more than about so many bytes of text, for a look that is quick at any size;
            `partial` then says that there is more.
        text_cache: the file in which decoded text is kept.
        progress: told the share of the file that is decoded, 0 to 1; what it raises stops the work.
        nameless: go on reading when nothing is called `path` any more, as a copy of our own may be.

    Raises:
        WorkbenchError: there is no such file, it is none, it cannot be read, it is empty, or there is no
            room for its text.
    """

    def __init__(
        self,
        path: Path,
        *,
        first: int | None = None,
        text_cache: Path | None = None,
        progress: Callable[[float], None] | None = None,
        nameless: bool = False,
    ) -> None:
        self.path = path
        # Absolute: the program may go to another folder.
        self._name = None if nameless else path.absolute()
        self._original = _opened(path)
        self._stamp = self._facts()
        self.compression: str | None = compression_of(os.pread(self._original.fileno(), 8, 0))
        # A sentence on what is missing at the end of the text, where an archive is damaged.
        self.damage: str | None = None
        raw = TextFile(self._original, 0, self._stamp[0])
        if raw.read(0, 4) == b"PAR1":
            # Its beginning says nothing without its end.
            first = None
        self.encoding: Encoding = UTF8 if self.compression else detect_encoding(list(_samples(raw)))
        decoded = None
        if self.compression or self.encoding.codec != UTF8.codec:
            decoded = decode_text(
                path,
                raw,
                self.compression,
                detect=self._detected,
                first=first,
                text_cache=text_cache,
                progress=progress,
            )
        self._take(decoded, first)

    def _take(self, decoded: DecodedText | None, first: int | None) -> None:
        if decoded is None:
            mark = self.encoding.mark
            self._text = TextFile(self._original, mark, self._stamp[0] - mark)
            whole = True
        else:
            self._text, self.encoding, self.damage = decoded.text, decoded.encoding, decoded.damage
            whole = decoded.whole
        self.size = self._text.size
        if first is not None and self.size > first:
            self.size, whole = first, False
        self.partial = not whole
        self.decoded = decoded is not None
        self._descriptor, self._start = self._text.file.fileno(), self._text.start
        self._close = weakref.finalize(self, _close, self._original, self._text.file)

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer at the end.

        Raises:
            WorkbenchError: the file was changed since it was opened, or the disk fails.
        """
        self.check()
        try:
            data = os.pread(self._descriptor, max(0, min(length, self.size - offset)), self._start + offset)
        except (OSError, ValueError) as error:
            raise _unreadable(self.path, error) from error
        return data

    def check(self) -> None:
        """Nothing, if the file is what it was.

        Raises:
            WorkbenchError: it was changed, moved or removed since it was opened, or the disk fails.
        """
        try:
            if self._facts() != self._stamp:
                raise changed(self.path)
            if self._is_another():
                raise changed(self.path, "moved, replaced or removed")
        except (OSError, ValueError) as error:
            raise _unreadable(self.path, error) from error

    def reader(self, offset: int = 0, block: int = BLOCK) -> io.BufferedReader:
        """A buffered stream of the bytes from `offset` on."""
        return io.BufferedReader(_Window(self, offset), block)

    def seekable(self) -> io.BufferedReader:
        """All of it as a file that can be sought in."""
        return io.BufferedReader(_Seekable(self, 0), BLOCK)

    def head(self) -> bytes:
        """The first bytes, enough to judge by."""
        return self.read(0, _HEAD)

    def close(self) -> None:
        """Give the files back; nothing can be read any more."""
        # Another file may be given the number.
        self._descriptor = -1
        self._close()

    def _detected(self, text: TextFile) -> Encoding:
        return detect_encoding(list(_samples(text))) if self.compression else self.encoding

    def _facts(self) -> tuple[int, int]:
        facts = os.fstat(self._original.fileno())
        return facts.st_size, facts.st_mtime_ns

    def _is_another(self) -> bool:
        """Whether the path leads elsewhere by now, or nowhere; what is open would be read to its end."""
        if self._name is None:
            return False
        opened = os.fstat(self._original.fileno())
        try:
            there = os.stat(self._name)  # noqa: PTH116 - asked at every reading, and a Path takes longer
        except (FileNotFoundError, NotADirectoryError):
            return True
        return (there.st_dev, there.st_ino) != (opened.st_dev, opened.st_ino)


class _Window(io.RawIOBase):
    """A source from an offset on, for Python's buffered reader."""

    def __init__(self, source: Source, offset: int) -> None:
        self._source = source
        self._offset = offset

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer)
        data = self._source.read(self._offset, len(view))
        view[: len(data)] = data
        self._offset += len(data)
        return len(data)


class _Seekable(_Window):
    """For readers that jump about."""

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._offset, os.SEEK_END: self._source.size}[whence]
        self._offset = max(0, base + offset)
        return self._offset

    def tell(self) -> int:
        return self._offset


def changed(path: Path, what: str = "changed") -> WorkbenchError:
    """The sentence for a file that is not what it was when it was opened."""
    return WorkbenchError(
        f"the file was {what} after it was opened", where=str(path), remedy="Open it again."
    )


def _unreadable(path: Path, error: OSError | ValueError) -> WorkbenchError:
    reason = getattr(error, "strerror", None) or error
    return WorkbenchError(f"the file cannot be read: {reason}", where=str(path))


def _close(*files: IO[bytes]) -> None:
    for file in files:
        file.close()


def _samples(text: TextFile) -> Iterator[bytes]:
    """The beginning, and pieces spread over the rest, each from a line's start where there is one."""
    head = text.read(0, _HEAD)
    if head.startswith(_NO_TEXT):
        return
    yield head
    if text.size <= _HEAD:
        return
    for index in range(_SAMPLES):
        piece = text.read(_HEAD + (text.size - _HEAD) * index // _SAMPLES, _SAMPLE)
        _, newline, rest = piece.partition(b"\n")
        if newline:
            yield rest


def _opened(path: Path) -> IO[bytes]:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise WorkbenchError("this is a folder", where=str(path), remedy="Give one of the files in it.")
        # A pipe or a device could keep the reader waiting for ever.
        if not stat.S_ISREG(mode):
            raise WorkbenchError("this is not an ordinary file", where=str(path))
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        raise WorkbenchError("there is no such file", where=str(path), remedy=_nearest(path)) from None
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from error
    if os.fstat(file.fileno()).st_size == 0:
        raise WorkbenchError("the file is empty", where=str(path), remedy="Give a file with rows.")
    return file


def _nearest(path: Path) -> str:
    import difflib

    try:
        names = [entry.name for entry in path.parent.iterdir()]
    except OSError:
        return f"There is no folder {path.parent} either."
    nearest = difflib.get_close_matches(path.name, names, n=1)
    return f"Did you mean {nearest[0]}?" if nearest else f"Look in {path.parent.absolute()}."
