"""Terminals and jobs that end with the test."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from terminal import Terminal

from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.process import is_alive
from workbench.runs.status import recorded_status

ROOT = Path(__file__).parents[2]
JOBS = ROOT / "tests" / "unit" / "runs"

Open = Callable[..., Terminal]
Make = Callable[..., RunDirectory]


@pytest.fixture
def make_run(home: Path) -> Iterator[Make]:
    """Makes runs of `steps_job`, not yet launched; kills at the end what still lives."""
    runs: list[RunDirectory] = []

    def make(name: str = "steps", **plan: object) -> RunDirectory:
        run = create_run(name)
        run.recipe_file.write_text(json.dumps(plan))
        runs.append(run)
        return run

    yield make
    for run in runs:
        status = recorded_status(run)
        if status and status.pid and is_alive(status.pid, status.pid_started):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(status.pid, signal.SIGKILL)


@pytest.fixture
def open_terminal(home: Path) -> Iterator[Open]:
    """Opens a terminal with a Python program in it, given as text."""
    opened: list[Terminal] = []

    def open_one(program: str, size: tuple[int, int] = (120, 36)) -> Terminal:
        paths = os.pathsep.join([str(ROOT), str(JOBS)])
        environment = {"PYTHONPATH": paths, "WORKBENCH_HOME": str(home)}
        terminal = Terminal([sys.executable, "-c", program], size=size, environment=environment)
        opened.append(terminal)
        return terminal

    yield open_one
    for terminal in opened:
        terminal.close()
