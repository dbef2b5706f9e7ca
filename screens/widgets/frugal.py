"""A widget that writes only the cells that changed: a line over SSH carries no more than the news."""

from __future__ import annotations

from itertools import repeat
from typing import Any

from rich.segment import Segment
from textual.content import Content
from textual.geometry import Region
from textual.strip import Strip
from textual.visual import Visual
from textual.widget import Widget

from workbench.untrusted import display_width

Cell = tuple[str, object, int]

_NEAR = 16
"""Cells between two changes that are cheaper to write again than to jump over: a jump is some 50 bytes."""


class Frugal(Widget):
    """Draws lines, and when told to `redraw`, repaints the cells in which the new lines differ.

    A subclass draws in `lines`, or in `text` where Content is enough. Textual's own `refresh` repaints a
    widget whole, which for a pane of 100 x 20 cells is several KiB. The screen needs a `ThinCompositor`,
    or else Textual writes a changed line from the widget's left edge.
    """

    DEFAULT_CSS = "Frugal { text-wrap: nowrap; text-overflow: ellipsis; }"
    ALLOW_SELECT = False

    _drawn: list[Strip] | None = None

    def text(self, width: int) -> Content:
        """What stands in the widget, line by line; lines are cut at `width` cells."""
        return Content("")

    def lines(self, width: int, height: int) -> list[Strip]:
        """`height` lines of `width` cells."""
        strips = Visual.to_strips(self, self.text(width), width, height, self.visual_style)
        base = self.visual_style.rich_style
        strips = [strip.adjust_cell_length(width, base) for strip in strips[:height]]
        return strips + [Strip.blank(width, base)] * (height - len(strips))

    def redraw(self) -> None:
        """Something may read differently now."""
        width, height = self.content_size
        if self._drawn is None or len(self._drawn) != height or not self.is_attached:
            self.refresh()
            return
        regions = []
        for y, (before, after) in enumerate(zip(self._drawn, self.lines(width, height), strict=True)):
            for start, end in _changed(before, after):
                self._drawn[y] = after
                regions.append(Region(start, y, end - start, 1))
        if regions:
            super().refresh(*regions)

    def refresh(self, *regions: Region, **options: Any) -> Any:
        """Repaint; without `regions` all of it, drawn anew."""
        if not regions:
            self._drawn = None
        return super().refresh(*regions, **options)

    def render_line(self, y: int) -> Strip:
        """Textual asks for a line of the content."""
        width, height = self.content_size
        if self._drawn is None or len(self._drawn) != height:
            self._drawn = self.lines(width, height)
        return self._drawn[y] if y < height else Strip.blank(width, self.visual_style.rich_style)


def _changed(before: Strip, after: Strip) -> list[tuple[int, int]]:
    """The spans of cells in which two lines of one width differ."""
    if before == after:
        return []
    old, new = _cells(before), _cells(after)
    if len(old) != len(new):
        return [(0, after.cell_length)]
    spans: list[tuple[int, int]] = []
    for x, (one, other) in enumerate(zip(old, new, strict=True)):
        if one == other:
            continue
        if spans and x - spans[-1][1] < _NEAR:
            spans[-1] = spans[-1][0], x + 1
        else:
            spans.append((x, x + 1))
    return spans


def _cells(strip: Strip) -> list[Cell]:
    """Character, style and which half of a wide character, cell by cell."""
    cells: list[Cell] = []
    for segment in strip:
        text, style = segment.text, segment.style
        if display_width(text) == len(text):
            cells.extend(zip(text, repeat(style), repeat(0)))
        else:
            cells.extend(_wide_cells(segment))
    return cells


def _wide_cells(segment: Segment) -> list[Cell]:
    cells: list[Cell] = []
    for character in segment.text:
        width = display_width(character)
        if width == 0 and cells:  # a combining mark belongs to the cell before it
            text, style, half = cells[-1]
            cells[-1] = (text + character, style, half)
        cells.extend((character, segment.style, half) for half in range(width))
    return cells
