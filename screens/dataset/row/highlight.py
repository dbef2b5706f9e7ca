"""Where a text that was looked for stands among lines that were broken to a width."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from screens.dataset.row.flow import Piece, Places, whole_text
from workbench.untrusted import display_width

if TYPE_CHECKING:
    from workbench.data.finding.pattern import Pattern

# Line, first cell, the cell behind, and the number of the place: one place may go over several lines.
Stretch = tuple[int, int, int, int]


class Highlight:
    """The places of a pattern; true if there is something to look for. The current one is `here`."""

    def __init__(self, pattern: Pattern | None = None) -> None:
        self.pattern = pattern
        self.count = 0
        self._here = 0
        self._lines: dict[int, list[Stretch]] = {}
        self._first_lines: list[int] = []

    def __bool__(self) -> bool:
        return self.pattern is not None

    def look(self, pieces: Sequence[Piece], places: Places) -> None:
        """Find the places anew, in these pieces as they are laid out."""
        self._lines, self._first_lines, self._here = {}, [], 0
        if self.pattern is None:
            return
        text = whole_text(pieces)
        for number, (start, end) in enumerate(self.pattern.spans(text)):
            stretches = list(_stretches(text, start, end, places, number))
            if places.beside:
                stretches += _stretches(text, start, end, places.beside, number)
            for stretch in stretches:
                self._lines.setdefault(stretch[0], []).append(stretch)
            if stretches:
                self._first_lines.append(min(stretch[0] for stretch in stretches))
            else:
                self._first_lines.append(self._first_lines[-1] if self._first_lines else 0)
        self.count = len(self._first_lines)

    def go(self, step: int) -> int | None:
        """Go so many places on; the line of the place, None if there is none."""
        if not self._first_lines:
            return None
        self._here = (self._here + step) % len(self._first_lines)
        return self._first_lines[self._here]

    def on(self, line: int) -> Iterator[tuple[int, int, str]]:
        """What to mark on a line: first cell, the one behind, and the kind of mark."""
        for _, start, end, number in self._lines.get(line, ()):
            yield start, end, "found-here" if number == self._here else "found"


def _stretches(text: str, start: int, end: int, places: Places, number: int) -> Iterator[Stretch]:
    """The cells in which the characters from `start` to `end` stand."""
    first = max(bisect_right(places.offsets, start) - 1, 0)
    for chunk in range(first, bisect_left(places.offsets, end)):
        offset, left, right = places.offsets[chunk], places.starts[chunk], places.ends[chunk]
        begin = left + display_width(text[offset : max(start, offset)])
        behind = min(left + display_width(text[offset:end]), right)
        # Characters between two chunks, line breaks for instance, stand nowhere.
        if begin < behind:
            yield places.lines[chunk], begin, behind, number
