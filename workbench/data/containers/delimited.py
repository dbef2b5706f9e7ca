"""CSV and TSV: a header line, then fields between delimiters; quoted fields may hold line breaks."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence

from workbench.data.containers.base import LONGEST_ROW, TOO_LONG, Located, TextContainer, Unreadable
from workbench.data.source import BLOCK, Source

DELIMITERS = ",\t;"
# Python takes four bytes for each character of a field that it is reading.
_LONGEST_FIELD = 32 << 20
# After a broken record reading begins anew, perhaps at every line.
_BLOCK_AFTER_ERROR = 1 << 16


class Delimited(TextContainer):
    """Rows of named fields. A row with more or fewer fields than the header cannot be read."""

    def __init__(self, source: Source, delimiter: str) -> None:
        super().__init__(source)
        self.name = "TSV" if delimiter == "\t" else "CSV"
        self._delimiter = delimiter
        allow_long_fields()
        self._after_header = 0
        self._header: Unreadable | None = None
        for start, length, fields in self._records(0):
            if isinstance(fields, Unreadable):
                self._header = Unreadable(f"the header cannot be read: {fields.reason}")
            else:
                self.columns = unique_names(fields)
            self._after_header = start + length
            break

    def rows(self, start: int, end: int) -> Iterator[Located]:
        for place, length, fields in self._records(max(start, self._after_header)):
            yield place, length, self._row(fields)

    def parse(self, data: bytes) -> object:
        try:
            return self._row(next(self._reader(io.StringIO(data.decode("utf-8"), newline="")), []))
        except UnicodeDecodeError as error:
            return self.undecodable(data, error.start)
        except csv.Error as error:
            return Unreadable(f"not {self.name}: {_plain(error)}")

    def _row(self, fields: list[str] | Unreadable) -> object:
        if isinstance(fields, Unreadable):
            return fields
        if self._header:
            return self._header
        if len(fields) != len(self.columns):
            plural = "" if len(fields) == 1 else "s"
            return Unreadable(f"{len(fields):,} field{plural}, where the header has {len(self.columns):,}")
        return dict(zip(self.columns, fields, strict=True))

    def _records(self, offset: int) -> Iterator[tuple[int, int, list[str] | Unreadable]]:
        """Start, length and fields of every record from `offset`; blank lines are none."""
        block = BLOCK
        while offset < self.size:
            lines = _Lines(self._source, offset, block)
            reader = self._reader(lines)
            while True:
                start = lines.offset
                try:
                    fields = next(reader)
                except StopIteration:
                    return
                except csv.Error as error:
                    if self.partial and lines.offset >= self.size:
                        return
                    # Only the record's first line is given up: an unclosed quote swallows all others.
                    offset, block = self.line_start(start), _BLOCK_AFTER_ERROR
                    length = min(offset - start, LONGEST_ROW + 1)
                    yield start, length, Unreadable(f"not {self.name}: {_plain(error)}")
                    break
                if self.partial and lines.offset >= self.size:
                    return
                length = lines.offset - start
                if length > LONGEST_ROW:
                    yield start, LONGEST_ROW + 1, TOO_LONG
                elif lines.undecodable:
                    yield start, length, self._undecodable(start, length)
                elif fields:
                    yield start, length, fields
                lines.undecodable = False

    def _undecodable(self, start: int, length: int) -> Unreadable:
        data = self._source.read(start, length)
        try:
            data.decode("utf-8")
        except UnicodeDecodeError as error:
            return self.undecodable(data, error.start)
        return Unreadable("the file was changed while it was read")

    def _reader(self, lines: io.StringIO | _Lines) -> Iterator[list[str]]:
        return csv.reader(lines, delimiter=self._delimiter, strict=True)


class _Lines:
    """A source's lines as text; `offset` is behind the last one that was given."""

    def __init__(self, source: Source, offset: int, block: int) -> None:
        self._stream = source.reader(offset, block)
        self.offset = offset
        self.undecodable = False

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._stream.readline(LONGEST_ROW + 1)
        if not line:
            raise StopIteration
        self.offset += len(line)
        if len(line) > LONGEST_ROW:
            raise csv.Error("its line is longer than 128 MiB")
        try:
            return line.decode("utf-8")
        except UnicodeDecodeError:
            self.undecodable = True
            return line.decode("utf-8", "replace")


def allow_long_fields() -> None:
    """Python's default refuses fields over 128 KiB; the limit is the process's, not the reader's."""
    csv.field_size_limit(_LONGEST_FIELD)


def unique_names(fields: Sequence[str]) -> tuple[str, ...]:
    """Column names from a header: an empty one gets its number, a repeated one a number behind it."""
    names: dict[str, None] = {}
    numbers: dict[str, int] = {}
    for number, field in enumerate(fields, start=1):
        name = base = field.strip() or f"column {number}"
        while name in names:
            numbers[base] = numbers.get(base, 1) + 1
            name = f"{base} ({numbers[base]})"
        names[name] = None
    return tuple(names)


def _plain(error: csv.Error) -> str:
    said = str(error)
    if "unexpected end of data" in said:
        return "a quote is opened here and never closed"
    if "expected after" in said:
        return "a quoted field goes on after its closing quote"
    if "field limit" in said:
        return f"a field is longer than {_LONGEST_FIELD:,} characters, or a quote opened here is never closed"
    if "new-line character" in said:
        return "its lines end in a carriage return alone"
    return said
