"""All runs, newest first."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from workbench.runs.directory import RunDirectory, all_runs
from workbench.runs.status import Status, read_status


def list_runs() -> list[Status]:
    """Every run as it stands, newest first.

    Cheap enough to call every second: what a run that has ended tells is kept for as long as its files
    stay as they are.
    """
    return _newest_first([_status(run) for run in all_runs()])


def newest_run(runs: Sequence[RunDirectory]) -> RunDirectory:
    """The one of `runs` that was started last."""
    newest = _newest_first([_status(run) for run in runs])[0]
    return next(run for run in runs if run.id == newest.id)


def summary(status: Status) -> dict[str, object]:
    """The keys of `workbench runs --json`, which scripts may rely on. Memory is in GiB."""
    return {
        "id": status.id,
        "state": status.state,
        "steps": status.step,
        "loss_first": status.loss_first,
        "loss_last": status.loss_last,
        "eval_loss_before": status.eval_loss_before,
        "eval_loss_after": status.eval_loss_after,
        "peak_memory_gib": status.peak_memory_gib,
        "path": status.path,
    }


def _newest_first(statuses: list[Status]) -> list[Status]:
    return sorted(statuses, key=lambda status: (status.started or 0.0, status.id), reverse=True)


def _status(run: RunDirectory) -> Status:
    status = _status_for(run, _mark(run.status_file), _mark(run.events_file))
    # A live one may have died since without a trace in its files.
    return read_status(run) if status.live else replace(status)


@functools.lru_cache(maxsize=4096)
def _status_for(run: RunDirectory, status_mark: object, events_mark: object) -> Status:
    return read_status(run)


def _mark(file: Path) -> tuple[int, int, int] | None:
    try:
        found = file.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino
