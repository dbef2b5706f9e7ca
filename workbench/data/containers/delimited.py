"""CSV and TSV: a header line, then fields between delimiters; quoted fields may hold line breaks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from workbench.data.containers.base import Located, TextContainer, Unreadable
from workbench.data.source import BLOCK, Source

DELIMITERS = ",\t;"
_LONGEST_FIELD = 1 << 28
# After a broken record reading begins anew, perhaps at every line.
_BLOCK_AFTER_ERROR = 1 << 16


class Delimited(TextContainer):
    """Rows of named fields. A row with more or fewer fields than the header cannot be read."""

    def __init__(self, source: Source, delimiter: str) -> None:
        super().__init__(source)
        self.name = "TSV" if delimiter == "\t" else "CSV"
        self._delimiter = delimiter
        # Python's default refuses fields over 128 KiB; the limit is the process's, not the reader's.
        csv.field_size_limit(_LONGEST_FIELD)
        self._after_header = 0
        for start, length, fields in self._records(0):
            names = fields if isinstance(fields, list) else []
            self.columns = unique_names(names)
            self._after_header = start + length
            break

    def rows(self, start: int, end: int) -> Iterator[Located]:
        for place, length, fields in self._records(max(start, self._after_header)):
            yield place, length, self._row(fields)

    def parse(self, data: bytes) -> object:
        text = self.decoded(data)
        if isinstance(text, Unreadable):
            return text
        try:
            return self._row(next(self._reader(io.StringIO(text, newline="")), []))
        except csv.Error as error:
            return Unreadable(f"not {self.name}: {error}")

    def _row(self, fields: list[str] | Unreadable) -> object:
        if isinstance(fields, Unreadable):
            return fields
        if len(fields) != len(self.columns):
            plural = "" if len(fields) == 1 else "s"
            return Unreadable(f"{len(fields):,} field{plural}, where the header has {len(self.columns):,}")
        return dict(zip(self.columns, fields, strict=True))

    def _records(self, offset: int) -> Iterator[tuple[int, int, list[str] | Unreadable]]:
        """Start, length and fields of every record from `offset`; blank lines are none."""
        block = BLOCK
        while offset < self._source.size:
            lines = _Lines(self._source, offset, block)
            reader = self._reader(lines)
            while True:
                start = lines.offset
                try:
                    fields = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    # Only the record's first line is given up: an unclosed quote swallows all others.
                    first = lines.first_line(start)
                    yield start, first, Unreadable(f"not {self.name}: {_plain(error)}")
                    offset = start + first
                    block = _BLOCK_AFTER_ERROR
                    break
                length = lines.offset - start
                if lines.undecodable:
                    lines.undecodable = False
                    broken = self.decoded(self._source.read(start, length))
                    yield start, length, broken if isinstance(broken, Unreadable) else fields
                elif fields:
                    yield start, length, fields

    def _reader(self, lines: io.StringIO | _Lines) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)


class _Lines:
    """A source's lines as text; `offset` is behind the last one that was given."""

    def __init__(self, source: Source, offset: int, block: int) -> None:
        self._source = source
        self._stream = source.reader(offset, block)
        self.offset = offset
        self.undecodable = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline()
        if not line:
            raise StopIteration
        self.offset += len(line)
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.undecodable = True
            return line.decode("utf-8", "replace")

    def first_line(self, start: int) -> int:
        """The length in bytes of the line that begins at `start`."""
        return len(self._source.reader(start, _BLOCK_AFTER_ERROR).readline())


def unique_names(fields: Sequence[str]) -> tuple[str, ...]:
    """Column names from a header: an empty one gets its number, a repeated one a number behind it."""
    names: dict[str, None] = {}
    for number, field in enumerate(fields, start=1):
        name = base = field.strip() or f"column {number}"
        again = 2
        while name in names:
            name, again = f"{base} ({again})", again + 1
        names[name] = None
    return tuple(names)


def _plain(error: csv.Error) -> str:
    if "unexpected end of data" in str(error):
        return "a quote is opened here and never closed"
    if "expected after" in str(error):
        return "a quoted field goes on after its closing quote"
    return str(error)
