"""The Chat screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from screens.widgets.room import Room


class ChatScreen(Room):
    """The Chat screen."""

    MODE = "chat"

    def compose_body(self) -> ComposeResult:
        yield Static("Chat", classes="pane")
