"""Plans, methods and results as files and names."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError, WrongUse
from workbench.quantize.methods import METHODS, Method, find_method, unavailable
from workbench.quantize.plan import load_plan, make_plan, save_plan
from workbench.quantize.results import Answers, MethodResult, Results, read_results, write_results
from workbench.runs.directory import RunDirectory


def test_a_plan_comes_back_from_its_file(tmp_path: Path) -> None:
    plan = make_plan({"model": "模型", "rows": "a b.json", "methods": ["nf4"], "count": 7})
    save_plan(plan, tmp_path / "recipe.yaml")
    assert load_plan(tmp_path / "recipe.yaml") == plan


def test_the_baseline_is_always_there_and_first() -> None:
    assert make_plan({"model": "m", "methods": ["nf4", "int8", "nf4"]}).methods == ["full", "int8", "nf4"]
    assert make_plan({"model": "m"}).methods == list(METHODS)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"model": "m", "methods": ["int4"]}, "there is no method called 'int4'.*Did you mean int8"),
        ({"model": "m", "row": "x"}, "no 'row' in a comparison.*Did you mean rows"),
        ({"model": "m", "count": 0}, "count: 0: input should be greater than or equal to 1"),
        ({"model": ""}, "model"),
        ({}, "model"),
    ],
)
def test_a_wrong_plan_is_named(values: dict[str, object], sentence: str) -> None:
    with pytest.raises(WrongUse, match=sentence):
        make_plan(values)


@pytest.mark.parametrize("text", ["a: [", "- a", ""])
def test_a_file_that_is_no_plan_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "recipe.yaml").write_text(text)
    with pytest.raises(WorkbenchError, match=r"cannot be read|a comparison is a list"):
        load_plan(tmp_path / "recipe.yaml")
    with pytest.raises(WorkbenchError, match="absent"):
        load_plan(tmp_path / "absent")


def test_a_method_says_which_package_it_lacks() -> None:
    assert all(unavailable(method) is None for method in METHODS.values())
    lacking = Method("x", "X", "", needs=("torch", "no_such_package"))
    assert unavailable(lacking) == "needs no_such_package: pip install no_such_package"
    assert find_method("nf4").quantization == "nf4-double"


def test_results_come_back_and_are_json_to_every_reader(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    assert read_results(run) == Results()
    results = Results(
        model="m",
        methods=[MethodResult("full", "full precision", "done", perplexity=math.inf, kl_mean=0.0)],
        answers=[Answers(3, "问", "答", {"full": "好\x1b[31m"})],
        notes=["n"],
    )
    write_results(results, run.results_file)
    text = run.results_file.read_text()
    values = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert values["methods"][0]["perplexity"] is None
    results.methods[0].perplexity = None
    assert read_results(run) == results
    assert "\x1b" not in text


@pytest.mark.parametrize(
    "text", ["{", "[]", '{"model": "m"}', '{"model":"m","methods":[1],"answers":[],"notes":[]}']
)
def test_damaged_results_are_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "results.json").write_text(text)
    with pytest.raises(WorkbenchError, match="cannot be read"):
        read_results(RunDirectory(tmp_path))
