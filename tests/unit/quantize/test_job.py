"""The comparison as a job: on a tiny random model with real bitsandbytes, and once on SmolLM2."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_adapter import save_tiny_adapter

from workbench.data.prepare import prepare
from workbench.data.tokens.tokenizer import load_tokenizer
from workbench.errors import WorkbenchError, WrongUse
from workbench.quantize.job import compare
from workbench.quantize.methods import METHODS, Method
from workbench.quantize.plan import ComparisonPlan, load_plan, make_plan
from workbench.quantize.results import Results, read_results
from workbench.quantize.start import start_comparison
from workbench.recipe.files import save_recipe
from workbench.recipe.schema import Recipe
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.events import read_events
from workbench.runs.status import read_status
from workbench.runs.writer import RunWriter

ROWS = [
    ("What is the sky?", "Blue by day, 夜里是黑的。"),
    ("Name a fruit.", "Apple."),
    ("", ""),  # a bad row
    ("Count to three.", "One, two, three."),
    ("Say hello in Chinese.", "你好！"),
    ("Is water wet?", "Yes, it is."),
]
FIGURES = ("size_mib", "load_s", "prefill_tok_s", "decode_tok_s", "perplexity", "kl_mean", "top1")


class Watched(RunWriter):
    """A writer that calls back at each event."""

    def __init__(self, run: RunDirectory, at: Callable[[str, dict[str, object]], None]) -> None:
        super().__init__(run, "compare")
        self._at = at

    def event(self, kind: str, **fields: object) -> None:
        super().event(kind, **fields)
        self._at(kind, fields)


@pytest.fixture
def rows(home: Path) -> Path:
    path = home / "rows.jsonl"
    lines = (json.dumps({"instruction": ask, "output": say}) for ask, say in ROWS)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


@pytest.fixture
def model(tiny_model: Path, home: Path) -> Path:
    """The tiny model, in a place where a test may damage it."""
    return Path(shutil.copytree(tiny_model, home / "models" / "tiny"))


def run_job(
    plan: ComparisonPlan, at: Callable[[str, dict[str, object]], None] = lambda kind, fields: None
) -> tuple[RunDirectory, Results]:
    run = create_run("compare")
    with Watched(run, at) as writer:
        compare(run, plan, writer)
    return run, read_results(run)


def plan_of(model: Path | str, rows: Path | None, **values: object) -> ComparisonPlan:
    few = {"count": 4, "prompts": 2, "max_new_tokens": 4}
    return make_plan({"model": str(model), "rows": str(rows) if rows else None, **few, **values})


def test_three_methods_in_one_table(model: Path, rows: Path) -> None:
    stages: list[tuple[object, list[str]]] = []

    def at(kind: str, fields: dict[str, object]) -> None:
        if kind == "eval":
            run = RunDirectory(max(model.parents[1].glob("runs/*")))
            stages.append((fields["method"], [m.state for m in read_results(run).methods]))

    run, results = run_job(plan_of(model, rows), at)
    assert stages == [
        ("full", ["done", "waiting", "waiting"]),
        ("int8", ["done", "done", "waiting"]),
        ("nf4", ["done", "done", "done"]),
    ]
    full, int8, nf4 = results.methods
    assert (full.kl_mean, full.top1) == (0.0, 1.0)
    assert full.size_mib > int8.size_mib > nf4.size_mib  # type: ignore[operator]
    assert 0 < int8.kl_mean < nf4.kl_mean  # type: ignore[operator]
    for method in results.methods:
        assert all(getattr(method, name) is not None for name in FIGURES)
        assert (method.rows, method.tokens) == (4, full.tokens)
    assert [(a.row, a.prompt, a.reference) for a in results.answers] == [(1, *ROWS[0]), (2, *ROWS[1])]
    assert all(answer.answers.keys() == {"full", "int8", "nf4"} for answer in results.answers)

    events = read_events(run.events_file)
    start = events[0]
    assert (start["kind"], start["job"], start["rows_held_out"]) == ("start", "compare", 4)
    assert [e["method"] for e in events if e["kind"] == "eval"] == ["full", "int8", "nf4"]
    assert sum(e["kind"] == "sample" for e in events) == 6
    status = read_status(run)
    assert status.state == "done"
    assert status.step == status.max_steps == 3 * (2 + 2 + 4)
    keys = {"name", *FIGURES}
    assert all(keys <= method.keys() for method in results.as_json()["methods"])


def test_a_method_that_fails_leaves_the_others(model: Path, rows: Path) -> None:
    weights, aside = model / "model.safetensors", model / "aside"

    def at(kind: str, fields: dict[str, object]) -> None:
        if kind == "eval" and fields["method"] == "full":
            weights.rename(aside)
        if kind == "warning":
            aside.rename(weights)

    _, results = run_job(plan_of(model, rows), at)
    _, int8, nf4 = results.methods
    assert [m.state for m in results.methods] == ["done", "failed", "done"]
    assert "tiny" in (int8.reason or "") and int8.kl_mean is None
    assert nf4.kl_mean is not None


def test_without_a_baseline_there_is_no_divergence_but_all_else(model: Path, rows: Path) -> None:
    weights, aside = model / "model.safetensors", model / "aside"

    def at(kind: str, fields: dict[str, object]) -> None:
        if kind == "start":
            shutil.copy(weights, aside)
            weights.write_bytes(b"no weights")
        if kind == "warning":
            aside.rename(weights)

    _, results = run_job(plan_of(model, rows, methods=["int8"]), at)
    full, int8 = results.methods
    assert (full.state, int8.state) == ("failed", "done")
    assert int8.perplexity and int8.kl_mean is None and int8.top1 is None


def test_a_missing_package_is_that_methods_result(
    model: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(METHODS, "exotic", Method("exotic", "exotic", "", needs=("no_such_package",)))
    _, results = run_job(plan_of(model, rows, methods=["full", "exotic"]))
    assert results.method("exotic").reason == "needs no_such_package: pip install no_such_package."
    assert results.method("full").state == "done"


def test_a_job_in_which_nothing_could_be_measured_has_failed(model: Path, rows: Path) -> None:
    (model / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(SystemExit) as end:
        run_job(plan_of(model, rows))
    assert end.value.code == 1
    [run] = (model.parents[1] / "runs").iterdir()
    status = read_status(RunDirectory(run))
    assert status.state == "failed"
    assert status.reason.startswith("no method could be measured; full precision: ")
    assert [m.state for m in read_results(RunDirectory(run)).methods] == ["failed"] * 3


def test_stopping_keeps_what_was_measured(model: Path, rows: Path) -> None:
    def at(kind: str, fields: dict[str, object]) -> None:
        if kind == "eval":
            [run] = (model.parents[1] / "runs").iterdir()
            RunDirectory(run).stop_file.touch()

    run, results = run_job(plan_of(model, rows), at)
    assert [m.state for m in results.methods] == ["done", "waiting", "waiting"]
    assert read_status(run).state == "stopped"


def test_a_run_is_compared_on_the_rows_that_it_held_out(model: Path, rows: Path, home: Path) -> None:
    trained = create_run("trained")
    recipe = Recipe(model_name_or_path=str(model), dataset=str(rows), val_size=2, seed=5)
    save_recipe(recipe, trained.recipe_file)
    save_tiny_adapter(model, trained.adapter)
    held_out = prepare(recipe, load_tokenizer(model)).held_out
    _, results = run_job(plan_of(trained.id, None))
    assert [answer.row for answer in results.answers] == [row.row for row in held_out]
    assert results.method("full").tokens == sum(row.trained for row in held_out)
    assert (results.method("full").kl_mean, results.method("full").top1) == (0.0, 1.0)
    _, of_base = run_job(plan_of(model, rows, methods=["full"]))
    assert results.method("full").size_mib > of_base.method("full").size_mib  # type: ignore[operator]
    assert all(method.state == "done" for method in results.methods)


def test_what_cannot_be_compared_is_said_before_a_run_is_made(model: Path, rows: Path, home: Path) -> None:
    unknown = home / "unknown.json"
    unknown.write_text(json.dumps([{"ask": "q", "reply": "a"}]))
    for plan, kind, sentence in (
        (plan_of(model, home / "none.json"), WorkbenchError, "none.json"),
        (plan_of(model, unknown), WorkbenchError, "no format known here"),
        (plan_of("no-such-model", rows), WrongUse, "no folder, run or model"),
        (plan_of(model, None), WorkbenchError, "no file of held-out rows is given"),
    ):
        with pytest.raises(kind, match=sentence):
            start_comparison(plan)
    assert not (home / "runs").exists()


def test_a_detached_job_does_it_all_by_itself(
    model: Path, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(rows.parent)
    run = start_comparison(plan_of("models/tiny", Path("rows.jsonl"), methods=["full"]))
    assert load_plan(run.recipe_file).rows == str(rows)  # whole: the job runs elsewhere
    deadline = time.monotonic() + 90
    while read_status(run).live and time.monotonic() < deadline:
        time.sleep(0.1)
    assert read_status(run).state == "done", run.output_log.read_text()
    assert read_results(run).method("full").kl_mean == 0.0


@pytest.mark.slow
def test_smollm2_loses_more_in_four_bits_than_in_eight(smollm2: Path, rows: Path) -> None:
    _, results = run_job(plan_of(smollm2, rows, prompts=1, max_new_tokens=8))
    full, int8, nf4 = results.methods
    assert (full.kl_mean, full.top1) == (0.0, 1.0)
    assert 0 < int8.kl_mean < 0.1 < nf4.kl_mean < 1  # type: ignore[operator]
    assert 1 > int8.top1 > nf4.top1 > 0.5  # type: ignore[operator]
    assert full.size_mib / int8.size_mib > 1.5 and full.size_mib / nf4.size_mib > 2.3  # type: ignore[operator]
    assert full.perplexity < int8.perplexity * 1.05 < nf4.perplexity * 1.1  # type: ignore[operator]
    assert results.answers[0].answers["full"].strip()
