from __future__ import annotations

import json
import os
import random
import signal

import pytest

from workbench.errors import WorkbenchError
from workbench.runs.checkpoints import last_whole_checkpoint, list_checkpoints
from workbench.runs.control import resume, stop
from workbench.runs.directory import RunDirectory
from workbench.runs.events import read_events
from workbench.runs.history import read_history
from workbench.runs.launch import launch
from workbench.runs.process import start_mark
from workbench.runs.status import read_status


def _losses(run: RunDirectory) -> dict[float, float]:
    steps, losses = read_history(run.events_file)[0].series("loss")
    assert list(steps) == sorted(set(steps)), "a step is there once"
    return dict(zip(steps, losses, strict=True))


def _assert_gap_free(run: RunDirectory) -> None:
    lines = [json.loads(line) for line in run.events_file.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(len(lines)))


def test_a_run_that_is_asked_saves_and_stops_at_its_step(jobs) -> None:
    run = jobs.make(steps=1000)
    launch(run, "steps_job")
    jobs.wait_for_step(run, 7)
    told: list[str] = []
    status = stop(run, on_step=told.append)
    assert status.state == "stopped"
    assert status.reason == f"stopped on request at step {status.step}"
    checkpoint = last_whole_checkpoint(run)
    assert checkpoint and checkpoint.step == status.step
    assert told == [
        f"asked {run.id} to save and stop after its step",
        f"{run.id} stopped: {status.reason}",
    ]
    end = read_events(run.events_file)[-1]
    assert (end["kind"], end["state"]) == ("end", "stopped")
    assert not run.stop_file.exists()


def test_the_state_is_stopping_as_soon_as_it_is_asked(jobs) -> None:
    run = jobs.make(steps=1000, heed_stop=False)
    launch(run, "steps_job")
    jobs.wait_for_step(run, 1)
    run.stop_file.touch()
    assert read_status(run).state == "stopping"


def test_a_run_that_does_not_heed_is_terminated_and_still_ends_in_order(jobs, waiting) -> None:
    run = jobs.make(steps=10_000, heed_stop=False, worker=True)
    launch(run, "steps_job")
    jobs.wait_for_step(run, 3)
    worker = read_events(run.events_file)[0]["worker"]
    told: list[str] = []
    status = stop(run, on_step=told.append, patience_s=0.5)
    assert status.state == "stopped"
    assert len(told) == 3 and "SIGTERM" in told[1]
    assert read_events(run.events_file)[-1]["state"] == "stopped"
    waiting(lambda: not start_mark(worker), 3.0)
    _assert_gap_free(run)


def test_a_run_deaf_to_signals_is_killed_and_its_end_is_written(jobs, waiting) -> None:
    run = jobs.make(steps=10_000, heed_stop=False, block_signals=True, worker=True)
    pid = launch(run, "steps_job")
    jobs.wait_for_step(run, 3)
    worker = read_events(run.events_file)[0]["worker"]
    told: list[str] = []
    status = stop(run, on_step=told.append, patience_s=0.3, grace_s=0.3)
    assert status.state == "stopped" and "SIGKILL" in status.reason
    assert ["SIGTERM" in told[1], "SIGKILL" in told[2]] == [True, True]
    waiting(lambda: not start_mark(worker) and not start_mark(pid), 3.0)
    assert read_events(run.events_file)[-1]["kind"] == "end"
    _assert_gap_free(run)


def test_a_run_that_is_still_loading_stops_at_once(jobs) -> None:
    run = jobs.make(loading_s=60.0)
    launch(run, "steps_job")
    status = stop(run)
    assert status.state == "stopped"
    assert status.step == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_from_outside_saves_and_stops(jobs, number: signal.Signals) -> None:
    run = jobs.make(steps=10_000)
    pid = launch(run, "steps_job")
    jobs.wait_for_step(run, 3)
    os.kill(pid, number)
    status = jobs.wait_until_ended(run)
    assert status.state == "stopped" and number.name in status.reason
    checkpoint = last_whole_checkpoint(run)
    assert checkpoint and checkpoint.step == status.step


def test_what_does_not_run_cannot_be_stopped(jobs) -> None:
    run = jobs.make(steps=1)
    launch(run, "steps_job")
    jobs.wait_until_ended(run)
    with pytest.raises(WorkbenchError, match="not running: it is done"):
        stop(run)


