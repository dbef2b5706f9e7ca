"""The Train screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from screens.widgets.room import Room


class TrainScreen(Room):
    """The Train screen."""

    MODE = "train"

    def compose_body(self) -> ComposeResult:
        yield Static("Train", classes="pane")
