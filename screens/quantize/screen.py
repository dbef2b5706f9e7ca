"""The Quantize screen."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import Static

from screens.widgets.room import Room


class QuantizeScreen(Room):
    """The Quantize screen."""

    MODE = "quantize"

    def compose_body(self) -> ComposeResult:
        yield Static("Quantize", classes="pane")
