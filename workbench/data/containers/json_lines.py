"""JSON Lines: one value a line."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.data.containers.base import TextContainer, parse_json


class JsonLines(TextContainer):
    """Every line that is not blank is a row."""

    name = "JSON Lines"

    def rows(self) -> Iterator[tuple[int, int, object]]:
        offset = 0
        for line in self._source.reader():
            length = len(line)
            if not line.isspace():
                yield offset, length, self.parse(line)
            offset += length

    def parse(self, data: bytes) -> object:
        text = self.decoded(data)
        return parse_json(text) if isinstance(text, str) else text
