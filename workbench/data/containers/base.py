"""What every container gives: its rows in order with where they lie, and any of them again by that place."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from workbench.data.source import BLOCK, Source


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row whose value cannot be read from the file, and why."""

    reason: str


# A longer row would take more memory than a look at it is worth; its length counts as one more than this.
LONGEST_ROW = 128 << 20
TOO_LONG = Unreadable("the row is longer than 128 MiB")


@dataclass(frozen=True, slots=True)
class Part:
    """A share of a container that can be gone through by itself: the places from `start` to before `end`."""

    start: int
    end: int


# A row: its place (start below 2**64, length below 2**32), and its value or Unreadable. What a place means
# is the container's own; places ascend.
Located = tuple[int, int, object]


class Container(ABC):
    """A file's rows. `name` and `encoding` are shown; `columns` is empty where only rows tell them.

    Where rows lie is not remembered here: `scan` tells it, `read` and `raw` want it back. Threads may share
    a container. `size` is about how many bytes there are to go through, `partial` says that it is a first
    look which does not reach the file's end, `decoded` that the text had to be decompressed or re-encoded,
    and `notes` are sentences for the user.
    """

    name: str
    encoding: str
    path: Path
    columns: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    size: int = 0
    partial: bool = False
    decoded: bool = False

    @abstractmethod
    def parts(self, count: int) -> list[Part]:
        """At most `count` shares of about the same size, in order; all rows are in them, each in one."""

    @abstractmethod
    def scan(self, part: Part | None = None) -> Iterator[Located]:
        """Every row of a part, or of all, in order."""

    @abstractmethod
    def read(self, start: int, length: int) -> object:
        """The value of the row at this place, or Unreadable."""

    @abstractmethod
    def raw(self, start: int, length: int, limit: int) -> str:
        """At most `limit` characters of the row at this place as they stand in the file."""

    def sample(self, count: int) -> list[object]:
        """The values of the first rows, up to `count`."""
        return [value for _, _, value in islice(self.scan(), count)]

    def fraction(self, part: Part | None, start: int) -> float:
        """The share of a part, or of all, that lies before the place `start`, 0 to 1."""
        first, end = (part.start, part.end) if part else (0, self.size)
        return min(1.0, max(0.0, (start - first) / max(1, end - first)))

    @property
    def is_several(self) -> bool:
        """Whether the rows are those of several files, so that a row's number does not say which."""
        return False

    def file_of(self, start: int) -> Path:
        """The file that holds the row at this place."""
        return self.path

    def file_start(self, start: int) -> int:
        """The lowest place in that file: rows from there on are numbered from 1 in it."""
        return 0

    def close(self) -> None:  # noqa: B027 - most have nothing that is not let go of with them
        """Let go of the files."""


class TextContainer(Container):
    """A container in a text file. A place is a range of the text's bytes."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.path = source.path
        self.encoding = source.encoding.name
        self.size = source.size
        self.partial = source.partial
        self.decoded = source.decoded

    @abstractmethod
    def rows(self, start: int, end: int) -> Iterator[Located]:
        """The rows that begin in this range, which is one of `parts` or all."""

    @abstractmethod
    def parse(self, data: bytes) -> object:
        """The value of a row, or Unreadable, from its bytes."""

    def parts(self, count: int) -> list[Part]:
        return [Part(0, self.size)]

    def scan(self, part: Part | None = None) -> Iterator[Located]:
        part = part or Part(0, self.size)
        yield from self.rows(part.start, part.end)
        if part.end == self.size and self._source.damage:
            yield self.size, 0, Unreadable(f"{self._source.damage}: what follows is missing")

    def read(self, start: int, length: int) -> object:
        if not 0 < length <= LONGEST_ROW:
            return TOO_LONG if length else Unreadable("nothing of this row is there")
        return self.parse(self._source.read(start, length))

    def raw(self, start: int, length: int, limit: int) -> str:
        # A character takes four bytes at most.
        return self._source.read(start, min(length, limit * 4)).decode("utf-8", "replace")[:limit]

    def piece(self, start: int, length: int) -> bytes:
        """The text's bytes, which may be those of many rows: for looking through them quickly."""
        return self._source.read(start, length)

    def line_start(self, offset: int) -> int:
        """Where the first line behind `offset` begins, or where the text ends."""
        while block := self._source.read(offset, BLOCK):
            newline = block.find(b"\n")
            if newline >= 0:
                return offset + newline + 1
            offset += len(block)
        return self.size

    def close(self) -> None:
        self._source.close()

    def undecodable(self, data: bytes, position: int) -> Unreadable:
        encoding = self._source.encoding
        byte = f"byte {position + 1:,} of the row (0x{data[position]:02X})"
        return Unreadable(f"{byte if encoding.codec == 'utf-8' else 'it'} is not valid {encoding.name}")
