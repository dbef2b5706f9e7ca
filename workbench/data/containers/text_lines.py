"""Plain text: one row a line."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.data.containers.base import TextContainer


class TextLines(TextContainer):
    """Every line that is not blank is a row with one column, `text`."""

    name = "text"
    columns = ("text",)

    def rows(self) -> Iterator[tuple[int, int, object]]:
        offset = 0
        for line in self._source.reader():
            length = len(line)
            if not line.isspace():
                yield offset, length, self.parse(line)
            offset += length

    def parse(self, data: bytes) -> object:
        text = self.decoded(data)
        return {"text": text.rstrip("\r\n")} if isinstance(text, str) else text
