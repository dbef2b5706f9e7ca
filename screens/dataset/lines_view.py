"""Lines of styled text that scroll; only those that are seen are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.worker import get_current_worker

from screens.dataset.flow import FlowStopped, Line, Piece, Places, flow_with_places

# With more characters than these the lines are broken in a thread.
AT_ONCE = 20_000
GUTTER = 2


class LinesView(ScrollView, can_focus=True):
    """Shows runs of text, broken to its width.

    A run's kind names the component class `lines--KIND` that styles it. A line that holds one of
    `MARKED` gets that sign in the gutter, so that it is told not by its colour alone; with it stands the
    kind in whose style the sign is drawn.
    """

    MARKED: ClassVar[dict[str, tuple[str, str]]] = {}
    DEFAULT_CSS = """
    LinesView { scrollbar-size-vertical: 1; scrollbar-gutter: stable; padding: 0; }
    LinesView > .lines--mark { color: $success; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--mark"}

    def __init__(self) -> None:
        super().__init__()
        self.styles.padding = 0
        self.places = Places()
        self._pieces: Sequence[Piece] = ()
        self._lines: list[Line] = []
        self._broken_to = 0
        self._styles: dict[str, Style] = {}

    def show(self, pieces: Sequence[Piece]) -> None:
        """Show these from the top."""
        self._pieces = pieces
        self._break()
        self.scroll_home(animate=False)

    def on_resize(self) -> None:
        if self._width != self._broken_to:
            self._break()

    def notify_style_update(self) -> None:
        super().notify_style_update()
        self._styles.clear()

    def lit(self, line: int) -> Iterable[tuple[int, int, str]]:
        """Stretches of a line to be drawn in another kind's style: first cell, the one behind, the kind."""
        return ()

    def laid_out(self) -> None:
        """Called when new lines stand."""

    @property
    def _width(self) -> int:
        # The gutter of the scrollbar is kept free, so the width does not depend on the height.
        return max(self.scrollable_content_region.width - GUTTER - 1, 8)

    def _break(self) -> None:
        if not self.size.width:
            return  # not laid out yet: the first resize comes
        if sum(piece.size for piece in self._pieces) <= AT_ONCE:
            self.workers.cancel_group(self, "break")
            self._put(self._pieces, *flow_with_places(self._pieces, self._width), self._width)
        else:
            self._break_in_thread(self._pieces, self._width)

    @work(thread=True, exclusive=True, group="break")
    def _break_in_thread(self, pieces: Sequence[Piece], width: int) -> None:
        worker = get_current_worker()
        try:
            lines, places = flow_with_places(pieces, width, lambda: worker.is_cancelled)
        except FlowStopped:
            return
        self.call_later(self._put, pieces, lines, places, width)

    def _put(self, pieces: Sequence[Piece], lines: list[Line], places: Places, width: int) -> None:
        if pieces is not self._pieces:
            return
        self._lines, self.places, self._broken_to = lines, places, width
        self.virtual_size = Size(width + GUTTER + 1, len(lines))
        self.laid_out()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.scrollable_content_region.width
        number = y + self.scroll_offset.y
        base = self.rich_style
        if number >= len(self._lines):
            return Strip.blank(width, base)
        line = self._lines[number]
        sign, sign_kind = next((self.MARKED[kind] for _, kind in line if kind in self.MARKED), (" ", "mark"))
        segments = [Segment(f"{sign} ", base + self._style(sign_kind))]
        segments += [Segment(text, base + self._style(kind)) for text, kind in line]
        strip = Strip(segments).adjust_cell_length(width, base)
        for start, end, kind in self.lit(number):
            before, inside, behind = strip.divide([start + GUTTER, end + GUTTER, width])
            over = Segment.apply_style(list(inside), post_style=self._style(kind))
            strip = Strip.join([before, Strip(over, inside.cell_length), behind])
        return strip

    def _style(self, kind: str) -> Style:
        if kind not in self._styles:
            self._styles[kind] = self.get_component_rich_style(f"lines--{kind}", partial=True)
        return self._styles[kind]
