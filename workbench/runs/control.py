"""Stopping and resuming a run, from the app or from the command line."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable

from workbench.atomic import write_failure
from workbench.errors import WorkbenchError
from workbench.figures import duration
from workbench.runs.checkpoints import last_whole_checkpoint, list_checkpoints
from workbench.runs.directory import RunDirectory
from workbench.runs.event_writer import EventWriter
from workbench.runs.launch import launch
from workbench.runs.process import is_alive, this_machine
from workbench.runs.status import Status, read_status

_LOOK_S = 0.1
_STARTING_S = 1.0
_KILLED_S = 10.0


def stop(
    run: RunDirectory,
    *,
    on_step: Callable[[str], None] = lambda _: None,
    patience_s: float = 120.0,
    grace_s: float = 15.0,
) -> Status:
    """Stop a run and wait until it has ended; how it stands then.

    Asks it first, to save and end after its step; then sends SIGTERM to its process group, then SIGKILL.
    Blocks: from an app, call it in a thread. Stopping a run twice does no harm.

    Args:
        on_step: told in a sentence what is done next.
        patience_s: how long it may take after it was asked. A job that is still starting has nothing to
            save and gets 1 s.
        grace_s: how long it may take after SIGTERM.

    Raises:
        WorkbenchError: it is not running, runs on another machine and did not heed, or cannot be killed.
    """
    status = read_status(run)
    if not status.live:
        raise WorkbenchError(f"run {run.id} is not running: it is {status.state}")
    if status.state == "starting":
        patience_s = min(patience_s, _STARTING_S)
    elsewhere = status.machine != this_machine()
    try:
        run.stop_file.touch()
        on_step(f"asked {run.id} to save and stop after its step")
    except OSError as error:
        on_step(f"could not ask {run.id}: {write_failure(run.stop_file, error)}")
        patience_s = 0.0
    if _ended_within(run, patience_s):
        return _told(run, on_step)
    if elsewhere:
        raise WorkbenchError(
            f"it runs on {status.host or 'a machine that is not known'} and has not stopped yet",
            where=f"run {run.id}",
            remedy="Stop it there.",
        )
    for number, seconds in ((signal.SIGTERM, grace_s), (signal.SIGKILL, _KILLED_S)):
        status = read_status(run)
        on_step(f"{run.id} is still there: {number.name} to its processes")
        _send(status, number)
        if _ended_within(run, seconds):
            if number == signal.SIGKILL:
                _send_to_group(status.pid, number)  # workers that outlive it
            _close_the_books(run, f"ended by {number.name}: it did not stop when asked")
            return _told(run, on_step)
    raise WorkbenchError(
        "it cannot be killed: it waits for a device or a network disk",
        where=f"run {run.id}, process {status.pid}",
        remedy=f"It will end when that answers; asked {duration(patience_s + grace_s)} ago.",
    )


def resume(run: RunDirectory, *, on_step: Callable[[str], None] = lambda _: None) -> int:
    """Go on with a run from its last whole checkpoint; the new process's pid.

    Args:
        on_step: told in a sentence which checkpoint it is, and which ones are damaged.

    Raises:
        WorkbenchError: it is live, or done, or there is no whole checkpoint.
    """
    status = read_status(run)
    if status.live:
        raise WorkbenchError(f"run {run.id} is at work already", remedy="Follow it, or stop it first.")
    if status.state == "done":
        raise WorkbenchError(f"run {run.id} is done: there is nothing to resume")
    if not status.module:
        raise WorkbenchError(
            f"run {run.id} cannot be resumed: {status.reason or 'it is not known which job it is'}",
            remedy="Start it anew.",
        )
    checkpoint = last_whole_checkpoint(run)
    damaged = [f"{found.path.name} ({found.damage})" for found in list_checkpoints(run) if found.damage]
    if checkpoint is None:
        raise WorkbenchError(
            f"run {run.id} has no whole checkpoint to resume from"
            + (f"; damaged: {', '.join(damaged)}" if damaged else ""),
            remedy="Start it anew; with save_steps set, it saves while it trains.",
        )
    if damaged:
        on_step(f"damaged, not used: {', '.join(damaged)}")
    try:
        run.stop_file.unlink(missing_ok=True)
    except OSError as error:
        raise write_failure(run.stop_file, error) from error
    pid = launch(run, status.module)
    on_step(f"{run.id} goes on from step {checkpoint.step}")
    return pid


def _ended_within(run: RunDirectory, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while read_status(run).live:
        if time.monotonic() >= deadline:
            return False
        time.sleep(_LOOK_S)
    return True


def _send(status: Status, number: signal.Signals) -> None:
    if status.pid is None or not is_alive(status.pid, status.pid_started):
        return
    if not _send_to_group(status.pid, number):
        try:
            os.kill(status.pid, number)
        except ProcessLookupError:
            return
        except PermissionError as error:
            raise WorkbenchError(
                "it belongs to another user", where=f"process {status.pid}", remedy="Ask them to stop it."
            ) from error


def _send_to_group(pid: int | None, number: signal.Signals) -> bool:
    """Signal the process group that `launch` made; one that somebody else made is not ours to end."""
    if pid is None:
        return False
    try:
        os.killpg(pid, number)
        return True
    except (ProcessLookupError, PermissionError):
        return False


def _close_the_books(run: RunDirectory, reason: str) -> None:
    """Write the end that a killed process could not write."""
    status = read_status(run)
    if status.state != "crashed":
        return
    try:
        with EventWriter(run.events_file, wait_s=5.0) as events:
            events.write("end", state="stopped", seconds=None, peak_memory_gib=None, reason=reason)
    except WorkbenchError:
        return  # a full or read-only disk: the status stays `crashed`, with the log's last lines


def _told(run: RunDirectory, on_step: Callable[[str], None]) -> Status:
    status = read_status(run)
    on_step(f"{run.id} {status.state}" + (f": {status.reason}" if status.reason else ""))
    return status