def test_killed_at_random_steps_and_resumed_it_is_the_uninterrupted_run(jobs) -> None:
    whole = jobs.make("whole", steps=60, delay=0.0)
    launch(whole, "steps_job")
    assert jobs.wait_until_ended(whole).state == "done"

    run = jobs.make("killed", steps=60, delay=0.02)
    pid = launch(run, "steps_job")
    chance = random.Random(1)
    resumed_from = []
    for _ in range(3):
        jobs.wait_for_new_steps(run, chance.randint(6, 13))
        os.kill(pid, signal.SIGKILL)
        assert jobs.wait_until_ended(run).state == "crashed"
        told: list[str] = []
        pid = resume(run, on_step=told.append)
        assert told[-1].startswith(f"{run.id} goes on from step ")
        resumed_from.append(int(told[-1].split()[-1]))
    status = jobs.wait_until_ended(run)
    assert (status.state, status.step) == ("done", 60)
    assert _losses(run) == _losses(whole)
    assert list(_losses(run)) == list(range(1, 61))
    _assert_gap_free(run)
    assert read_history(run.events_file)[0].resumes == resumed_from
    assert status.loss_first == read_status(whole).loss_first
    assert status.eval_loss_before == 3.0


def test_a_stopped_run_goes_on_where_it_stopped(jobs) -> None:
    run = jobs.make(steps=30, delay=0.03)
    launch(run, "steps_job")
    jobs.wait_for_step(run, 7)
    step = stop(run).step
    resume(run)
    assert jobs.wait_until_ended(run).state == "done"
    history = read_history(run.events_file)[0]
    assert history.resumes == [step]
    assert list(history.series("loss")[0]) == list(range(1, 31))
    with pytest.raises(WorkbenchError, match="is done"):
        resume(run)


def test_a_resumed_run_that_dies_at_once_is_crashed_not_stopped(jobs, monkeypatch) -> None:
    run = jobs.make(steps=1000)
    launch(run, "steps_job")
    jobs.wait_for_step(run, 6)
    stop(run)
    monkeypatch.delenv("PYTHONPATH")
    resume(run)
    status = jobs.wait_until_ended(run)
    assert status.state == "crashed" and "No module named steps_job" in status.reason


def test_a_damaged_checkpoint_is_passed_over_and_named(jobs) -> None:
    run = jobs.make(steps=200, save_every=5)
    pid = launch(run, "steps_job")
    jobs.wait_for_step(run, 18)
    os.kill(pid, signal.SIGKILL)
    jobs.wait_until_ended(run)
    last = list_checkpoints(run)[-1]
    weights = last.path / "adapter_model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-3])
    assert list_checkpoints(run)[-1].damage == "adapter_model.safetensors is cut off"
    told: list[str] = []
    resume(run, on_step=told.append)
    assert last.path.name in told[0] and "cut off" in told[0]
    assert told[1] == f"{run.id} goes on from step {last.step - 5}"
    stop(run)


@pytest.mark.parametrize(
    ("file", "content", "damage"),
    [
        ("trainer_state.json", None, "trainer_state.json is missing"),
        ("trainer_state.json", b'{"global_st', "trainer_state.json is cut off"),
        ("trainer_state.json", b'{"global_step": 9}', "trainer_state.json is of step 9"),
        ("adapter_model.safetensors", None, "the weights are missing"),
        ("adapter_model.safetensors", b"", "adapter_model.safetensors is cut off"),
        ("adapter_model.safetensors", b"\xff" * 20, "adapter_model.safetensors is cut off"),
        ("optimizer.pt", b"PK\x03\x04 and no end", "optimizer.pt is cut off"),
    ],
)
def test_what_is_damaged_in_a_checkpoint(jobs, file: str, content: bytes | None, damage: str) -> None:
    run = jobs.make(steps=5, save_every=5)
    launch(run, "steps_job")
    jobs.wait_until_ended(run)
    (checkpoint,) = list_checkpoints(run)
    assert checkpoint.damage is None
    path = checkpoint.path / file
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    assert list_checkpoints(run)[0].damage == damage
    assert last_whole_checkpoint(run) is None


def test_without_a_checkpoint_there_is_nothing_to_resume(jobs) -> None:
    run = jobs.make(raise_at=3, raises="kill")
    launch(run, "steps_job")
    jobs.wait_until_ended(run)
    with pytest.raises(WorkbenchError, match="no whole checkpoint"):
        resume(run)


def test_a_live_run_is_not_resumed(jobs) -> None:
    run = jobs.make(steps=1000)
    launch(run, "steps_job")
    jobs.wait_for_step(run, 6)
    with pytest.raises(WorkbenchError, match="at work already"):
        resume(run)
