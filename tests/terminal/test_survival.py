"""What happens to a run when the app that launched it dies: nothing."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

import pytest
from terminal import Terminal

from workbench.runs.directory import RunDirectory
from workbench.runs.events import read_events
from workbench.runs.status import read_status

Open = Callable[..., Terminal]
Make = Callable[..., RunDirectory]

WATCH = "from screens.app import WorkbenchApp; WorkbenchApp('monitor').run()"
LAUNCH_AND_WATCH = (
    """
from pathlib import Path
from workbench.runs.directory import RunDirectory
from workbench.runs.launch import launch
launch(RunDirectory(Path({path!r})), "steps_job")
"""
    + WATCH
)


def steps_in(run: RunDirectory) -> int:
    return sum(event["kind"] == "step" for event in read_events(run.events_file))


def step_on(terminal: Terminal) -> int:
    found = re.search(r"step (\d+)/", terminal.text)
    return int(found[1]) if found else 0


@pytest.mark.parametrize("end", ["kill -9", "terminal closed"])
def test_the_run_goes_on_and_a_new_app_follows_it(end: str, make_run: Make, open_terminal: Open) -> None:
    run = make_run("纪念", steps=90, delay=0.1, save_every=30)
    first = open_terminal(LAUNCH_AND_WATCH.format(path=str(run.path)))
    first.wait_for("running")
    first.wait_for(lambda: step_on(first) > 0)

    if end == "kill -9":
        first.kill()
    else:
        first.hang_up()

    seen = steps_in(run)
    deadline = time.monotonic() + 20
    while steps_in(run) < seen + 10:
        assert time.monotonic() < deadline, "the job stopped with the app"
        time.sleep(0.05)
    assert read_status(run).live

    second = open_terminal(WATCH)
    second.wait_for("running")
    second.wait_for(lambda: step_on(second) >= seen)
    second.wait_for("✓ done", 60)
    second.wait_for("90 step")

    events = read_events(run.events_file)
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event["step"] for event in events if event["kind"] == "step"] == list(range(1, 91))
    assert (events[-1]["kind"], events[-1]["state"]) == ("end", "done")


def test_two_apps_watch_one_run(make_run: Make, open_terminal: Open) -> None:
    run = make_run("shared", steps=50, delay=0.1)
    first = open_terminal(LAUNCH_AND_WATCH.format(path=str(run.path)), size=(80, 24))
    first.wait_for("running")
    second = open_terminal(WATCH, size=(200, 60))
    second.wait_for("running")
    first.kill()
    second.wait_for("✓ done", 60)
    events = read_events(run.events_file)
    assert [event["seq"] for event in events] == list(range(len(events)))
