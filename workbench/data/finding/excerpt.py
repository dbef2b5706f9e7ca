"""A glimpse of where a row holds what was looked for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.data.finding.texts import texts_of
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset
    from workbench.data.finding.pattern import Pattern

_BEFORE, _BEHIND = 16, 120


@dataclass(frozen=True)
class Excerpt:
    """The first place in a row, with what stands around it. Untrusted, and may hold line breaks."""

    row: int
    column: str
    before: str
    hit: str
    behind: str


def excerpt(dataset: Dataset, row: int, pattern: Pattern, column: str | None = None) -> Excerpt | None:
    """The first place at which `row` holds this; None if it is not found again."""
    try:
        record = dataset.record(row)
    except WorkbenchError:
        return _first(row, "", dataset.raw_text(row), pattern)
    for name, value in record.items():
        if column in (None, name):
            for text in texts_of(value):
                if found := _first(row, name, text, pattern):
                    return found
    return None


def _first(row: int, column: str, text: str, pattern: Pattern) -> Excerpt | None:
    span = pattern.first(text)
    if span is None:
        return None
    start, end = span
    before = text[max(start - _BEFORE, 0) : start]
    if start > _BEFORE:
        before = f"…{before}"
    return Excerpt(row, column, before, text[start:end][:_BEHIND], text[end : end + _BEHIND])
