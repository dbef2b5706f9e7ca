"""Decoding a compressed or foreign text into a file of UTF-8, kept in the cache or nameless."""

from __future__ import annotations

import codecs
import errno
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TypeVar

from workbench.data.compression import Damaged, decompressed
from workbench.data.encodings import UTF8, Encoding
from workbench.errors import WorkbenchError

_BLOCK = 1 << 20
# A cached text begins with what is known of it, as JSON, filled up with spaces to this length.
_HEADER = 1024
_VERSION = "finetune-workbench text 1"
# Other programs write to this disk as well, perhaps a training run its checkpoints.
_LEFT_FREE = 64 << 20
_BETWEEN_LOOKS = 32 << 20


class NoRoom(WorkbenchError):
    """The text of a file could not be written to where it is kept meanwhile."""


@dataclass(frozen=True, slots=True)
class TextFile:
    """A range of an open file."""

    file: IO[bytes]
    start: int
    size: int

    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self.file.fileno(), max(0, min(length, self.size - offset)), self.start + offset)

    def blocks(self, length: int, told: Callable[[int], None] | None = None) -> Iterator[bytes]:
        """All of it in order; `told` how much was given so far."""
        offset = 0
        while block := self.read(offset, length):
            offset += len(block)
            if told:
                told(offset)
            yield block


@dataclass(frozen=True, slots=True)
class DecodedText:
    """UTF-8 text; `damage` says what its end lacks, `whole` whether all of the file is in it."""

    text: TextFile
    encoding: Encoding
    damage: str | None
    whole: bool


def decode_text(
    path: Path,
    original: TextFile,
    compression: str | None,
    *,
    detect: Callable[[TextFile], Encoding],
    first: int | None,
    text_cache: Path | None,
    progress: Callable[[float], None] | None,
) -> DecodedText:
    """The text of `original` as UTF-8, or about the `first` bytes of it.

    A whole text is taken from `text_cache` if it stands there, and put there otherwise.

    Raises:
        WorkbenchError: nothing can be read from it.
        NoRoom: the text cannot be written.
    """
    if first is not None:
        text_cache = None
    elif text_cache and (kept := _kept(text_cache)):
        return kept
    damage, whole, raw = None, True, original
    told = _telling(progress, original.size)
    packed: _Written | None = None
    written = _Written(path, text_cache)
    try:
        if compression:
            raw, damage, whole = _unpacked(path, original, compression, written, first, told)
        encoding = detect(raw)
        if encoding.codec != UTF8.codec:
            packed, written = written, _Written(path, text_cache)
            # What was compressed has been told already.
            _transcode(path, raw, encoding, written, first, None if compression else told)
            whole = whole and (first is None or written.size < first)
            encoding = Encoding(encoding.name, encoding.codec)
        text = written.finish(encoding, damage)
    except BaseException:
        written.discard()
        raise
    finally:
        if packed:
            packed.discard()
    mark = encoding.mark
    return DecodedText(TextFile(text.file, text.start + mark, text.size - mark), encoding, damage, whole)


def _unpacked(
    path: Path,
    original: TextFile,
    compression: str,
    written: _Written,
    first: int | None,
    told: Callable[[int], None] | None,
) -> tuple[TextFile, str | None, bool]:
    taken = 0

    def read(length: int) -> bytes:
        nonlocal taken
        data = original.read(taken, length)
        taken += len(data)
        return data

    damage, looked = None, 0
    try:
        for piece in decompressed(read, compression):
            written.add(piece)
            if told and taken - looked >= _BLOCK:
                looked = taken
                told(taken)
            if first is not None and written.size >= first:
                return written.text(), None, False
    except Damaged as error:
        damage = str(error)
    if not written.size:
        raise WorkbenchError(
            damage or f"the {compression} file holds nothing",
            where=str(path),
            remedy="Copy or download it again." if damage else "Give a file with rows.",
        )
    return written.text(), damage, True


