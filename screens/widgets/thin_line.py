"""Partial updates that carry the changed cells only, for lines on which every byte counts."""

from __future__ import annotations

from rich.console import Console
from rich.control import Control
from textual._compositor import ChopsUpdate, Compositor


class ThinCompositor(Compositor):
    """Textual's compositor, but for the start of a changed span.

    Textual 8.2 writes each changed line of a widget from the widget's left edge; for a curve that grows
    at its right end that is nearly all of it, every time.
    """

    def render_partial_update(self) -> ChopsUpdate | None:
        """What changed since the last update."""
        update = super().render_partial_update()
        return update and ChangedCells(update.chops, update.spans, update.chop_ends)


class ChangedCells(ChopsUpdate):
    """Spans of cells, each from its first cell to its last."""

    def render_segments(self, console: Console) -> str:
        """What to write to the terminal."""
        written: list[str] = []
        for y, first, last in self.spans:
            for end, (x, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or x >= last or end <= first:
                    continue
                start = max(x, first)
                cells = strip.crop(start - x, min(end, last) - x).simplify()
                written += (Control.move_to(start, y).segment.text, cells.render(console))
        return "".join(written)
