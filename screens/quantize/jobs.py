"""Starting and stopping a comparison, in threads that do not keep the app from closing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.message import Message


@dataclass
class Launched(Message):
    """The comparison runs."""

    run_id: str


@dataclass
class Refused(Message):
    """It could not be started, and why."""

    problem: str


@dataclass
class Stopping(Message):
    """What is being done to stop a comparison, or why it cannot be."""

    run_id: str
    sentence: str
    failed: bool = False


def launch_comparison(values: dict[str, Any], tell: Callable[[Message], object]) -> None:
    """Check and start the comparison that `values` describe."""

    def work() -> None:
        from workbench.errors import WorkbenchError
        from workbench.quantize.plan import make_plan
        from workbench.quantize.start import start_comparison

        try:
            tell(Launched(start_comparison(make_plan(values)).id))
        except WorkbenchError as error:
            tell(Refused(str(error)))

    threading.Thread(target=work, name="launch-comparison", daemon=True).start()


def stop_comparison(run_id: str, tell: Callable[[Message], object]) -> None:
    """Ask the comparison to stop, and see that it does."""

    def work() -> None:
        from workbench.errors import WorkbenchError
        from workbench.runs.control import stop
        from workbench.runs.directory import find_run

        def on_step(sentence: str) -> None:
            tell(Stopping(run_id, sentence))

        try:
            stop(find_run(run_id), on_step=on_step)
        except WorkbenchError as error:
            tell(Stopping(run_id, str(error), failed=True))

    threading.Thread(target=work, name="stop-comparison", daemon=True).start()
