"""The demo from its launch to its report, with the real model and fewer steps."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from workbench import paths
from workbench.demo.flow import start_demo
from workbench.demo.recipe import demo_recipe
from workbench.demo.report import Answers, DemoReport, build_report
from workbench.errors import WorkbenchError
from workbench.recipe.files import load_recipe
from workbench.recipe.problems import check
from workbench.runs.control import stop
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.status import read_status


@pytest.fixture
def with_model(home: Path, smollm2: Path) -> Path:
    """A WORKBENCH_HOME in which the demo's model stands already."""
    paths.models_dir().mkdir()
    (paths.models_dir() / smollm2.name).symlink_to(smollm2)
    return home


def wait_until_ended(run: RunDirectory, seconds: float) -> None:
    end = time.monotonic() + seconds
    while read_status(run).live:
        assert time.monotonic() < end, f"still {read_status(run)}"
        time.sleep(0.2)


def test_the_recipe_is_one_that_the_form_would_take(tmp_path: Path) -> None:
    recipe = demo_recipe(tmp_path / "model", tmp_path / "train.jsonl", tmp_path / "held.jsonl")
    assert check(recipe.model_dump()) == []
    assert recipe.eval_dataset and recipe.val_size == 0


def test_start_launches_and_returns_while_it_runs(with_model: Path) -> None:
    told: list[str] = []
    run = start_demo(told.append)
    try:
        assert read_status(run).live
        assert load_recipe(run.recipe_file).run_name == "demo"
        assert run.id in told[-1]
    finally:
        stop(run, on_step=lambda _: None)
    assert not read_status(run).live


@pytest.mark.slow
def test_a_third_of_the_demo_shows_in_loss_and_answers(with_model: Path, smollm2: Path) -> None:
    from workbench.demo.sample_set import write_samples
    from workbench.training.start import start_training

    recipe = demo_recipe(smollm2, *write_samples())
    run = start_training(recipe.model_copy(update={"max_steps": 15}))
    wait_until_ended(run, 240)

    report = build_report(run)

    assert report.eval_loss_change is not None
    assert report.eval_loss_change < -0.2
    assert report.loss_first is not None and report.loss_last is not None
    assert report.loss_last < report.loss_first
    assert report.seconds is not None and report.seconds > 1
    assert report.peak_memory_gib is not None and 0.5 < report.peak_memory_gib < 8
    assert [answers.language for answers in report.answers] == ["English", "Chinese"]
    for answers in report.answers:
        assert answers.before and answers.after
        assert answers.before != answers.after
        assert not answers.in_form_before
    # Both lines take the whole demo; after a third of it the words are there.
    assert "Why: " in report.answers[0].after
    assert json.loads(json.dumps(report.as_dict()))["id"] == run.id


def test_a_run_that_saved_nothing_has_no_report(home: Path) -> None:
    with pytest.raises(WorkbenchError, match="has not saved a model"):
        build_report(create_run("demo"))


def test_the_report_shows_figures_and_answers_and_no_control_characters() -> None:
    answers = Answers("Why?", "English", "Long\x1b[31m answer", "In short: X.\nWhy: Y.", False, True)
    report = DemoReport("demo-01", 4.031, 2.28, 3.5, 1.75, 94.4, 2.69, [answers])
    text = report.as_text()
    assert "\x1b" not in text
    lines = [line.rstrip() for line in text.splitlines()]
    assert "training loss  4.03 -> 2.28" in lines
    assert "held-out loss  3.50 -> 1.75  (-50%)" in lines
    assert "time           1m34s" in lines
    assert "peak memory    2.69 GiB" in lines
    assert "  before  Long answer …" in lines
    assert lines[lines.index("  after   In short: X.") + 1] == "          Why: Y."


def test_a_report_without_measurements_is_still_one() -> None:
    report = DemoReport("demo-01", None, None, None, None, None, None, [])
    assert report.eval_loss_change is None
    assert "held-out loss  – -> –" in report.as_text()
