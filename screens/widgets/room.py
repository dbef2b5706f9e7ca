"""The base of the five screens: status line above, key line below."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from screens.widgets.key_line import KeyLine
from screens.widgets.status_line import StatusLine
from screens.widgets.thin_line import ThinCompositor


class Room(Screen[None]):
    """One of the five screens. A subclass says its `MODE` and composes its body.

    `HELP` is the text that `?` shows above the list of keys.
    """

    MODE: ClassVar[str] = ""
    AUTO_FOCUS = "*"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "app.focus_next", "Next pane", show=False),
        Binding("shift+tab", "app.focus_previous", "Pane before", show=False),
    ]
    # Textual sets these classes by the terminal's width: a screen shows fewer panes on a narrow one.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-normal"), (170, "-wide")]  # noqa: RUF012
    VERTICAL_BREAKPOINTS = [(0, "-short"), (34, "-tall")]  # noqa: RUF012

    def __init__(self) -> None:
        super().__init__()
        self._compositor = ThinCompositor()

    def compose(self) -> ComposeResult:
        yield StatusLine(self.MODE)
        yield from self.compose_body()
        yield KeyLine()

    def compose_body(self) -> ComposeResult:
        """The panes between the two lines."""
        raise NotImplementedError
