"""A JSON list of rows, read value by value so that the file is never held whole."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator

from workbench.data.containers.base import LONGEST_ROW, TOO_LONG, Located, TextContainer, Unreadable
from workbench.data.containers.json_values import Refused, check_depth, parse_json, plain
from workbench.data.containers.regular_list import regular_rows, stride_of
from workbench.data.source import BLOCK, Source

_SEPARATORS = re.compile(r"[\s,]*")
# Possessive: what is held to go back to takes more memory than the text.
_BRACKETS = re.compile(r'"(?:[^"\\]++|\\.)*+"|[\[\]{}]', re.DOTALL)
# How near the end of what was read an error must lie to come from the end and not from the text.
_NEAR = 16
# Rows to each time that the quick way is tried: what it costs to leave it is then spread.
_WORTH_A_TRY = 20


class JsonList(TextContainer):
    """`[row, row, …]`. A damaged row costs itself, not what follows, where rows can be told apart."""

    name = "JSON list"

    def rows(self, start: int, end: int) -> Iterator[Located]:
        for place, length, value in self._rows():
            # A first look may end inside a row.
            if self.partial and place + length >= self.size:
                return
            if length <= LONGEST_ROW:
                yield place, length, value
            else:
                yield place, LONGEST_ROW + 1, value if isinstance(value, Unreadable) else TOO_LONG

    def _rows(self) -> Iterator[Located]:
        text = _Text(self, self._source)
        text.skip(re.compile(r"\s*\["))
        rows = tried = 0
        while True:
            text.skip(_SEPARATORS)
            start = text.offset
            if text.ended:
                missing = Unreadable("the file ends before the list is closed by ], so rows may be missing")
                yield start, 0, missing
                return
            if text.character == "]":
                text.skip(re.compile(r"\]\s*"))
                if not text.ended:
                    start = text.offset
                    text.skip_all()
                    yield start, text.offset - start, Unreadable("this text follows the end of the list")
                return
            value = text.value()
            end = text.offset
            yield start, end - start, value
            if isinstance(value, Unreadable) and text.ended:
                return
            rows += 1
            if not isinstance(value, dict) or tried * _WORTH_A_TRY > rows or end - start > BLOCK:
                continue
            text.skip(_SEPARATORS)
            if text.ended or text.character != "{":
                continue
            read = self._source.read
            if stride := stride_of(read(start, end - start), read(end, text.offset - end)):
                passed = yield from regular_rows(read, text.offset, stride)
                tried += 1
                rows += passed.rows
                text.go_to(passed.offset, passed.lines)

    def parse(self, data: bytes) -> object:
        try:
            return parse_json(data)
        except Refused as refused:
            return Unreadable(refused.args[0])
        except UnicodeDecodeError as error:
            return self.undecodable(data, error.start)


class _Text:
    """The file's text from where the reader stands, with the byte offset of that place."""

    def __init__(self, container: JsonList, source: Source) -> None:
        self._container = container
        self._source = source
        self._decode = json.JSONDecoder().raw_decode
        self._line = 1
        self._row_break: str | None = None
        self._begin(0)

    def _begin(self, offset: int) -> None:
        self._reader = self._source.reader(offset)
        # Bytes that do not decode become lone surrogates, which nothing else in raw JSON text is.
        self._decoder = codecs.getincrementaldecoder("utf-8")("surrogateescape")
        self._text = ""
        self._position = 0
        self._complete = False
        self.offset = offset
        self._more()

    def go_to(self, offset: int, lines: int) -> None:
        """Stand at an offset that lies so many lines further on."""
        self._line += lines
        if offset != self.offset:
            self._begin(offset)

    @property
    def ended(self) -> bool:
        return self._position >= len(self._text) and self._complete

    @property
    def character(self) -> str:
        return self._text[self._position]

    def skip(self, pattern: re.Pattern[str]) -> None:
        """Go behind what matches here, and see to it that a character follows unless the text ends."""
        while True:
            if match := pattern.match(self._text, self._position):
                self._go(match.end(), "surrogateescape")
            if self._position < len(self._text) or self._complete:
                return
            self._more()

    def skip_all(self) -> None:
        while not self.ended:
            self._go(len(self._text), "surrogateescape")
            self._more()

    def value(self) -> object:
        """The row that begins here; behind it afterwards, or behind what has to be given up."""
        if self._row_break is None:
            # The indent of the first row, if it begins a line, tells where the other rows begin.
            _, newline, indent = self._text[: self._position].rpartition("\n")
            self._row_break = f"\n{indent}{{" if newline and not indent.strip() else ""
        while True:
            try:
                value, end = self._decode(self._text, self._position)
                check_depth(value)
            except json.JSONDecodeError as error:
                unclosed = error.msg.startswith("Unterminated")
                if not self._complete and (unclosed or error.pos >= len(self._text) - _NEAR):
                    if self._crowded:
                        return self._give_up("longer than 128 MiB, or a string in it is never closed")
                    self._more()
                    continue
                breaks_off = unclosed or error.pos >= len(self._text.rstrip())
                return self._give_up(self._sentence(error, breaks_off))
            except (RecursionError, Refused):
                return self._give_up("nested too deeply")
            except ValueError as error:
                return self._give_up(str(error))
            if end == len(self._text) and not self._complete and self._text[end - 1] not in '}]"':
                self._more()
                continue
            try:
                self._go(end)
            except UnicodeEncodeError as error:
                before_it = self._text[self._position : self._position + error.start + 1]
                data = before_it.encode("utf-8", "surrogateescape")
                value = self._container.undecodable(data, len(data) - 1)
                self._go(end, "surrogateescape")
            return value

    @property
    def _crowded(self) -> bool:
        """Whether more is waiting than a row may have."""
        return len(self._text) - self._position > LONGEST_ROW

    def _sentence(self, error: json.JSONDecodeError, breaks_off: bool) -> str:
        if breaks_off:
            return "the file ends inside this row"
        line = self._line + self._text.count("\n", self._position, error.pos)
        return f"not JSON: {plain(error)} on line {line:,} of the file"

    def _give_up(self, reason: str) -> Unreadable:
        """Leave the row that begins here, and stand behind it or behind all of the rest."""
        if self._row_break:
            while (found := self._text.find(self._row_break, self._position)) < 0:
                if self._complete or self._crowded:
                    break
                self._more()
            if found >= 0:
                self._go(found, "surrogateescape")
                return Unreadable(reason)
        elif (end := self._closed()) is not None:
            self._go(end, "surrogateescape")
            return Unreadable(reason)
        start = self.offset
        self.skip_all()
        if self.offset - start > 0 and "ends inside" not in reason:
            reason += "; where the next row begins cannot be told, so all that follows is in this one"
        return Unreadable(reason)

    def _closed(self) -> int | None:
        """Where the brackets that open here are closed again."""
        while True:
            depth = 0
            for match in _BRACKETS.finditer(self._text, self._position):
                sign = match.group()
                if sign in "[{":
                    depth += 1
                elif sign in "]}":
                    depth -= 1
                    if depth <= 0:
                        return match.end() if depth == 0 else None
            if self._complete or self._crowded:
                return None
            self._more()

    def _go(self, position: int, errors: str = "strict") -> None:
        passed = self._text[self._position : position]
        self.offset += len(passed) if passed.isascii() else len(passed.encode("utf-8", errors))
        self._line += passed.count("\n")
        self._position = position

    def _more(self) -> None:
        """Read on: as much again as is waiting, so that a long row is not gone over too often."""
        waiting = self._text[self._position :]
        data = self._reader.read(max(BLOCK, len(waiting)))
        self._complete = not data
        self._text = waiting + self._decoder.decode(data, final=self._complete)
        self._position = 0
