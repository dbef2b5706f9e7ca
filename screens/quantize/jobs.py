"""Starting, reading and stopping a comparison; what may take long, in threads that the app leaves behind."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.message import Message

if TYPE_CHECKING:
    from workbench.quantize.results import Results


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


@dataclass
class ResultsRead(Message):
    """What a comparison has found so far, or why that cannot be read."""

    run_id: str
    results: Results | None
    problem: str | None = None


def read_comparison(run_id: str) -> ResultsRead:
    """Read what the comparison has written so far. Quick, but it reads the disk."""
    from workbench.errors import WorkbenchError
    from workbench.quantize.results import read_results
    from workbench.runs.directory import find_run

    try:
        return ResultsRead(run_id, read_results(find_run(run_id)))
    except WorkbenchError as error:
        return ResultsRead(run_id, None, str(error))


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
