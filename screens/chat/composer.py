"""Where one writes: a field that grows with its text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key
from textual.message import Message
from textual.widgets import TextArea


class Composer(TextArea):
    """Enter sends. ctrl+j begins a new line in every terminal.

    shift+enter and alt+enter do too where the terminal tells them from enter (kitty's keyboard
    protocol); elsewhere it sends enter for both.
    """

    HELP = (
        "Write here. Enter sends; ctrl+j begins a new line (also shift+enter and alt+enter, in terminals "
        "that tell them from enter). Pasted text keeps its lines. Escape stops an answer, and else leaves "
        "the field, after which single letters are keys."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "send", "Send"),
        Binding("ctrl+j", "new_line", "New line"),
        Binding("shift+enter,alt+enter", "new_line", "New line", show=False),
    ]

    @dataclass
    class Sent(Message):
        """The user wants this to be answered."""

        text: str

    def __init__(self) -> None:
        super().__init__(
            placeholder="Write a message",
            highlight_cursor_line=False,
            compact=True,
            id="composer",
        )
        self.cursor_blink = False

    async def _on_key(self, event: Key) -> None:
        # In the field's own turn: a binding with priority would overtake the letters typed before it.
        action = {"enter": self.action_send, "ctrl+j": self.action_new_line}.get(event.key)
        if action is not None:
            event.stop()
            event.prevent_default()
            action()

    def action_send(self) -> None:
        """Hand the text over and empty the field; what is typed from now on is the next message."""
        text = self.text.strip()
        if text:
            self.text = ""
            self.post_message(self.Sent(text))

    def action_new_line(self) -> None:
        """Begin a new line at the cursor."""
        self.insert("\n")

    def give_back(self, text: str) -> None:
        """The text could not be sent: put it before what was typed since."""
        # Not the user's doing: what was said about it stays until the user types.
        with self.prevent(TextArea.Changed):
            self.insert(text, (0, 0))
