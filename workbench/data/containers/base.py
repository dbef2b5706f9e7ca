"""What every container gives: its rows once in order, then any of them by number."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from array import array
from collections.abc import Iterator
from dataclasses import dataclass

from workbench.data.source import Source


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row whose value cannot be read from the file, and why."""

    reason: str


class Container(ABC):
    """A file's rows. `name` and `encoding` are shown; `columns` is empty where only rows tell them."""

    name: str
    encoding: str
    columns: tuple[str, ...] = ()

    @abstractmethod
    def scan(self) -> Iterator[object]:
        """Every row in order, as its value or as Unreadable. Run through once, before `read`."""

    @abstractmethod
    def sample(self, count: int) -> list[object]:
        """Up to `count` of the first rows; may be called before `scan`."""

    @abstractmethod
    def read(self, row: int) -> object:
        """The value of row `row` (from 1), or Unreadable."""

    @abstractmethod
    def raw(self, row: int, limit: int) -> str:
        """At most `limit` characters of the row as they stand in the file."""

    @abstractmethod
    def __len__(self) -> int:
        """Rows found by `scan` so far."""

    @property
    @abstractmethod
    def fraction(self) -> float:
        """The share of the file that `scan` has been through, 0 to 1."""


class TextContainer(Container):
    """A container in a text file, whose rows are remembered as byte ranges: 16 bytes a row."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self.encoding = source.encoding.name
        self._starts = array("Q")
        self._lengths = array("Q")

    @abstractmethod
    def rows(self) -> Iterator[tuple[int, int, object]]:
        """Start, length in bytes, and value of every row, in order."""

    @abstractmethod
    def parse(self, data: bytes) -> object:
        """The value of a row, or Unreadable, from its bytes."""

    def scan(self) -> Iterator[object]:
        starts, lengths = self._starts, self._lengths
        for start, length, value in self.rows():
            starts.append(start)
            lengths.append(length)
            yield value

    def sample(self, count: int) -> list[object]:
        found: list[object] = []
        for _, _, value in self.rows():
            found.append(value)
            if len(found) == count:
                break
        return found

    def read(self, row: int) -> object:
        return self.parse(self._source.read(self._starts[row - 1], self._lengths[row - 1]))

    def raw(self, row: int, limit: int) -> str:
        # A character takes four bytes at most.
        length = min(self._lengths[row - 1], limit * 4)
        return self._source.read(self._starts[row - 1], length).decode("utf-8", "replace")[:limit]

    def __len__(self) -> int:
        return len(self._starts)

    @property
    def fraction(self) -> float:
        if not self._starts:
            return 0.0
        return min(1.0, (self._starts[-1] + self._lengths[-1]) / max(1, self._source.size))

    def decoded(self, data: bytes) -> str | Unreadable:
        """The text of a row's bytes."""
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            return self.undecodable(data, error.start)

    def undecodable(self, data: bytes, position: int) -> Unreadable:
        encoding = self._source.encoding
        byte = f"byte {position + 1:,} of the row (0x{data[position]:02X})"
        return Unreadable(f"{byte if encoding.codec == 'utf-8' else 'it'} is not valid {encoding.name}")


def parse_json(text: str) -> object:
    """The value of a JSON text, or Unreadable with what is wrong in it."""
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        return Unreadable(f"not JSON: {plain(error)} at character {error.pos + 1:,} of the row")
    except RecursionError:
        return Unreadable("not readable: its lists and objects are nested too deeply")
    except ValueError as error:
        return Unreadable(f"not readable: {error}")


def plain(error: json.JSONDecodeError) -> str:
    """What Python's JSON reader found, in words a user knows."""
    message = error.msg
    if message == "Extra data":
        return "something follows the end of the row's value"
    if message.startswith("Invalid control character"):
        return "an unescaped control character inside a string"
    if message.startswith("Unterminated string"):
        return "a string that is never closed, which begins"
    if message == "Expecting value" and error.pos >= len(error.doc.rstrip()):
        return "it breaks off"
    return message[0].lower() + message[1:].removesuffix(" at")
