"""Small questions over a screen: yes or no, and a line of text."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static


class Question(ModalScreen[bool]):
    """A question with two answers; escape means no."""

    DEFAULT_CSS = """
    Question Horizontal { height: auto; margin-top: 1; align-horizontal: right; }
    Question Button { margin-left: 2; background: $panel; color: $foreground; text-style: none; }
    Question Button:focus { background: $primary; color: $background; background-tint: $foreground 0%; }
    Question .-danger:focus { background: $error; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "answer(False)", "No"),
        Binding("y", "answer(True)", "Yes"),
        Binding("left,right", "app.focus_next", show=False),
    ]

    def __init__(
        self, title: str, text: str, *, yes: str = "Yes", no: str = "No", danger: bool = False
    ) -> None:
        super().__init__()
        self._title, self._text, self._yes, self._no, self._danger = title, text, yes, no, danger

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            yield Static(Content(self._text))
            with Horizontal():
                yield Button(f"{self._no} (n)", id="no", compact=True)
                danger = "-danger" if self._danger else ""
                yield Button(f"{self._yes} (y)", id="yes", compact=True, classes=danger)

    def on_mount(self) -> None:
        self.query_one("#no" if self._danger else "#yes").focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Close with this answer."""
        self.dismiss(yes)


class TextPrompt(ModalScreen[str | None]):
    """One line of text; escape gives None.

    `check` returns a sentence where the text will not do, and the dialog stays open with it.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(
        self,
        title: str,
        *,
        value: str = "",
        hint: str = "",
        placeholder: str = "",
        check: Callable[[str], str | None] | None = None,
    ) -> None:
        super().__init__()
        self._title, self._value, self._hint, self._placeholder = title, value, hint, placeholder
        self._check = check

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "enter: take it   escape: leave it"
            yield Input(self._value, placeholder=self._placeholder)
            yield Static(Content(self._hint), classes="dim", id="hint")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        problem = self._check(event.value) if self._check else None
        if problem:
            hint = self.query_one("#hint", Static)
            hint.set_classes("problem")
            hint.update(Content(problem))
        else:
            self.dismiss(event.value)

    def action_cancel(self) -> None:
        """Close without a text."""
        self.dismiss(None)
