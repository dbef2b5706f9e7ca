"""Real jobs in real processes."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.events import EventTail
from workbench.runs.process import is_alive
from workbench.runs.status import Status, read_status, recorded_status

HERE = Path(__file__).parent


class Jobs:
    """Makes runs of `steps_job`, waits for what they do, and leaves none behind."""

    def __init__(self) -> None:
        self._runs: list[RunDirectory] = []

    def make(self, name: str = "steps", **plan: object) -> RunDirectory:
        run = create_run(name)
        run.recipe_file.write_text(json.dumps(plan))
        self._runs.append(run)
        return run

    def wait_until_ended(self, run: RunDirectory, seconds: float = 30.0) -> Status:
        wait_for(lambda: not read_status(run).live, seconds)
        return read_status(run)

    def wait_for_step(self, run: RunDirectory, step: int, seconds: float = 30.0) -> None:
        tail = EventTail(run.events_file)
        wait_for(lambda: any(e["kind"] == "step" and e["step"] >= step for e in tail.read()), seconds)

    def wait_for_new_steps(self, run: RunDirectory, count: int, seconds: float = 30.0) -> None:
        """Until the latest launch has made so many steps."""
        status = recorded_status(run)
        assert status
        tail = EventTail(run.events_file)
        seen: list[int] = []

        def enough() -> bool:
            seen.extend(e["seq"] for e in tail.read() if e["kind"] == "step" and e["seq"] >= status.first_seq)
            return len(seen) >= count

        wait_for(enough, seconds)

    def kill_all(self) -> None:
        for run in self._runs:
            status = recorded_status(run)
            if status and status.pid and is_alive(status.pid, status.pid_started):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(status.pid, signal.SIGKILL)


@pytest.fixture
def jobs(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Jobs]:
    monkeypatch.setenv("PYTHONPATH", str(HERE), prepend=os.pathsep)
    made = Jobs()
    yield made
    made.kill_all()


def wait_for(true: Callable[[], bool], seconds: float = 30.0) -> None:
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "it did not come in time"
        time.sleep(0.02)


@pytest.fixture
def waiting() -> Callable[..., None]:
    return wait_for
