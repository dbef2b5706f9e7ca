"""The lines of the form: one that opens a dialog, one that is on or off, one with a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from workbench.untrusted import shorten

if TYPE_CHECKING:
    from workbench.quantize.methods import Method

NAME_WIDTH = 9


class PickLine(Widget, can_focus=True):
    """A name and what was picked for it; enter asks for another.

    `value` is what was picked, None for nothing; `shown` stands in its place where it is None.
    """

    DEFAULT_CSS = "PickLine { height: 1; } PickLine:focus { background: $block-cursor-background; }"
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "pick", "Pick"),
        Binding("backspace,delete", "clear", "Take away", show=False),
    ]

    class Asked(Message):
        """Something else is to be picked."""

        def __init__(self, line: PickLine) -> None:
            super().__init__()
            self.line = line

    class Cleared(Message):
        """What was picked was taken away."""

    def __init__(self, name: str, shown: str, *, id: str) -> None:
        super().__init__(id=id)
        self._title, self._shown = name, shown
        self.value: str | None = None

    def set(self, value: str | None) -> None:
        """Show this as picked."""
        self.value = value
        self.refresh()

    def render(self) -> Content:
        room = self.content_size.width - NAME_WIDTH
        value = self.value
        if value is not None and len(value) > room and "/" in value:
            value = "…" + value[-(room - 1) :]  # the end of a path says more than its beginning
        return Content.assemble(
            (f"{self._title:<{NAME_WIDTH}}", "$text-muted"),
            shorten(value, room) if value is not None else (shorten(self._shown, room), "$text-muted"),
        )

    def on_click(self, event: Click) -> None:
        self.action_pick()

    def action_pick(self) -> None:
        """Ask for another."""
        self.post_message(self.Asked(self))

    def action_clear(self) -> None:
        """Take away what was picked."""
        if self.value is not None:
            self.set(None)
            self.post_message(self.Cleared())


class MethodBox(Widget, can_focus=True):
    """A method that is measured or not. The baseline always is; one that cannot run says why."""

    DEFAULT_CSS = "MethodBox { height: auto; } MethodBox:focus { background: $block-cursor-background; }"
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = [Binding("enter,space", "switch", "On or off")]

    def __init__(self, method: Method, missing: str | None, *, always: bool) -> None:
        super().__init__(id=f"method-{method.name}")
        self.method = method
        self.missing = missing
        self.always = always
        self.checked = missing is None

    @property
    def about(self) -> str:
        """What the method does, and where it is described."""
        source = f" ({self.method.source})" if self.method.source else ""
        return f"{self.method.help}{source}"

    def render(self) -> Content:
        box = "[x]" if self.checked else "[ ]"
        style = "$text-disabled" if self.missing else ""
        line = Content.assemble((f"{box} ", style or "$primary"), (self.method.label, style))
        if self.always:
            line += Content.styled("  the baseline", "$text-muted")
        if self.missing:
            line += Content.styled(f"\n    {self.missing}", "$text-warning")
        return line

    def on_click(self, event: Click) -> None:
        self.action_switch()

    def action_switch(self) -> None:
        """Measure it, or not."""
        if not self.always and not self.missing:
            self.checked = not self.checked
            self.refresh()


class NumberLine(Horizontal):
    """A name and a whole number."""

    DEFAULT_CSS = """
    NumberLine { height: 1; }
    NumberLine Label { width: 15; }
    NumberLine .unit { width: 1fr; padding-left: 1; color: $text-muted; }
    """

    def __init__(self, name: str, value: int, unit: str, *, key: str) -> None:
        super().__init__()
        self._title, self._value, self._unit, self._key = name, value, unit, key

    def compose(self) -> ComposeResult:
        yield Label(self._title, markup=False)
        field = Input(str(self._value), id=self._key, type="integer", compact=True, select_on_focus=True)
        field.cursor_blink = False
        yield field
        yield Static(self._unit, classes="unit", markup=False)
