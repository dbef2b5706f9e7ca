"""The quick way through a JSON list whose rows are all written alike, as programs write them."""

from __future__ import annotations

import re
from collections.abc import Callable, Generator
from typing import NamedTuple

from workbench.data.containers.base import Located
from workbench.data.containers.json_values import Refused, parse_quickly
from workbench.data.source import BLOCK

_BETWEEN = re.compile(rb"\s*,\s*")
_MOST_WAITING = 8 << 20
# Inside of a row there may be something that looks like the joint between two.
_TRIES = 16


class Stride(NamedTuple):
    """How a row ends, and what stands between it and the next."""

    ending: bytes
    between: bytes


class Passed(NamedTuple):
    """How far a quick way went: the offset of the first row that it did not take, and rows and lines."""

    offset: int
    rows: int
    lines: int


def stride_of(row: bytes, between: bytes) -> Stride | None:
    """How the rows of a list seem to follow each other, from one of them and what stands behind it."""
    if not row.endswith(b"}") or not _BETWEEN.fullmatch(between):
        return None
    last_line = row[row.rfind(b"\n") :] if b"\n" in row else b"}"
    return Stride(last_line if last_line.strip() == b"}" else b"}", between)


def regular_rows(
    read: Callable[[int, int], bytes], offset: int, stride: Stride
) -> Generator[Located, None, Passed]:
    """Rows from `offset` on as long as they follow each other so; the last one is never among them.

    What parses as an object up to a joint is a row: no object is the beginning of another one. So a guess
    is never wrong, only in vain.
    """
    joint = stride.ending + stride.between + b"{"
    to_end, to_next = len(stride.ending), len(joint) - 1
    buffer, at, rows, lines = b"", 0, 0, 0
    while True:
        search, tries = at, 0
        while tries < _TRIES:
            found = buffer.find(joint, search)
            if found < 0:
                block = read(offset + len(buffer), BLOCK) if len(buffer) - at < _MOST_WAITING else b""
                if not block:
                    tries = _TRIES
                    break
                lines += buffer.count(b"\n", 0, at)
                search = max(0, len(buffer) - at - len(joint))
                offset, buffer, at = offset + at, buffer[at:] + block, 0
                continue
            end = found + to_end
            try:
                value = parse_quickly(buffer[at:end])
            except (ValueError, Refused):
                search, tries = found + 1, tries + 1
                continue
            yield offset + at, end - at, value
            rows += 1
            at = found + to_next
            break
        if tries == _TRIES:
            return Passed(offset + at, rows, lines + buffer.count(b"\n", 0, at))
