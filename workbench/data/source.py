"""A data file as one stretch of UTF-8 bytes, read by offset and never held whole in memory."""

from __future__ import annotations

import codecs
import io
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from workbench.data.encodings import UTF8, Encoding, detect_encoding
from workbench.errors import WorkbenchError

BLOCK = 1 << 20
_HEAD = 4 << 20
_SAMPLE = 64 << 10
_SAMPLES = 64


class Source:
    """A file's text as UTF-8 bytes.

    A file in UTF-8 is read where it lies; another encoding is written once, as UTF-8, to a temporary
    file that has no name. Offsets count from behind a byte order mark. Bytes that do not decode stay
    undecodable in the UTF-8, so that the row that holds them can be named.

    It reads with `pread`, so threads may share it; a memory map would kill the process if the file
    were cut short meanwhile.

    Raises:
        WorkbenchError: there is no such file, it is none, it cannot be read, or it is empty.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._original = _opened(path)
        self._stamp = self._facts()
        self.encoding: Encoding = detect_encoding(list(self._samples()))
        self._text: IO[bytes] = self._original
        self._start = self.encoding.mark
        if self.encoding.codec != UTF8.codec:
            self._text, self._start = self._transcoded(), 0
        self.size = os.fstat(self._text.fileno()).st_size - self._start

    def read(self, offset: int, length: int) -> bytes:
        """`length` bytes from `offset`, fewer at the end.

        Raises:
            WorkbenchError: the file was changed since it was opened.
        """
        if self._facts() != self._stamp:
            raise WorkbenchError(
                "the file was changed after it was opened", where=str(self.path), remedy="Open it again."
            )
        return os.pread(self._text.fileno(), length, self._start + offset)

    def reader(self, offset: int = 0, block: int = BLOCK) -> io.BufferedReader:
        """A buffered stream of the bytes from `offset` on; `for line in` it is quick."""
        return io.BufferedReader(_Window(self, offset), block)

    def head(self) -> bytes:
        """The first bytes, enough to judge by."""
        return self.read(0, _HEAD)

    def _facts(self) -> tuple[int, int]:
        facts = os.fstat(self._original.fileno())
        return facts.st_size, facts.st_mtime_ns

    def _samples(self) -> Iterator[bytes]:
        """The beginning, and pieces spread over the rest, each from a line's start where there is one."""
        descriptor, size = self._original.fileno(), self._stamp[0]
        yield os.pread(descriptor, _HEAD, 0)
        if size <= _HEAD:
            return
        for index in range(_SAMPLES):
            piece = os.pread(descriptor, _SAMPLE, _HEAD + (size - _HEAD) * index // _SAMPLES)
            _, newline, rest = piece.partition(b"\n")
            if newline:
                yield rest

    def _transcoded(self) -> IO[bytes]:
        codec = self.encoding.codec
        # Each handler leaves a trace that is not UTF-8 where bytes did not decode.
        errors = "surrogateescape" if codec == "gb18030" else "surrogatepass"
        decoder = codecs.getincrementaldecoder(codec)(errors=errors)
        offset = self.encoding.mark
        try:
            result = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the source
            while block := os.pread(self._original.fileno(), BLOCK, offset):
                offset += len(block)
                result.write(decoder.decode(block).encode("utf-8", errors))
            try:
                result.write(decoder.decode(b"", final=True).encode("utf-8", errors))
            except UnicodeDecodeError:
                result.write(b"\xff")
            result.flush()
        except OSError as error:
            raise WorkbenchError(
                f"the {self.encoding.name} text could not be written as UTF-8 to {tempfile.gettempdir()}: "
                f"{error.strerror}",
                where=str(self.path),
                remedy="Free some space there, or convert the file to UTF-8.",
            ) from error
        except UnicodeDecodeError as error:
            raise WorkbenchError(
                f"the file seems to be {self.encoding.name} and does not decode as such: {error.reason}",
                where=str(self.path),
                remedy="Convert it to UTF-8.",
            ) from error
        return result


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


def _opened(path: Path) -> io.BufferedReader:
    try:
        mode = path.stat().st_mode
        if stat.S_ISDIR(mode):
            raise WorkbenchError("this is a folder", where=str(path), remedy="Give one of the files in it.")
        # A pipe or a device could keep the reader waiting for ever.
        if not stat.S_ISREG(mode):
            raise WorkbenchError("this is not an ordinary file", where=str(path))
        file = path.open("rb")
    except FileNotFoundError:
        raise WorkbenchError("there is no such file", where=str(path), remedy=_nearest(path)) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        raise WorkbenchError(f"the file cannot be read: {reason}", where=str(path)) from error
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
