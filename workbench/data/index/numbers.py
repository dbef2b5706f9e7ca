"""Columns of numbers on the disk, one file each: written in pieces, joined by copying, mapped as one."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pyarrow

from workbench.data.arrays import numbers_in

SUFFIX = ".numbers"
_AT_ONCE = 1 << 20

ROW, START, LENGTH, BAD = "row", "start", "length", "bad"


class NumberFiles:
    """Writes columns to `<folder>/<name>.numbers`, as they lie in memory."""

    def __init__(self, folder: Path, names: Sequence[str]) -> None:
        self._files = {name: (folder / f"{name}{SUFFIX}").open("wb") for name in names}

    def write(self, name: str, values: Any) -> None:
        """Append the values, which are an array of Python or numpy or a buffer."""
        self._files[name].write(values)

    def close(self) -> None:
        """All columns are whole after this."""
        for file in self._files.values():
            file.close()


def join(name: str, parts: Sequence[Path], into: Path) -> None:
    """One column of several parts, one after the other."""
    with (into / f"{name}{SUFFIX}").open("wb") as joined:
        for part in parts:
            with (part / f"{name}{SUFFIX}").open("rb") as file:
                shutil.copyfileobj(file, joined, _AT_ONCE)


def join_shifted(name: str, parts: Sequence[Path], shifts: Sequence[int], into: Path) -> None:
    """As `join`, with `shifts` added to the numbers of each part."""
    with (into / f"{name}{SUFFIX}").open("wb") as joined:
        for part, shift in zip(parts, shifts, strict=True):
            values = numbers_in(mapped(part, name, pyarrow.int64()))
            for begin in range(0, len(values), _AT_ONCE):
                joined.write((values[begin : begin + _AT_ONCE] + shift).tobytes())


def write_counting(name: str, count: int, into: Path) -> None:
    """The numbers 1 to `count`."""
    with (into / f"{name}{SUFFIX}").open("wb") as file:
        for begin in range(1, count + 1, _AT_ONCE):
            file.write(numpy.arange(begin, min(begin + _AT_ONCE, count + 1), dtype=numpy.int64).tobytes())


def mapped(folder: Path, name: str, type_: pyarrow.DataType) -> pyarrow.Array:
    """The column as an Arrow array that lies in the file; it stays there when the file is removed."""
    path = folder / f"{name}{SUFFIX}"
    size = path.stat().st_size
    if not size:
        return pyarrow.Array.from_buffers(type_, 0, [None, pyarrow.py_buffer(b"")])
    with pyarrow.memory_map(str(path)) as file:
        buffer = file.read_buffer(size)
    return pyarrow.Array.from_buffers(type_, size * 8 // type_.bit_width, [None, buffer])
