"""The end of a run's log."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import MouseScrollDown, MouseScrollUp

from screens.widgets.frugal import Frugal
from workbench.untrusted import shorten


class LogPane(Frugal, can_focus=True):
    """The last lines of output.log; scrolled back it stands still, at the end it follows."""

    HELP = (
        "What the run's process prints (output.log). Scroll back with the arrow keys; end follows the log "
        "again."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "scroll_by(1)", "Line up", show=False),
        Binding("down,j", "scroll_by(-1)", "Line down", show=False),
        Binding("pageup", "scroll_by(10)", "Page up", show=False),
        Binding("pagedown", "scroll_by(-10)", "Page down", show=False),
        Binding("home", "scroll_by(1000000)", "First line kept", show=False),
        Binding("end", "scroll_by(-1000000)", "Follow", show=False),
    ]

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._lines: tuple[str, ...] = ()
        self._back = 0
        self.border_title = "log"

    def show(self, lines: tuple[str, ...]) -> None:
        """Show these lines, already safe to print."""
        if self._back and lines[: len(self._lines)] == self._lines:
            self._back += len(lines) - len(self._lines)
        self._lines = lines
        self._scroll(self._back)

    def action_scroll_by(self, lines: int) -> None:
        """Scroll back, or on with a negative number."""
        self._scroll(self._back + lines)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self._scroll(self._back + 3)

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self._scroll(self._back - 3)

    def _scroll(self, back: int) -> None:
        before = self._back
        self._back = min(max(back, 0), max(len(self._lines) - self.content_size.height, 0))
        if bool(before) != bool(self._back):
            self.border_subtitle = "scrolled back: end follows" if self._back else ""
        self.redraw()

    def text(self, width: int) -> Content:
        if not self._lines:
            return Content.styled("It has printed nothing yet.", "$text-muted")
        end = len(self._lines) - self._back
        shown = self._lines[max(end - self.content_size.height, 0) : end]
        return Content("\n").join(Content.styled(shorten(line, width), "$text-muted") for line in shown)
