"""Monitor on real run directories: what it shows, what its keys do."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from made_runs import JOBS, finished_run
from textual.widgets import Static
from waiting import wait_for

import screens.app
from screens import messages
from screens.app import WorkbenchApp
from screens.monitor.log_pane import LogPane
from screens.monitor.loss_plot import MetricPlot
from screens.monitor.machine_pane import MachinePane
from screens.monitor.notice import Notice
from screens.monitor.recipe_dialog import RecipeDialog
from screens.monitor.runs_list import RunsList
from screens.monitor.screen import MonitorScreen
from screens.monitor.summary import Summary
from screens.widgets.dialogs import Question
from screens.widgets.frugal import Frugal
from workbench.errors import WorkbenchError
from workbench.runs.control import stop
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.launch import launch
from workbench.runs.status import read_status
from workbench.runs.writer import RunWriter

pytestmark = pytest.mark.usefixtures("home")


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


async def test_without_runs_it_says_how_to_get_one() -> None:
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: app.machine)
        assert "no runs yet" in app.read(RunsList)
        assert "Train (2)" in app.read(MetricPlot)
        assert "looking" not in app.read(MachinePane)
        await pilot.press("s", "r", "c", "v", "y", "m", "enter", "down")
        assert app.asked == [] and app.screen is app.monitor


async def test_a_finished_run_with_its_figures_and_curves() -> None:
    finished_run("医疗问答", dataset="医疗问答数据集.jsonl", warning="3 rows are not used")
    app = Asked()
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_for(pilot, lambda: "◆" in app.read(MetricPlot))
        assert "✓ 医疗问答-01" in app.read(RunsList)
        assert "40/40" in app.read(RunsList)
        summary = app.read(Summary)
        assert "done" in summary and "4.00 → 2.00 −50 %" in summary
        assert "2.50 GiB at most" in app.read(MachinePane)
        assert "! step 40: 3 rows are not used" in app.notice
        plot = app.read(MetricPlot)
        assert "!" in plot and "40 step" in plot


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


async def test_why_a_run_failed_stands_above_its_curve_with_what_to_do() -> None:
    error = WorkbenchError("the loss is NaN", where="step 41", remedy="Lower learning_rate.")
    finished_run("broken", fails_with=error, checkpoint=40)
    app = Asked()
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "r resumes it from step 40" in app.notice)
        assert "It failed: step 41: the loss is NaN. Lower learning_rate." in app.notice
        assert app.read(Summary).startswith("✗ failed")


async def test_a_failed_run_without_checkpoint_says_so() -> None:
    finished_run("broken", fails_with=WorkbenchError("no memory"), with_adapter=False)
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "no checkpoint to resume from" in app.notice)
        await pilot.press("c", "v")
        assert app.asked == []


async def test_losses_that_are_no_number_are_marked() -> None:
    finished_run("nan", nan_at=20)
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "×" in app.read(MetricPlot))
        assert "no number" in str(app.monitor.query_one(MetricPlot).border_subtitle)


async def test_log_lines_and_warnings_cannot_control_the_terminal() -> None:
    evil = "\x1b[2J\x1b]0;owned\x07red \x1b[31mtext\x1b[0m [bold]x[/bold]\rLoading 100%\n医疗\x07\n"
    finished_run("evil", log=evil, warning="\x1b[2Jrow 3 [red]is[/red] empty", dataset="\x1b[31m数据.jsonl")
    app = Asked()
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_for(pilot, lambda: "Loading 100%" in app.read(LogPane))
        everything = app.read(LogPane) + app.notice + app.read(Summary) + app.read(RunsList)
        assert "\x1b" not in everything and "\x07" not in everything
        assert "row 3 [red]is[/red] empty" in app.notice
        assert "医疗␇" in app.read(LogPane)


async def test_keys_choose_runs_metrics_and_views() -> None:
    finished_run("first")
    time.sleep(0.01)
    finished_run("second")
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "second-01" in str(app.monitor.query_one(Summary).border_title))
        await pilot.press("down")
        await wait_for(pilot, lambda: "first-01" in str(app.monitor.query_one(Summary).border_title))
        await wait_for(pilot, lambda: "◆" in app.read(MetricPlot))
        plot = app.monitor.query_one(MetricPlot)
        await pilot.press("m")
        await wait_for(pilot, lambda: plot.border_title == "learning rate")
        await wait_for(pilot, lambda: "◆" not in app.read(MetricPlot))
        await pilot.press("M", "g")
        assert plot.border_title == "loss, log scale"
        await pilot.press("z", "z")
        assert plot.half_life == 0.0
        await pilot.press("l")
        assert not plot.display or plot.size.height == 0 or not plot.is_on_screen
        assert isinstance(app.focused, LogPane)
        await pilot.press("escape", "[")
        await wait_for(pilot, lambda: "second-01" in str(app.monitor.query_one(Summary).border_title))


async def test_on_a_narrow_terminal_the_list_comes_for_a_key() -> None:
    finished_run("only")
    app = Asked()
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "◆" in app.read(MetricPlot))
        runs, plot = app.monitor.query_one(RunsList), app.monitor.query_one(MetricPlot)
        assert plot.region.height >= 14 and runs.region.height == 0
        await pilot.press("a")
        await wait_for(pilot, lambda: runs.region.height > 10)
        await pilot.press("enter")
        await wait_for(pilot, lambda: plot.region.height >= 14)


async def test_recipe_chat_and_compare() -> None:
    run = finished_run("fine")
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "◆" in app.read(MetricPlot))
        await pilot.press("y")
        await wait_for(pilot, lambda: isinstance(app.screen, RecipeDialog))
        shown = "\n".join(str(static.content) for static in app.screen.query(Static))
        assert "learning_rate: 1.0e-4" in shown and str(run.recipe_file) in shown
        await pilot.press("escape", "c", "v")
        await wait_for(pilot, lambda: len(app.asked) == 2)
        assert app.asked == [messages.ChatWith(run.id), messages.CompareModel(run.id)]


async def test_stop_asks_first_and_shows_each_step(live: list[RunDirectory]) -> None:
    run = start(live, steps=200, delay=1.0)
    app = Asked(run_id=run.id)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "running" in app.read(Summary))
        await pilot.press("s")
        await wait_for(pilot, lambda: isinstance(app.screen, Question))
        await pilot.press("n")
        assert read_status(run).state == "running"
        await pilot.press("s")
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


async def test_a_run_of_50_000_steps_opens_at_once(home: Path) -> None:
    run = finished_run("huge", steps=1)
    line = '{{"v":1,"seq":{0},"time":1.0,"kind":"step","step":{0},"loss":{1},"learning_rate":1e-4}}'
    lines = (line.format(step, 3.0 if step != 31_337 else 9.25) for step in range(20, 50_001))
    with run.events_file.open("a") as events:
        events.write("\n".join(lines) + "\n")
    app = Asked()
    async with app.run_test(size=(140, 40)) as pilot:
        began = time.monotonic()
        await wait_for(pilot, lambda: app.monitor._portrait.whole and app.monitor._portrait.version > 49_980)
        await wait_for(pilot, lambda: "50k step" in app.read(MetricPlot))
        assert time.monotonic() - began < 3  # budget: 0.5 s; tests share their cores
        plot = app.monitor.query_one(MetricPlot)
        draws = time.perf_counter()
        plot.lines(90, 30)
        assert time.perf_counter() - draws < 0.1
        # The one high loss among 50,000 was not thinned away.
        assert any(0x2800 < ord(sign) < 0x2900 for sign in "".join(app.read(MetricPlot).split("\n")[:3]))


async def test_news_of_a_run_that_is_no_longer_chosen_is_dropped() -> None:
    from screens.monitor.feed import News
    from screens.monitor.portrait import Portrait

    finished_run("kept")
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "◆" in app.read(MetricPlot))
        before = app.monitor._portrait
        app.monitor.post_message(News(Portrait("another-01", whole=True)))
        await pilot.pause(0.05)
        assert app.monitor._portrait.run_id == before.run_id == "kept-01"


async def test_a_comparison_is_opened_on_quantize() -> None:
    run = create_run("compare")
    with RunWriter(run, "compare") as writer:
        writer.event("start", job="compare", model="tiny", dataset="rows.jsonl", method="full, nf4")
        writer.event("eval", method="full", size_mib=513.0, kl_mean=0.0, top1=1.0)
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "measured: full" in app.read(MetricPlot))
        await pilot.press("enter")
        await wait_for(pilot, lambda: app.asked == [messages.ShowComparison(run.id)])


async def test_damaged_events_do_no_harm() -> None:
    run = finished_run("damaged")
    with run.events_file.open("a") as events:
        events.write('{"v":1,"seq":100,"time":1,"kind":"warning","step":"x","message":["no text"]}\n')
        events.write('{"v":1,"seq":101,"time":1,"kind":"checkpoint","step":1e999}\n')
        events.write('{"v":1,"seq":102,"time":1,"kind":"step","step":"forty","loss":"low"}\n')
        events.write('{"v":1,"seq":103,"time":1,"kind":"step","step":41,"loss":1e308}\nnot json\n{"half')
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "no text" in app.notice)
        await wait_for(pilot, lambda: "◆" in app.read(MetricPlot))
        await pilot.press("m", "m", "m", "g")
        assert app.is_running
