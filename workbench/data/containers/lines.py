"""Text files in which a line is a row: they can be gone through in parts."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from itertools import pairwise

from workbench.data.containers.base import Located, Part, TextContainer
from workbench.data.source import BLOCK


class LineContainer(TextContainer):
    """Every line that is not blank is a row."""

    @abstractmethod
    def parse(self, data: bytes) -> object:
        """The value of a line, with or without its line break."""

    def parts(self, count: int) -> list[Part]:
        wanted = [self.size * index // count for index in range(1, count)]
        cuts = sorted({0, self.size, *map(self._line_start, wanted)})
        return [Part(start, end) for start, end in pairwise(cuts)] or [Part(0, 0)]

    def rows(self, start: int, end: int) -> Iterator[Located]:
        offset = start
        for line in self._source.reader(start):
            if offset >= end:
                return
            length = len(line)
            if not line.isspace():
                yield offset, length, self.parse(line)
            offset += length

    def _line_start(self, offset: int) -> int:
        """Where the first line behind `offset` begins."""
        while block := self._source.read(offset, BLOCK):
            newline = block.find(b"\n")
            if newline >= 0:
                return offset + newline + 1
            offset += len(block)
        return self.size
