"""`?`: what the screen is for and every key that works now."""

from __future__ import annotations

from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

EVERYWHERE = ("app.focus_", "screen.copy_text", "open_mode", "help", "quit", "command_palette")


class HelpDialog(ModalScreen[None]):
    """Help of the screen below, of the focused widget, and their keys."""

    DEFAULT_CSS = """
    HelpDialog .dialog { width: 90; height: 90%; }
    HelpDialog VerticalScroll { height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,question_mark,q", "close", "Close")]

    def __init__(self, below: Screen[Any]) -> None:
        super().__init__()
        focused = below.focused
        texts = [node.HELP for node in (focused, below) if node is not None and getattr(node, "HELP", None)]
        self._about = "\n\n".join(text.strip() for text in texts if text)
        bindings = [
            active.binding
            for active in below.active_bindings.values()
            if active.binding.description and active.enabled
        ]
        # What is the same everywhere stands last.
        bindings.sort(key=lambda binding: binding.action.startswith(EVERYWHERE))
        self._keys = [
            (self.app.get_key_display(binding), binding.tooltip or binding.description)
            for binding in bindings
        ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Help"
            dialog.border_subtitle = "escape: close"
            with VerticalScroll():
                yield Static(Content(self._about))
                yield Static(self._key_list())

    def _key_list(self) -> Content:
        by_name: dict[str, list[str]] = {}
        for key, name in self._keys:
            by_name.setdefault(name, []).append(key)
        width = max((len(" ".join(keys)) for keys in by_name.values()), default=0)
        lines = [
            Content.assemble((f"{' '.join(keys):>{width}}", "bold $primary"), f"  {name}")
            for name, keys in by_name.items()
        ]
        return Content("\n") + Content("\n").join(lines)

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss(None)
