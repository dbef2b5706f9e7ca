"""Text files in which a line is a row: they can be gone through in parts."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from workbench.data.containers.base import LONGEST_ROW, TOO_LONG, Located, Part, TextContainer
from workbench.data.source import BLOCK

_MOST_WAITING = LONGEST_ROW - BLOCK


class LineContainer(TextContainer):
    """Every line that is not blank is a row."""

    def parts(self, count: int) -> list[Part]:
        wanted = [self.size * index // count for index in range(1, count)]
        cuts = sorted({0, self.size, *map(self.line_start, wanted)})
        return [Part(start, end) for start, end in pairwise(cuts)] or [Part(0, 0)]

    def rows(self, start: int, end: int) -> Iterator[Located]:
        read, parse = self._source.read, self.parse
        place = position = start
        # The beginning of a line whose end has not been read yet.
        waiting: list[bytes] = []
        waiting_bytes = 0
        while block := read(position, min(BLOCK, end - position)):
            position += len(block)
            if b"\n" not in block:
                waiting_bytes += len(block)
                if waiting_bytes <= _MOST_WAITING:
                    waiting.append(block)
                continue
            if waiting_bytes > _MOST_WAITING:
                rest, _, block = block.partition(b"\n")
                yield place, LONGEST_ROW + 1, TOO_LONG
                place += waiting_bytes + len(rest) + 1
            elif waiting:
                block = b"".join([*waiting, block])
            lines = block.split(b"\n")
            rest = lines.pop()
            for line in lines:
                length = len(line)
                if length and not line.isspace():
                    yield place, length, parse(line)
                place += length + 1
            waiting, waiting_bytes = [rest], len(rest)
        # The last line of a first look may go on behind it.
        if self.partial and end == self.size:
            return
        if waiting_bytes > _MOST_WAITING:
            yield place, LONGEST_ROW + 1, TOO_LONG
        elif (line := b"".join(waiting)) and not line.isspace():
            yield place, len(line), parse(line)
