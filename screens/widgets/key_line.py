"""The last line of every screen: the keys that work now, as many as fit."""

from __future__ import annotations

from textual.content import Content
from textual.events import Click
from textual.screen import Screen
from textual.widget import Widget


class KeyLine(Widget):
    """Keys of the focused widget first, then the screen's, then help and quit at the right.

    Textual's own footer scrolls what does not fit out of sight; this one leaves whole keys out and
    `?` shows them all.
    """

    DEFAULT_CSS = """
    KeyLine { height: 1; dock: bottom; background: $panel; padding: 0 1; }
    """
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._places: list[tuple[int, int, str]] = []

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._changed)

    def _changed(self, screen: Screen[object]) -> None:
        self.refresh()

    def render(self) -> Content:
        last = {"ctrl+q": "Quit", "question_mark": "Help"}
        keys: list[tuple[str, str, str, bool]] = []
        seen: set[str] = set()
        for key, (_, binding, enabled, _) in self.screen.active_bindings.items():
            if binding.show and key not in last and binding.description and binding.action not in seen:
                seen.add(binding.action)
                keys.append((key, self.app.get_key_display(binding), binding.description, enabled))
        focused = self.screen.focused
        # In a field `?` is a character like any other.
        typing = focused is not None and focused.check_consume_key("question_mark", "?")
        tail = [("question_mark", "?", "Help", not typing), ("ctrl+q", "^q", "Quit", True)]
        width = self.content_size.width
        tail_width = sum(len(shown) + len(name) + 3 for _, shown, name, _ in tail) - 2
        self._places = []
        line = Content("")
        for key, shown, name, enabled in keys:
            piece = _piece(shown, name, enabled)
            if line.cell_length + piece.cell_length + 2 + tail_width > width:
                break
            self._places.append((line.cell_length, line.cell_length + piece.cell_length, key))
            line += Content.assemble(piece, "  ")
        line += " " * max(width - tail_width - line.cell_length, 0)
        for key, shown, name, enabled in tail:
            piece = _piece(shown, name, enabled)
            self._places.append((line.cell_length, line.cell_length + piece.cell_length, key))
            line += Content.assemble(piece, "  ")
        return line

    def on_click(self, event: Click) -> None:
        for start, end, key in self._places:
            if start <= event.x - 1 < end:
                self.app.simulate_key(key)


def _piece(shown: str, name: str, enabled: bool) -> Content:
    if not enabled:
        return Content.styled(f"{shown} {name}", "$text-disabled")
    return Content.assemble((shown, "bold $primary"), (f" {name}", "$text-muted"))
