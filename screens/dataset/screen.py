"""The Data screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from screens.widgets.room import Room


class DataScreen(Room):
    """The Data screen."""

    MODE = "data"

    def compose_body(self) -> ComposeResult:
        yield Static("Data", classes="pane")
