"""A dialog that lists things by name, narrowed by typing; what is typed may also name something else."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.events import Click
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option


@dataclass(frozen=True, slots=True)
class Choice:
    """Something to pick: `value` is returned, `name` and `what` (what it is) are shown.

    `name` and `what` are untrusted text. One that is `dim` cannot be had.
    """

    value: str
    name: str
    what: str = ""
    dim: bool = False


class PickList(ModalScreen[str | None]):
    """Names in a list, an input above that narrows it; enter takes, escape gives None.

    A subclass finds the choices (in a thread) and says what a typed text means by itself.
    """

    CSS = """
    .dialog { width: 96; padding: 0 1 1 1; }
    Input { border: none; height: 1; padding: 0 1; background: $panel; margin-top: 1; }
    Input:focus { border: none; }
    OptionList {
        height: auto; max-height: 16; border: none; padding: 0 1; margin-top: 1; background: $surface;
    }
    OptionList:focus { border: none; }
    #note { margin: 1 1 0 1; height: auto; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "move('cursor_down')", "Next", show=False),
        Binding("up", "move('cursor_up')", "Previous", show=False),
        Binding("pagedown", "move('page_down')", "Page down", show=False),
        Binding("pageup", "move('page_up')", "Page up", show=False),
        Binding("escape", "cancel", "Leave it"),
    ]
    HINT: ClassVar[str] = ""
    PLACEHOLDER: ClassVar[str] = "type to narrow the list"
    LOOKING: ClassVar[str] = "looking …"

    @dataclass
    class Found(Message):
        """What there is to pick, or why that cannot be told."""

        choices: Sequence[Choice]
        problem: str | None

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self._choices: Sequence[Choice] | None = None
        self._fitting: list[Choice] = []

    def find_choices(self) -> Sequence[Choice]:
        """What there is to pick. Called in a thread.

        Raises:
            WorkbenchError: shown in place of the list.
        """
        raise NotImplementedError

    def nothing_found(self) -> str:
        """What to say where there is nothing to pick."""
        return "There is nothing to pick."

    def nothing_fits(self, text: str) -> str:
        """What to say where `text` names nothing in the list, and means nothing by itself."""
        return "nothing matches"

    def typed(self, text: str) -> Choice | None:
        """What `text` means if it names nothing in the list."""
        return None

    def check(self, value: str) -> str | None:
        """A sentence if `value` will not do; the dialog stays open with it."""
        return None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(self._title)
            dialog.border_subtitle = "↑↓ choose   enter take   escape leave"
            field = Input(placeholder=self.PLACEHOLDER)
            field.cursor_blink = False
            yield field
            listing = OptionList(markup=False)
            listing.can_focus = False
            yield listing
            yield Static(Content(self.LOOKING), id="note", classes="dim")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        # Not a worker: one that waits for a server would be waited for when the app is closed.
        threading.Thread(target=self._look, name="pick-list", daemon=True).start()

    def _look(self) -> None:
        from workbench.errors import WorkbenchError

        found: Sequence[Choice] = ()
        problem: str | None = None
        try:
            found = self.find_choices()
        except WorkbenchError as error:
            problem = str(error)
        self.post_message(self.Found(found, problem))

    def on_pick_list_found(self, message: Found) -> None:
        self._choices = message.choices
        self._fill()
        if message.problem or not message.choices:
            self._note(message.problem or self.nothing_found(), "problem" if message.problem else "dim")
        else:
            self._note(self.HINT)

    def _note(self, text: str, kind: str = "dim") -> None:
        note = self.query_one("#note", Static)
        note.set_classes(kind)
        note.display = bool(text)
        note.update(Content(text))

    def _fill(self) -> None:
        from workbench.untrusted import display_width, shorten

        text = self.query_one(Input).value.strip()
        words = text.lower().split()
        fitting = [
            choice
            for choice in self._choices or ()
            if all(word in f"{choice.name} {choice.what}".lower() for word in words)
        ]
        if text and not any(choice.name == text for choice in fitting) and (own := self.typed(text)):
            fitting.append(own)
        width = min(max((display_width(choice.name) for choice in fitting), default=0), 42)
        listing = self.query_one(OptionList)
        listing.clear_options()
        self._fitting = fitting
        for choice in fitting:
            name = shorten(choice.name, width)
            pad = " " * (width - display_width(name) + 2)
            what = shorten(choice.what, 100)
            colour = "$text-disabled" if choice.dim else ""
            listing.add_option(Option(Content.assemble((name, colour), pad, (what, colour or "$text-muted"))))
        listing.highlighted = 0 if fitting else None
        listing.display = bool(fitting)

    def on_input_changed(self, event: Input.Changed) -> None:
        if self._choices is not None:
            self._fill()
            text = event.value.strip()
            self._note(self.HINT if self._fitting or not text else self.nothing_fits(text))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        highlighted = self.query_one(OptionList).highlighted
        if self._choices is None:
            own = self.typed(event.value.strip()) if event.value.strip() else None
            if own:
                self._take(own.value)
        elif highlighted is not None:
            self._take(self._fitting[highlighted].value)
        elif event.value.strip():
            text = event.value.strip()
            self._note(self.check(text) or self.nothing_fits(text), "problem")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._take(self._fitting[event.option_index].value)

    def _take(self, value: str) -> None:
        if problem := self.check(value):
            self._note(problem, "problem")
        else:
            self.dismiss(value)

    def on_click(self, event: Click) -> None:
        if event.widget is self:
            self.dismiss(None)

    def action_move(self, action: str) -> None:
        """Move the mark in the list while the input keeps the focus."""
        getattr(self.query_one(OptionList), f"action_{action}")()

    def action_cancel(self) -> None:
        """Close without a choice."""
        self.dismiss(None)
