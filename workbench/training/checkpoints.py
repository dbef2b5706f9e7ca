"""Writing checkpoints so that each is there whole or not at all. No torch."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.runs.checkpoints import Checkpoint, list_checkpoints
from workbench.runs.directory import RunDirectory

_STAGING = ".unfinished"


@contextlib.contextmanager
def new_checkpoint(run: RunDirectory, step: int) -> Iterator[Path]:
    """Give a folder to write into; what is in it as `checkpoint-STEP` takes that name when all is on disk.

    A process killed on the way leaves the older checkpoints and nothing that looks like a new one.
    """
    staging = run.checkpoints / _STAGING
    shutil.rmtree(staging, ignore_errors=True)
    try:
        staging.mkdir(parents=True)
        yield staging
        written = staging / checkpoint_folder(run, step).name
        for file in written.rglob("*"):
            if file.is_file():
                _flush(file)
        shutil.rmtree(checkpoint_folder(run, step), ignore_errors=True)
        written.replace(checkpoint_folder(run, step))
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def checkpoint_folder(run: RunDirectory, step: int) -> Path:
    """Where the checkpoint of that step lies."""
    return run.checkpoints / f"checkpoint-{step}"


def keep_newest(run: RunDirectory, limit: int) -> None:
    """Delete all but the newest `limit` checkpoints."""
    for checkpoint in list_checkpoints(run)[:-limit]:
        shutil.rmtree(checkpoint.path, ignore_errors=True)


def trainer_state(checkpoint: Checkpoint) -> dict[str, Any]:
    """What transformers noted with a checkpoint: `global_step`, `max_steps`, `epoch` and more."""
    state: dict[str, Any] = json.loads((checkpoint.path / "trainer_state.json").read_bytes())
    return state


def reached_the_end(checkpoint: Checkpoint) -> bool:
    """Whether the checkpoint was taken at the last step of its run."""
    return bool(checkpoint.step >= trainer_state(checkpoint)["max_steps"] > 0)


def _flush(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
