"""JSON Lines: one value a line."""

from __future__ import annotations

from workbench.data.containers.base import Unreadable
from workbench.data.containers.json_values import Refused, parse_json
from workbench.data.containers.lines import LineContainer


class JsonLines(LineContainer):
    """Every line that is not blank is a row."""

    name = "JSON Lines"

    def parse(self, data: bytes) -> object:
        try:
            return parse_json(data)
        except Refused as refused:
            return Unreadable(refused.args[0])
        except UnicodeDecodeError as error:
            return self.undecodable(data, error.start)
