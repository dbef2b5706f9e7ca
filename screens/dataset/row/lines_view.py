"""Lines of styled text that scroll; only those that are seen are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual import work
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget
from textual.worker import get_current_worker

from screens.dataset.row.flow import FlowStopped, Line, Piece, Places, flow_with_places
from screens.dataset.row.highlight import Highlight

if TYPE_CHECKING:
    from workbench.data.finding.pattern import Pattern

# With more characters than these the lines are broken in a thread.
AT_ONCE = 20_000
GUTTER = 2
# For terminals that draw these two cells wide.
_ASCII = str.maketrans("▎┊╳─│", "|:x-|")


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
    LinesView > .lines--found { background: $warning 30%; text-style: underline; }
    LinesView > .lines--found-here { background: $warning; color: $background; text-style: bold; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--mark", "lines--found", "lines--found-here"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n,full_stop", "next_found(1)", "Next place found", show=False),
        Binding("N,comma", "next_found(-1)", "Place found before", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.styles.padding = 0
        self.places = Places()
        self._pieces: Sequence[Piece] = ()
        self._lines: list[Line] = []
        self._broken_to = 0
        self._found = Highlight()
        self._styles: dict[str, Style] = {}

    def show(self, pieces: Sequence[Piece]) -> None:
        """Show these from the top, or from the first place at which what was looked for stands."""
        self._pieces = pieces
        self.scroll_home(animate=False)
        self._break()

    def highlight(self, pattern: Pattern | None) -> None:
        """Mark every place at which this stands; None: no marks any more."""
        if pattern != self._found.pattern:
            self._found = Highlight(pattern)
            self._found.look(self._pieces, self.places)
            self.refresh()

    def action_next_found(self, step: int) -> None:
        """Go to the next place at which what was looked for stands."""
        line = self._found.go(step)
        if line is not None:
            self._scroll_to_line(line)
            self.refresh()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is nowhere to go where nothing was looked for."""
        return action != "next_found" or bool(self._found)

    def _scroll_to_line(self, line: int) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if not top <= line < top + height:
            self.scroll_to(y=max(line - height // 3, 0), animate=False)

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
        self._make_room(Size(width + GUTTER + 1, len(lines)))
        self._found.look(pieces, places)
        self.laid_out()
        if (line := self._found.go(0)) is not None:
            self._scroll_to_line(line)
        self.refresh()

    def _make_room(self, room: Size) -> None:
        """Take another virtual size; the screen is laid out anew only if the scrollbar comes or goes."""
        height = self.container_size.height
        if height and (room.height > height) == (self.virtual_size.height > height):
            self.set_reactive(Widget.virtual_size, room)
            self._scroll_update(room)
        else:
            self.virtual_size = room

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
        if self.app.has_class("-ascii"):
            segments = [Segment(segment.text.translate(_ASCII), segment.style) for segment in segments]
        strip = Strip(segments).adjust_cell_length(width, base)
        for start, end, kind in (*self._found.on(number), *self.lit(number)):
            before, inside, behind = strip.divide([start + GUTTER, end + GUTTER, width])
            over = Segment.apply_style(list(inside), post_style=self._style(kind))
            strip = Strip.join([before, Strip(over, inside.cell_length), behind])
        return strip

    def _style(self, kind: str) -> Style:
        if kind not in self._styles:
            self._styles[kind] = self.get_component_rich_style(f"lines--{kind}", partial=True)
        return self._styles[kind]
