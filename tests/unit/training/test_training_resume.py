"""A run that was stopped or killed goes on as if nothing had been."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

import pytest
from in_process import MakeRecipe, events_of, losses, train_here

from workbench.runs.checkpoints import last_whole_checkpoint
from workbench.runs.control import resume
from workbench.runs.directory import RunDirectory
from workbench.runs.status import read_status
from workbench.training.start import start_training

# Dropout, so that the random state counts; an epoch that is no whole number of batches or steps.
CHANGES = {"lora_dropout": 0.1, "num_train_epochs": 3, "val_size": 2, "lr_scheduler_type": "cosine"}


def held_out_losses(run: RunDirectory) -> dict[int, float]:
    return {event["step"]: event["eval_loss"] for event in events_of(run, "eval")}


def adapter_bytes(folder: Path) -> bytes:
    return (folder / "adapter_model.safetensors").read_bytes()


@pytest.mark.parametrize(
    ("method", "asked", "stopped"),
    [
        ({}, (1, 3, 6), (2, 3, 6)),  # at 3 and 6 the epoch is over, and it is the evaluation that is stopped
        ({"quantization_bit": 4, "optim": "paged_adamw_8bit", "lora_rank": 64}, (3,), (3,)),
        ({"quantization_bit": 8}, (4,), (5,)),
        ({"finetuning_type": "full"}, (4,), (5,)),
    ],
    ids=["lora", "qlora 4-bit", "qlora 8-bit", "full"],
)
def test_a_stopped_run_goes_on_exactly(
    make_recipe: MakeRecipe, method: dict, asked: tuple[int, ...], stopped: tuple[int, ...]
) -> None:
    recipe = make_recipe(**CHANGES, **method)
    whole = train_here(recipe)
    run = None
    for step in asked:
        run = train_here(recipe, run, stop_after=step)
        assert read_status(run).state == "stopped"
    run = train_here(recipe, run)
    assert read_status(run).state == "done"
    assert [event["resumed_from_step"] for event in events_of(run, "start")] == [None, *stopped]
    assert losses(run) == losses(whole)
    assert len(losses(run)) == 9
    assert held_out_losses(run) == held_out_losses(whole)
    assert list(held_out_losses(run)) == [0, 3, 6, 9]
    assert events_of(run, "step")[-1]["tokens"] == events_of(whole, "step")[-1]["tokens"]
    if recipe.finetuning_type == "lora":
        assert adapter_bytes(run.adapter) == adapter_bytes(whole.adapter)


def test_a_killed_run_goes_on_exactly(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(**CHANGES, save_steps=2)
    run = start_training(recipe)
    whole = train_here(recipe)
    deadline = time.monotonic() + 120
    while not events_of(run, "checkpoint"):
        assert time.monotonic() < deadline and read_status(run).live, run.output_log.read_text()
        time.sleep(0.01)
    pid = read_status(run).pid
    assert pid
    os.kill(pid, signal.SIGKILL)
    while read_status(run).live:
        time.sleep(0.05)
    assert read_status(run).state == "crashed"
    resume(run)
    while read_status(run).live:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    status = read_status(run)
    assert (status.state, status.step, status.reason) == ("done", 9, "")
    assert losses(run) == losses(whole)
    assert adapter_bytes(run.adapter) == adapter_bytes(whole.adapter)
    log = run.output_log.read_text()
    assert "Traceback" not in log and "arning" not in log


def test_a_run_killed_after_its_last_step_only_saves(make_recipe: MakeRecipe) -> None:
    import shutil

    recipe = make_recipe(max_steps=4, save_steps=2)
    run = train_here(recipe)
    expected = adapter_bytes(run.adapter)
    shutil.rmtree(run.adapter)
    before = losses(run)
    train_here(recipe, run)
    assert adapter_bytes(run.adapter) == expected
    assert losses(run) == before
    assert events_of(run, "start")[-1]["resumed_from_step"] == 4
    assert read_status(run).state == "done"


def test_a_cut_checkpoint_is_told_and_the_one_before_is_taken(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(**CHANGES, save_steps=2)
    whole = train_here(recipe)
    run = train_here(recipe, stop_after=5)
    last = last_whole_checkpoint(run)
    assert last and last.step == 6
    file = last.path / "optimizer.pt"
    file.write_bytes(file.read_bytes()[:-100])
    train_here(recipe, run)
    assert events_of(run, "start")[-1]["resumed_from_step"] == 4
    assert any("checkpoint-6 is damaged" in event["message"] for event in events_of(run, "warning"))
    assert losses(run) == losses(whole)


def test_a_stop_before_the_first_step_saves_nothing(make_recipe: MakeRecipe) -> None:
    from workbench.runs.directory import create_run
    from workbench.runs.writer import RunWriter
    from workbench.training.job import train

    run = create_run("early")
    run.stop_file.touch()
    with RunWriter(run, "train") as writer:
        train(run, make_recipe(), writer)
    assert read_status(run).state == "stopped"
    assert not run.checkpoints.exists() and not run.adapter.exists()
