"""Plain text: one row a line."""

from __future__ import annotations

from workbench.data.containers.lines import LineContainer


class TextLines(LineContainer):
    """Every line that is not blank is a row with one column, `text`."""

    name = "text"
    columns = ("text",)

    def parse(self, data: bytes) -> object:
        try:
            return {"text": data.decode("utf-8").rstrip("\r\n")}
        except UnicodeDecodeError as error:
            return self.undecodable(data, error.start)
