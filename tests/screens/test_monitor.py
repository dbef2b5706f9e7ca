"""Monitor on real run directories: what it shows, what its keys do."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from made_runs import finished_run
from monitor_app import Asked
from textual.widgets import Static
from waiting import wait_for

from screens import messages
from screens.monitor.log_pane import LogPane
from screens.monitor.loss_plot import MetricPlot
from screens.monitor.machine_pane import MachinePane
from screens.monitor.recipe_dialog import RecipeDialog
from screens.monitor.runs_list import RunsList
from screens.monitor.summary import Summary
from workbench.errors import WorkbenchError
from workbench.runs.directory import create_run
from workbench.runs.writer import RunWriter

pytestmark = pytest.mark.usefixtures("home")


async def test_without_runs_it_says_how_to_get_one() -> None:
    app = Asked()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: app.machine)
        assert "no runs yet" in app.read(RunsList)
        assert "Train (2)" in app.read(MetricPlot)
        assert "looking" not in app.read(MachinePane)
        await pilot.press("x", "r", "c", "v", "y", "m", "enter", "down")
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


async def test_of_50_000_steps_the_highest_is_kept(home: Path) -> None:
    run = finished_run("huge", steps=1)
    line = '{{"v":1,"seq":{0},"time":1.0,"kind":"step","step":{0},"loss":{1},"learning_rate":1e-4}}'
    lines = (line.format(step, 3.0 if step != 31_337 else 9.25) for step in range(20, 50_001))
    with run.events_file.open("a") as events:
        events.write("\n".join(lines) + "\n")
    app = Asked()
    async with app.run_test(size=(140, 40)) as pilot:
        await wait_for(pilot, lambda: app.monitor._portrait.whole and app.monitor._portrait.version > 49_980)
        await wait_for(pilot, lambda: "50k step" in app.read(MetricPlot))
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
