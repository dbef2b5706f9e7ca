"""Picks a column, or a word that stands in the rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from screens.widgets.pick_list import Choice, PickList
from workbench.data.finding.texts import text_of

NONE = "– none –"


class ColumnPicker(PickList):
    """The columns with what the first row has in them; the empty text stands for none."""

    PLACEHOLDER: ClassVar[str] = "type to narrow the list"

    def __init__(self, title: str, names: Sequence[str], rows: Sequence[object], *, empty: bool) -> None:
        super().__init__(title)
        self._names, self._rows, self._empty = names, rows, empty

    def find_choices(self) -> Sequence[Choice]:
        found = [Choice("", NONE)] if self._empty else []
        return [*found, *(Choice(name, name, self._example(name)) for name in self._names)]

    def nothing_found(self) -> str:
        return "The first rows have nothing to pick here."

    def _example(self, name: str) -> str:
        """What the first row with something in this column has there."""
        for row in self._rows[:100]:
            if isinstance(row, dict) and row.get(name) not in (None, "", []):
                return text_of(row[name])[:200]
        return ""
