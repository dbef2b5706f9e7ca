"""Stop and resume, in a thread of their own: each may take minutes, and the screen goes on."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from textual.message import Message

from workbench.errors import WorkbenchError
from workbench.runs.directory import RunDirectory


@dataclass
class Told(Message):
    """What was just done to a run, in a sentence; or why it did not work, if `failed`."""

    run_id: str
    sentence: str
    failed: bool = False
    ended: bool = False


@dataclass
class Account:
    """What was told about one run so far."""

    told: list[str] = field(default_factory=list)
    trouble: str = ""
    busy: bool = False

    def begin(self) -> None:
        """Something is being done anew; what was told while the last is still under way stays."""
        if not self.busy:
            self.told.clear()
        self.trouble, self.busy = "", True

    def take(self, message: Told) -> None:
        """Add what was told."""
        if message.failed:
            self.trouble = message.sentence
        elif message.sentence:
            self.told.append(message.sentence)
        if message.ended:
            self.busy = False


def stop_run(run: RunDirectory, tell: Callable[[Told], object], *, at_once: bool) -> None:
    """Ask the run to stop, and see that it does; `at_once` without waiting for its step to end."""

    def act(on_step: Callable[[str], None]) -> None:
        from workbench.runs.control import stop

        if at_once:
            stop(run, on_step=on_step, patience_s=0.0, grace_s=5.0)
        else:
            stop(run, on_step=on_step)

    _start(run, act, tell)


def resume_run(run: RunDirectory, tell: Callable[[Told], object]) -> None:
    """Go on with the run from its last whole checkpoint."""

    def act(on_step: Callable[[str], None]) -> None:
        from workbench.runs.control import resume

        resume(run, on_step=on_step)

    _start(run, act, tell)


def _start(
    run: RunDirectory, act: Callable[[Callable[[str], None]], None], tell: Callable[[Told], object]
) -> None:
    def on_step(sentence: str) -> None:
        tell(Told(run.id, sentence))

    def go() -> None:
        try:
            act(on_step)
        except WorkbenchError as error:
            tell(Told(run.id, str(error), failed=True))
        tell(Told(run.id, "", ended=True))

    # Not a worker: closing the app must not wait for a run that takes its time to stop.
    threading.Thread(target=go, name=f"act-{run.id}", daemon=True).start()
