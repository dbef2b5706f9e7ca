"""Compressed files: recognised by their first bytes, taken apart piece by piece in bounded memory."""

from __future__ import annotations

import bz2
import lzma
import zlib
from collections.abc import Callable, Iterator
from typing import Protocol

_PIECE = 1 << 20
# A zstd block of 4 bytes can stand for 128 KiB: 1 KiB at a time, so at most 32 MiB come out at once.
_BITE = {"zstd": 1 << 10}
_MAGIC: dict[str, tuple[bytes, ...]] = {
    "gzip": (b"\x1f\x8b",),
    # The second kind are skippable frames, with which some writers begin.
    "zstd": (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + kind]) + b"\x2a\x4d\x18" for kind in range(16))),
    "bzip2": (b"BZh",),
    "xz": (b"\xfd7zXZ\x00",),
}


class Damaged(Exception):
    """An archive ends early or is broken; the argument is the sentence."""


class _Member(Protocol):
    """One of the archives that a file may be a row of."""

    ended: bool
    hungry: bool

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        """What comes out of `data`, and what of it was not taken yet."""


def compression_of(head: bytes) -> str | None:
    """`gzip`, `zstd`, `bzip2`, `xz` or None, by a file's first bytes."""
    for name, magics in _MAGIC.items():
        if head.startswith(magics):
            return name
    return None


def decompressed(read: Callable[[int], bytes], compression: str) -> Iterator[bytes]:
    """The content, in pieces, of a file of one or several archives in a row.

    `read(n)` gives up to n further bytes of the file, none at its end.

    Raises:
        Damaged: after the pieces that could be read, if there is more that cannot.
    """
    bite = _BITE.get(compression, 1 << 16)
    data = read(bite)
    while data:
        if len(data) < 6:
            data += read(bite)
        if not data.startswith(_MAGIC[compression]):
            raise Damaged(f"something that is not {compression} follows the compressed text")
        member = _member(compression)
        while not member.ended:
            if not data and member.hungry and not (data := read(bite)):
                raise Damaged(f"the {compression} file is cut short")
            try:
                piece, data = member.take(data)
            except (zlib.error, lzma.LZMAError, OSError, EOFError, ValueError) as error:
                raise Damaged(_sentence(compression, error)) from error
            if piece:
                yield piece
        data = data.lstrip(b"\0") if compression in ("gzip", "xz") else data
        while not data and (data := read(bite)) and compression in ("gzip", "xz"):
            data = data.lstrip(b"\0")


def _sentence(compression: str, error: Exception) -> str:
    said = str(error).lower()
    if "check" in said or "crc" in said:
        return f"the {compression} file is damaged: its check sum does not fit"
    if "memory" in said:
        return f"the {compression} file needs more than 128 MiB of memory to be read"
    return f"the {compression} file is damaged"


def _member(compression: str) -> _Member:
    if compression == "gzip":
        return _Gzip()
    if compression == "zstd":
        return _Zstd()
    return _Pushed(bz2.BZ2Decompressor() if compression == "bzip2" else lzma.LZMADecompressor())


class _Gzip:
    hungry = True

    def __init__(self) -> None:
        self._inner = zlib.decompressobj(wbits=31)
        self.ended = False

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        piece = self._inner.decompress(data, _PIECE)
        self.ended = self._inner.eof
        return piece, self._inner.unused_data if self.ended else self._inner.unconsumed_tail


class _Zstd:
    hungry = True

    def __init__(self) -> None:
        import zstandard

        self._error = zstandard.ZstdError
        self._inner = zstandard.ZstdDecompressor().decompressobj()
        self.ended = False

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        try:
            piece = self._inner.decompress(data)
        except self._error as error:
            raise ValueError(str(error)) from error
        self.ended = self._inner.eof
        return piece, self._inner.unused_data if self.ended else b""


class _Pushed:
    """bzip2 and xz: what they were given and did not use yet they keep themselves."""

    def __init__(self, inner: bz2.BZ2Decompressor | lzma.LZMADecompressor) -> None:
        self._inner = inner
        self.ended = False
        self.hungry = True

    def take(self, data: bytes) -> tuple[bytes, bytes]:
        piece = self._inner.decompress(data, _PIECE)
        self.ended = self._inner.eof
        self.hungry = not self.ended and self._inner.needs_input
        return piece, self._inner.unused_data if self.ended else b""