def _transcode(
    path: Path,
    raw: TextFile,
    encoding: Encoding,
    written: _Written,
    first: int | None,
    told: Callable[[int], None] | None,
) -> None:
    # Each handler leaves a trace that is not UTF-8 where bytes did not decode.
    errors = "surrogateescape" if encoding.codec == "gb18030" else "surrogatepass"
    decoder = codecs.getincrementaldecoder(encoding.codec)(errors=errors)
    text = TextFile(raw.file, raw.start + encoding.mark, raw.size - encoding.mark)
    try:
        for block in text.blocks(_BLOCK, told):
            written.add(decoder.decode(block).encode("utf-8", errors))
            if first is not None and written.size >= first:
                return
        try:
            written.add(decoder.decode(b"", final=True).encode("utf-8", errors))
        except UnicodeDecodeError:
            written.add(b"\xff")
    except UnicodeDecodeError as error:
        raise WorkbenchError(
            f"the file seems to be {encoding.name} and does not decode as such: {error.reason}",
            where=str(path),
            remedy="Convert it to UTF-8.",
        ) from error


def _telling(progress: Callable[[float], None] | None, size: int) -> Callable[[int], None] | None:
    return (lambda taken: progress(taken / size)) if progress else None


_Result = TypeVar("_Result")


class _Written:
    """A text that is being written: beside the file in the cache that it is to become, or nameless."""

    def __init__(self, path: Path, text_cache: Path | None) -> None:
        self._path = path
        self._cache = text_cache
        self._name: Path | None = None
        self._folder = text_cache.parent if text_cache else Path(tempfile.gettempdir())
        self._looked = 0
        self.size = 0
        self.file: IO[bytes] = self._guarded(self._made)
        self._start = self.file.tell()

    def _made(self) -> IO[bytes]:
        if self._cache is None:
            return tempfile.TemporaryFile()
        self._folder.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{self._cache.name}.", dir=self._folder)
        self._name = Path(name)
        file = os.fdopen(handle, "w+b")
        file.write(b" " * _HEADER)
        return file

    def add(self, piece: bytes) -> None:
        self._guarded(lambda: self._add(piece))

    def _add(self, piece: bytes) -> None:
        self.file.write(piece)
        self.size += len(piece)
        if self.size - self._looked >= _BETWEEN_LOOKS:
            self._looked = self.size
            facts = os.fstatvfs(self.file.fileno())
            if facts.f_bavail * facts.f_frsize < _LEFT_FREE:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def text(self) -> TextFile:
        self._guarded(self.file.flush)
        return TextFile(self.file, self._start, self.size)

    def finish(self, encoding: Encoding, damage: str | None) -> TextFile:
        text = self.text()
        if self._cache and self._name:
            facts = {"kind": _VERSION, "size": self.size, "damage": damage, "name": encoding.name}
            header = json.dumps({**facts, "codec": encoding.codec, "mark": encoding.mark}).encode()
            cache, name = self._cache, self._name
            self._guarded(lambda: os.pwrite(self.file.fileno(), header, 0))
            self._guarded(lambda: name.replace(cache))
            self._name = None
        return text

    def discard(self) -> None:
        self.file.close()
        if self._name:
            self._name.unlink(missing_ok=True)

    def _guarded(self, act: Callable[[], _Result]) -> _Result:
        try:
            return act()
        except OSError as error:
            raise NoRoom(
                f"its text could not be written to {self._folder}: {error.strerror or error}",
                where=str(self._path),
                remedy="Free some space there, or give the file uncompressed in UTF-8.",
            ) from error


def _kept(text_cache: Path) -> DecodedText | None:
    """The text in the cache, if it is there and whole."""
    try:
        file = text_cache.open("rb", buffering=0)
    except OSError:
        return None
    try:
        facts = json.loads(os.pread(file.fileno(), _HEADER, 0))
        size = os.fstat(file.fileno()).st_size - _HEADER
        if facts["kind"] == _VERSION and facts["size"] == size:
            encoding = Encoding(facts["name"], facts["codec"], facts["mark"])
            text = TextFile(file, _HEADER + encoding.mark, size - encoding.mark)
            return DecodedText(text, encoding, facts["damage"], whole=True)
    except (OSError, ValueError, KeyError, TypeError):
        pass
    file.close()
    return None
