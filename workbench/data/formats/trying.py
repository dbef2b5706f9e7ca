"""How many of a file's first rows a format can use, for someone who has to choose one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.data.formats.detect import Format
from workbench.data.index.judging import judged

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset

MOST_ROWS = 1_000
# Rows may be books: no more of them are held than these characters, about.
_MOST_CHARACTERS = 32_000_000


@dataclass(frozen=True)
class Trial:
    """Of `rows` rows `usable` can be used; `problems` are the others' reasons, by row."""

    rows: int
    usable: int
    problems: tuple[tuple[int, str], ...]


def first_rows(dataset: Dataset, most: int = MOST_ROWS) -> list[object]:
    """The values of the first rows, by column; None for one that has no columns."""
    found: list[object] = []
    characters = 0
    for _, record in dataset.records(range(1, min(dataset.rows, most) + 1)):
        found.append(record)
        characters += sum(len(value) for value in (record or {}).values() if isinstance(value, str | list))
        if characters > _MOST_CHARACTERS:
            break
    return found


def try_format(format: Format, rows: Sequence[object]) -> Trial:
    """Read every row as this format."""
    problems = []
    for row, value in enumerate(rows, start=1):
        _, reason = judged(value, format, row) if value is not None else (None, "the row has no columns")
        if reason is not None:
            problems.append((row, reason))
    return Trial(len(rows), len(rows) - len(problems), tuple(problems))
