from __future__ import annotations

import json
import os
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from workbench.errors import WrongUse
from workbench.runs.catalog import list_runs, summary
from workbench.runs.directory import RunDirectory, all_runs, create_run, find_run
from workbench.runs.launch import launch


def _ended(name: str, started: float, **values: object) -> RunDirectory:
    run = create_run(name)
    run.status_file.write_text(json.dumps({"state": "done", "started": started, **values}))
    return run


def test_ids_are_numbered_and_never_given_twice(home: Path) -> None:
    with ThreadPoolExecutor(8) as threads:
        ids = [run.id for run in threads.map(lambda _: create_run("alpaca"), range(24))]
    assert sorted(ids) == [f"alpaca-{number:02}" for number in range(1, 25)]
    create_run("alpaca-hard")
    assert create_run("alpaca").id == "alpaca-25"


@pytest.mark.parametrize(
    ("name", "run_id"),
    [
        ("医学 问答", "医学-问答-01"),
        ("../../etc/passwd", "etc-passwd-01"),
        ("", "run-01"),
        ("..", "run-01"),
        ("a/b\nc\x1b[31m", "a-b-c-31m-01"),
        ("x" * 500, "x" * 80 + "-01"),
        ("字" * 100, "字" * 26 + "-01"),
    ],
)
def test_any_name_becomes_a_folder_inside_the_runs(home: Path, name: str, run_id: str) -> None:
    run = create_run(name)
    assert run.id == run_id
    assert run.path.parent == home / "runs" and run.path.is_dir()


def test_runs_are_listed_newest_first(home: Path) -> None:
    _ended("old", 100.0)
    _ended("new", 300.0)
    _ended("middle", 200.0)
    (home / "runs" / ".hidden").mkdir()
    (home / "runs" / "a file").write_text("")
    assert [status.id for status in list_runs()] == ["new-01", "middle-01", "old-01"]
    assert [run.id for run in all_runs()] == ["middle-01", "new-01", "old-01"]


def test_no_runs_yet(home: Path) -> None:
    assert list_runs() == []
    with pytest.raises(WrongUse, match="no runs yet"):
        find_run("last")


def test_a_changed_status_is_seen_and_the_list_is_the_callers_own(home: Path) -> None:
    run = _ended("one", 100.0, step=3)
    (status,) = list_runs()
    assert status.step == 3
    status.step = 99
    assert list_runs()[0].step == 3
    run.status_file.write_text(json.dumps({"state": "done", "step": 44, "started": 1.0}))
    assert list_runs()[0].step == 44


def test_the_death_of_a_run_is_seen_though_it_left_no_trace(jobs, waiting) -> None:
    run = jobs.make(steps=1000)
    pid = launch(run, "steps_job")
    jobs.wait_for_step(run, 2)
    assert list_runs()[0].live
    os.kill(pid, 9)
    waiting(lambda: list_runs()[0].state == "crashed", 3.0)


def test_the_summary_has_what_scripts_rely_on(home: Path) -> None:
    run = _ended("one", 100.0, step=3, loss_first=2.0, loss_last=1.0)
    assert summary(list_runs()[0]) == {
        "id": "one-01",
        "state": "done",
        "steps": 3,
        "loss_first": 2.0,
        "loss_last": 1.0,
        "eval_loss_before": None,
        "eval_loss_after": None,
        "peak_memory_gib": None,
        "path": str(run.path),
    }


def test_a_run_is_found_by_id_by_its_beginning_and_as_the_last(home: Path) -> None:
    for number, name in enumerate(["alpaca", "alpaca", "medical"]):
        _ended(name, float(100 - number))
    assert find_run("alpaca-01").id == "alpaca-01"
    assert find_run("med").id == "medical-01"
    assert find_run("last").id == "alpaca-01"
    with pytest.raises(WrongUse, match="alpaca-01, alpaca-02"):
        find_run("alp")
    with pytest.raises(WrongUse, match="nearest: alpaca-01"):
        find_run("alpacca-01")
    with pytest.raises(WrongUse):
        find_run("../runs/alpaca-01")
    with pytest.raises(WrongUse):
        find_run("")


def test_two_hundred_runs_are_listed_in_no_time(home: Path) -> None:
    for number in range(200):
        _ended(f"run{number}", float(number), step=number)
    list_runs()
    start = time.process_time()
    assert len(list_runs()) == 200
    assert time.process_time() - start < 0.2
