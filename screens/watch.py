"""One thread that looks at the runs on disk and at the machine, and tells the app."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from screens.messages import MachineSeen, RunsSeen

if TYPE_CHECKING:
    from textual.app import App

INTERVAL_S = 1.0


class Watch(threading.Thread):
    """Posts `RunsSeen` when something changed, and `MachineSeen` every other second.

    The thread ends at once when `stop` is called.
    """

    def __init__(self, app: App[Any]) -> None:
        super().__init__(name="watch", daemon=True)
        self._app = app
        self._stopped = threading.Event()
        self._hurry = threading.Event()

    def stop(self) -> None:
        """End the thread without waiting for it."""
        self._stopped.set()
        self._hurry.set()

    def look_now(self) -> None:
        """Look before the interval is over: something was just launched or stopped."""
        self._hurry.set()

    def run(self) -> None:
        """Look, tell, wait."""
        from workbench.gpu.sample import Sampler
        from workbench.runs.catalog import list_runs

        sampler = Sampler()
        before: object = None
        rounds = 0
        while not self._stopped.is_set():
            runs = tuple(list_runs())
            if runs != before:
                before = runs
                self._tell(RunsSeen(runs))
            if rounds % 2 == 0:
                self._tell(MachineSeen(sampler.sample()))
            rounds += 1
            self._hurry.wait(INTERVAL_S)
            self._hurry.clear()

    def _tell(self, message: RunsSeen | MachineSeen) -> None:
        if not self._stopped.is_set():
            self._app.post_message(message)
