"""Monitor and live jobs: following, stopping, resuming."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest
from made_runs import JOBS
from monitor_app import Asked
from waiting import wait_for

from screens.monitor.log_pane import LogPane
from screens.monitor.loss_plot import MetricPlot
from screens.monitor.runs_list import RunsList
from screens.monitor.summary import Summary
from screens.widgets.dialogs import Question
from workbench.runs.control import stop
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.launch import launch
from workbench.runs.status import read_status

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[RunDirectory]]:
    """Launches go here to be stopped at the end, whatever the test did."""
    monkeypatch.setenv("PYTHONPATH", str(JOBS), prepend=os.pathsep)
    runs: list[RunDirectory] = []
    yield runs
    for run in runs:
        if read_status(run).live:
            stop(run, patience_s=0.0, grace_s=0.0)


def start(live: list[RunDirectory], name: str = "steps", **plan: object) -> RunDirectory:
    run = create_run(name)
    run.recipe_file.write_text(json.dumps(plan))
    live.append(run)
    launch(run, "steps_job")
    return run


async def test_a_run_is_followed_from_loading_to_its_end(live: list[RunDirectory]) -> None:
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        run = start(live, steps=40, delay=0.03, loading_s=3.0)
        app.look_at_runs()
        await wait_for(pilot, lambda: "loading the model" in app.read(MetricPlot))
        assert "since the start" in app.read(MetricPlot)
        await wait_for(pilot, lambda: "◆" in app.read(MetricPlot))
        await wait_for(pilot, lambda: "running" in app.read(Summary))
        await wait_for(pilot, lambda: "done" in app.read(Summary), 20)
        await wait_for(pilot, lambda: "▲" in app.read(MetricPlot) and "40 step" in app.read(MetricPlot))
        await wait_for(pilot, lambda: "step 40 损失" in app.read(LogPane))
        assert f"✓ {run.id}" in app.read(RunsList)


async def test_stop_asks_first_and_shows_each_step(live: list[RunDirectory]) -> None:
    run = start(live, steps=200, delay=1.0)
    app = Asked(run_id=run.id)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "running" in app.read(Summary))
        await pilot.press("x")
        await wait_for(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("n")
        assert read_status(run).state == "running"
        await pilot.press("x")
        await wait_for(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("y")
        await wait_for(pilot, lambda: f"asked {run.id} to save and stop" in app.notice)
        await wait_for(pilot, lambda: read_status(run).state == "stopped")
        await wait_for(pilot, lambda: "r resumes it from step" in app.notice)


async def test_a_crashed_run_is_resumed(live: list[RunDirectory]) -> None:
    run = start(live, steps=30, delay=0.01, save_every=10, raise_at=25, raises="kill")
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "crashed" in app.read(Summary))
        await wait_for(pilot, lambda: "r resumes it from step 20" in app.notice)
        run.recipe_file.write_text(json.dumps({"steps": 30, "delay": 0.01, "save_every": 10}))
        await pilot.press("r")
        await wait_for(pilot, lambda: "goes on from step 20" in app.notice)
        await wait_for(pilot, lambda: "done" in app.read(Summary), 20)
        await wait_for(pilot, lambda: "↻" in app.read(MetricPlot))


async def test_what_cannot_be_resumed_says_why(live: list[RunDirectory]) -> None:
    start(live, steps=30, raise_at=3, raises="kill")
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "crashed" in app.read(Summary))
        await pilot.press("r")
        await wait_for(pilot, lambda: "no whole checkpoint to resume from" in app.notice)
