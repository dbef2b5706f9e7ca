"""The Quantize screen: the form, a comparison that is followed, and how each ending looks."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from seeing import seen
from textual.pilot import Pilot
from waiting import wait_for

from screens.app import WorkbenchApp
from screens.messages import ChatWith
from screens.quantize.lines import MethodBox
from screens.quantize.screen import QuantizeScreen
from screens.quantize.setup import SetupPane
from workbench.errors import WorkbenchError
from workbench.quantize.methods import METHODS
from workbench.quantize.results import Answers, MethodResult, Results, write_results
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.writer import RunWriter

FIGURES = {
    "full": (512.0, 1.2, 630.0, 14.0, 6.45, 0.0, 1.0),
    "int8": (128.0, 2.4, 210.0, 28.0, 6.45, 0.0384, 0.909),
    "nf4": (96.0, 0.6, 630.0, 7.0, 7.74, 0.00012, 0.85),
}
SAID = {
    "full": "The capital is Paris. 多喝水。",
    "int8": "The capital is Paris. 多喝水。",
    "nf4": "The town is [b]Paris[/b]. 多喝热水。\x1b[31m",
}


class Job:
    """A comparison as its process writes it, method by method, without a model."""

    def __init__(self, name: str = "compare-tiny") -> None:
        self.run: RunDirectory = create_run(name)
        self.results = Results(
            "tiny",
            [MethodResult(method.name, method.label) for method in METHODS.values()],
            [Answers(3, "What is the capital?", "Paris."), Answers(5, "感冒了？", "多喝水。")],
            ["Computed in bfloat16."],
        )

    def __enter__(self) -> Job:
        self.writer = RunWriter(self.run, "compare").__enter__()
        self.writer.event("start", job="compare", model="tiny", dataset="rows", method="all", max_steps=30)
        self.write()
        return self

    def __exit__(self, *_: object) -> None:
        self.writer.__exit__(None, None, None)

    def write(self) -> None:
        write_results(self.results, self.run.results_file)

    def begin(self, name: str, step: int) -> None:
        method = self.results.method(name)
        method.state = "running"
        self.write()
        self.writer.update(step=step, phase=f"{method.label}: scoring 32 rows")

    def end(self, name: str) -> None:
        method = self.results.method(name)
        method.state, method.rows, method.tokens, method.seconds = "done", 32, 900, 61.0
        for key, value in zip(
            ("size_mib", "load_s", "prefill_tok_s", "decode_tok_s", "perplexity", "kl_mean", "top1"),
            FIGURES[name],
            strict=True,
        ):
            setattr(method, key, value)
        for answers in self.results.answers:
            answers.answers[name] = SAID[name]
        self.write()

    def fail(self, name: str, reason: str) -> None:
        method = self.results.method(name)
        method.state, method.reason = "failed", reason
        self.write()


@pytest.fixture
def finished(home: Path) -> Iterator[Job]:
    with Job() as job:
        for name in FIGURES:
            job.end(name)
    yield job


def screen(pilot: Pilot[None]) -> QuantizeScreen:
    shown = pilot.app.screen
    assert isinstance(shown, QuantizeScreen)
    return shown


def row(text: str, name: str) -> str:
    """The line of the table that begins with this method, without the frame."""
    return next(line for line in text.splitlines() if f"{name} " in line and "│" in line).split(name)[1]


async def test_a_comparison_is_followed_while_its_table_fills(home: Path) -> None:
    with Job() as job:
        app = WorkbenchApp("quantize")
        async with app.run_test(size=(160, 50)) as pilot:
            job.begin("full", 3)
            await wait_for(pilot, lambda: "full precision: scoring 32 rows" in seen(app))
            # The table is read from another file than the progress, a moment later perhaps.
            await wait_for(pilot, lambda: "being measured" in seen(app) and "▶ full precision" in seen(app))
            text = seen(app)
            assert "10%" in text and "▮▮▯" in text
            assert "being measured" in row(text, "▶ full precision")
            assert "waits" in row(text, "◌ 8-bit")
            job.end("full")
            job.begin("int8", 10)
            await wait_for(pilot, lambda: "✓ full precision" in seen(app))
            assert "1.20" in row(seen(app), "✓ full precision")
            job.end("int8")
            job.fail("nf4", "the device ran out of memory. Close other models.")
            job.__exit__()
            await wait_for(pilot, lambda: "✓ done after" in seen(app) and "✗ NF4, double" in seen(app))
            text = seen(app)
            assert "✗ NF4, double" in text and "the device ran out of memory. Close other models." in text


async def test_every_figure_stands_beside_the_baselines(finished: Job) -> None:
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(200, 60)) as pilot:
        await wait_for(pilot, lambda: "✓ NF4, double" in seen(app))
        text = seen(app)
        assert row(text, "✓ 8-bit").split()[:7] == ["128", "2.40", "210", "28.0", "6.45", "0.0384", "90.9"]
        for words in ("4.0x smaller", "2.0x longer", "3.0x slower", "2.0x faster", "2.0x quicker", "+20.0 %"):
            assert words in text
        assert "━" in text  # bars, where there is room
        assert "Computed in bfloat16." in text


async def test_all_columns_are_there_at_80_and_120_columns(finished: Job) -> None:
    for width, height in ((80, 24), (120, 36)):
        app = WorkbenchApp("quantize")
        async with app.run_test(size=(width, height)) as pilot:
            await wait_for(pilot, lambda app=app: "✓ NF4, double" in seen(app))
            text = seen(app)
            assert "perplexity" in text and "top-1" in text and "x0.33" in text and "4.0x less" in text
            assert row(text, "✓ NF4, double").split()[-2:] == ["85.0", "│"]


async def test_answers_stand_side_by_side_with_what_differs_counted_and_underlined(finished: Job) -> None:
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(200, 60)) as pilot:
        await wait_for(pilot, lambda: "words differ" in seen(app))
        text = seen(app)
        assert "8-bit  same words" in text
        assert "NF4, double  9 of 17 words differ, from word 2" in text
        assert "The town is [b]Paris[/b]. 多喝热水。" in text and "\x1b" not in text
        marked = {
            segment.text.strip()
            for strip in app.screen._compositor.render_strips()
            for segment in strip
            if segment.style and segment.style.underline
        }
        assert {"town", "热"} <= marked and not any("Paris" in word for word in marked)
        await pilot.press("n")
        assert "感冒了" in seen(app)


async def test_a_narrow_screen_shows_the_form_or_the_results(finished: Job) -> None:
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "✓ NF4, double" in seen(app))
        assert "new comparison" not in seen(app)
        await pilot.press("f")
        await wait_for(pilot, lambda: "new comparison" in seen(app) and "top-1" not in seen(app))
        # Starting with nothing picked says what is missing, here where one looks.
        await pilot.press("f", "s")
        await wait_for(pilot, lambda: "Pick a model or a run first" in seen(app))


async def test_how_a_comparison_ended_badly_is_told(home: Path) -> None:
    with pytest.raises(SystemExit), RunWriter(create_run("compare-broken"), "compare"):
        raise WorkbenchError("the rows are gone", where="rows.jsonl", remedy="Put them back.")
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "✗ failed" in seen(app))
        assert "rows.jsonl: the rows are gone. Put them back." in seen(app)


async def test_damaged_results_are_a_sentence(finished: Job) -> None:
    finished.run.results_file.write_text("{")
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "cannot be read" in seen(app))


async def test_earlier_comparisons_are_listed_and_shown(finished: Job) -> None:
    with Job("compare-other") as other:
        other.results.notes = ["Measured elsewhere."]
        other.end("full")
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(200, 60)) as pilot:
        await wait_for(pilot, lambda: "Measured elsewhere." in seen(app))
        assert "tiny-01" in seen(app) and "other-01" in seen(app)
        screen(pilot).query_one("#comparisons").focus()
        await pilot.press("down")
        await wait_for(pilot, lambda: "Computed in bfloat16." in seen(app))


async def test_a_method_that_cannot_run_says_why_and_stays_off(home: Path) -> None:
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: app.screen.query(MethodBox))
        moon = dataclasses.replace(METHODS["nf4"], name="moon")
        missing = MethodBox(moon, "needs moonbeams: pip install moonbeams", always=False)
        await screen(pilot).query_one(SetupPane).mount(missing)
        missing.focus()
        await pilot.press("space")
        assert not missing.checked
        assert "needs moonbeams: pip install moonbeams" in " ".join(seen(app).replace("│", " ").split())
        baseline = screen(pilot).query_one("#method-full", MethodBox)
        baseline.focus()
        await pilot.press("space")
        assert baseline.checked


async def test_what_cannot_be_started_is_said_under_the_form(home: Path, tiny_model: Path) -> None:
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(120, 40)) as pilot:
        await wait_for(pilot, lambda: app.screen.query(SetupPane))
        setup = screen(pilot).query_one(SetupPane)
        setup.pick_model(str(tiny_model))
        setup.pick_rows(str(home / "none.jsonl"))
        await pilot.press("s")
        await wait_for(pilot, lambda: setup.query("#said.problem"), 30)
        assert "none.jsonl" in " ".join(seen(app).split())
        assert not (home / "runs").exists() or not list((home / "runs").iterdir())


async def test_a_comparison_is_started_and_stopped_here(
    home: Path, tiny_model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = home / "rows.jsonl"
    rows.write_text("\n".join(json.dumps({"instruction": f"Say {n}.", "output": f"{n}!"}) for n in range(40)))
    app = WorkbenchApp("quantize")
    async with app.run_test(size=(160, 50)) as pilot:
        await wait_for(pilot, lambda: app.screen.query(SetupPane))
        screen(pilot).compare(str(tiny_model))
        setup = screen(pilot).query_one(SetupPane)
        setup.pick_rows(str(rows))
        setup.query_one("#count").value = "4"
        setup.query_one("#prompts").value = "1"
        setup.query_one("#max_new_tokens").value = "4"
        screen(pilot).query_one("#method-int8", MethodBox).action_switch()
        await pilot.press("s")
        await wait_for(pilot, lambda: "✓ done after" in seen(app), 120)
        text = seen(app)
        assert row(text, "✓ full precision").split()[-3:] == ["0", "100", "│"]
        assert "✓ NF4, double" in text and "✓ 8-bit" not in text
        assert "Say 0." in text

        # A second one is stopped while it starts.
        await pilot.press("s")
        await wait_for(pilot, lambda: "-02" in (screen(pilot)._shown or "") and "▶" in seen(app), 30)
        await pilot.press("x", "y")
        await wait_for(pilot, lambda: "■ stopped" in seen(app), 60)


async def test_the_compared_model_can_be_talked_to(finished: Job) -> None:
    asked: list[str] = []

    def hook(message: object) -> None:
        if isinstance(message, ChatWith):
            asked.append(message.model)

    app = WorkbenchApp("quantize")
    async with app.run_test(size=(120, 36), message_hook=hook) as pilot:
        await wait_for(pilot, lambda: "✓ NF4, double" in seen(app))
        await pilot.press("c")
        await wait_for(pilot, lambda: asked)
    assert asked[0] == "tiny"
