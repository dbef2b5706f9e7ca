"""The Monitor screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from screens.widgets.room import Room


class MonitorScreen(Room):
    """The Monitor screen."""

    MODE = "monitor"

    def compose_body(self) -> ComposeResult:
        yield Static("Monitor", classes="pane")
