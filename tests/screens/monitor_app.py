"""The app on Monitor, with what a test reads off it."""

from __future__ import annotations

from pathlib import Path

import screens.app
from screens import messages
from screens.app import WorkbenchApp
from screens.monitor.notice import Notice
from screens.monitor.screen import MonitorScreen
from screens.widgets.frugal import Frugal


class Asked(WorkbenchApp):
    """The app, but what Monitor asks of other screens is kept instead of done."""

    CSS_PATH = Path(screens.app.__file__).with_name("app.tcss")

    def __init__(self, **options: object) -> None:
        super().__init__("monitor", **options)  # type: ignore[arg-type]
        self.asked: list[object] = []

    async def on_chat_with(self, message: messages.ChatWith) -> None:
        message.prevent_default()
        self.asked.append(message)

    async def on_compare_model(self, message: messages.CompareModel) -> None:
        message.prevent_default()
        self.asked.append(message)

    async def on_show_comparison(self, message: messages.ShowComparison) -> None:
        message.prevent_default()
        self.asked.append(message)

    @property
    def monitor(self) -> MonitorScreen:
        screen = self.screen_stack[0]
        assert isinstance(screen, MonitorScreen)
        return screen

    def read(self, kind: type[Frugal]) -> str:
        """What stands in the pane of this kind."""
        pane = self.monitor.query_one(kind)
        return "\n".join(pane.render_line(y).text for y in range(pane.content_size.height))

    @property
    def notice(self) -> str:
        place = self.monitor.query_one(Notice)
        return str(place.content) if place.display else ""
