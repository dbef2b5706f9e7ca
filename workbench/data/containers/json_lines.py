"""JSON Lines: one value a line."""

from __future__ import annotations

from workbench.data.containers.base import parse_json
from workbench.data.containers.lines import LineContainer


class JsonLines(LineContainer):
    """Every line that is not blank is a row."""

    name = "JSON Lines"

    def parse(self, data: bytes) -> object:
        text = self.decoded(data)
        return parse_json(text) if isinstance(text, str) else text
