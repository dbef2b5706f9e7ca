"""How a run stands: what its process wrote last, believed only as far as it can be checked."""

from __future__ import annotations

import json
import math
import os
import time
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from workbench.runs.directory import RunDirectory
from workbench.runs.events import Event, last_events
from workbench.runs.log_tail import tail_lines
from workbench.runs.process import host_name, is_alive, same_boot, this_machine
from workbench.untrusted import printable

LIVE_STATES = ("starting", "running", "stopping")
ENDED_STATES = ("done", "stopped", "failed", "crashed")

LAUNCH_LINE = "── "
"""How the line begins that a launch leaves in the log."""

_SILENCE_S = 60.0
_LAUNCH_S = 30.0
_FULL_DISK_BYTES = 1024 * 1024


@dataclass(slots=True)
class Status:
    """One run at a glance. Times are seconds since the epoch, memory is in GiB."""

    id: str = ""
    job: str = ""
    state: str = "starting"
    phase: str = ""
    model: str = ""
    dataset: str = ""
    method: str = ""
    step: int = 0
    max_steps: int | None = None
    loss: float | None = None
    loss_first: float | None = None
    loss_last: float | None = None
    eval_loss_before: float | None = None
    eval_loss_after: float | None = None
    peak_memory_gib: float | None = None
    tokens_per_s: float | None = None
    eta_s: float | None = None
    reason: str = ""
    started: float | None = None
    ended: float | None = None
    heartbeat: float | None = None
    module: str = ""
    """The Python module that does the job; resume launches it again."""
    pid: int | None = None
    pid_started: str = ""
    """The start mark of the process: see `workbench.runs.process`."""
    machine: str = ""
    host: str = ""
    first_seq: int = 0
    """Events from this number on belong to the latest launch."""
    path: str = ""

    @property
    def live(self) -> bool:
        """Whether its process is at work."""
        return self.state in LIVE_STATES

    def to_json(self) -> str:
        """The text of status.json; numbers that are not finite become null."""
        values = {name: _finite(value) for name, value in asdict(self).items() if name != "path"}
        return json.dumps({"v": 1, **values}, ensure_ascii=True, indent=1) + "\n"

    def take(self, event: Event) -> None:
        """Carry what an event of this run tells."""
        kind = event["kind"]
        if kind == "start":
            self._start(event)
        elif kind == "step":
            self.step = int(_number(event.get("step")) or self.step)
            self.loss = self.loss_last = _number(event.get("loss"))
            if self.loss_first is None:
                self.loss_first = self.loss
            self.tokens_per_s = _number(event.get("tokens_per_s"))
            self.eta_s = _number(event.get("eta_s"))
        elif kind == "eval" and "eval_loss" in event:
            loss = _number(event["eval_loss"])
            if _number(event.get("step")):
                self.eval_loss_after = loss
            else:
                self.eval_loss_before = loss
        elif kind == "memory":
            self._peak(event.get("process_gib"))
        elif kind == "end":
            state = event.get("state")
            self.state = state if state in ENDED_STATES else "failed"
            self.phase, self.eta_s = "", None
            self.ended = _number(event.get("time"))
            self.reason = _text(event.get("reason"))
            self._peak(event.get("peak_memory_gib"))

    def _start(self, event: Event) -> None:
        resumed_from = _number(event.get("resumed_from_step"))
        if resumed_from is None:
            self.loss = self.loss_first = self.loss_last = None
            self.eval_loss_before = self.eval_loss_after = None
        self.step = int(resumed_from or 0)
        steps = _number(event.get("max_steps"))
        self.max_steps = int(steps) if steps else self.max_steps
        self.job = _text(event.get("job")) or self.job
        self.model, self.dataset, self.method = (
            _text(event.get(name)) or getattr(self, name) for name in ("model", "dataset", "method")
        )
        if self.state == "starting":
            self.state = "running"

    def _peak(self, gib: object) -> None:
        number = _number(gib)
        if number is not None:
            self.peak_memory_gib = max(number, self.peak_memory_gib or 0.0)


def read_status(run: RunDirectory) -> Status:
    """How the run stands in truth, whatever its process was able to write.

    A process is believed only with its start mark. A run whose process is gone without an `end` event is
    `crashed`, with the last lines of its log as the reason. Never raises, and writes nothing.
    """
    status = recorded_status(run)
    if status is None:
        return _without_record(run)
    if status.live and not _process_lives(status):
        # It may have ended in order between the two looks.
        status = recorded_status(run) or status
        if status.live and not _process_lives(status):
            _after_death(run, status)
    if status.live and _changed(run.stop_file) is not None:
        status.state = "stopping"
    return status


def recorded_status(run: RunDirectory) -> Status | None:
    """What status.json says, unchecked; None where it is missing or no JSON object.

    Values of the wrong type count as not there.
    """
    try:
        values = json.loads(run.status_file.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    if not isinstance(values, dict):
        return None
    status = Status(**{name: read(values[name]) for name, read in _READERS.items() if name in values})
    if status.state not in LIVE_STATES + ENDED_STATES:
        return None
    status.id, status.path = run.id, str(run.path)
    return status


def _process_lives(status: Status) -> bool:
    now = time.time()
    if status.pid is None:  # between making the record and starting the process
        return abs(now - (status.heartbeat or 0.0)) < _LAUNCH_S
    if status.machine == this_machine():
        return is_alive(status.pid, status.pid_started)
    if status.host == host_name() and not same_boot(status.machine):
        return False
    # Another machine or container, on a shared disk: its heartbeat is all there is to see.
    return now - (status.heartbeat or status.started or 0.0) < _SILENCE_S


def _after_death(run: RunDirectory, status: Status) -> None:
    """The last word on a run whose process is gone and left its status unfinished."""
    for event in last_events(run.events_file):
        if event["seq"] >= status.first_seq:
            status.take(event)
    if not status.live:
        return
    status.state, status.phase, status.eta_s = "crashed", "", None
    status.ended = status.heartbeat
    status.reason = "its process ended without a word; " + _last_words(run)


def _without_record(run: RunDirectory) -> Status:
    """A run without a readable status.json: what its events tell."""
    status = Status(id=run.id, path=str(run.path))
    status.started = _changed(run.recipe_file) or _changed(run.path)
    events = last_events(run.events_file, n_bytes=1024 * 1024)
    for event in events:
        status.take(event)
    if not any(event["kind"] == "start" for event in events):
        status.loss_first = status.eval_loss_before = None
    if not status.live:
        return status
    why, damaged = _why_no_record(run)
    touched = _changed(run.events_file) if damaged else status.started
    patience = _SILENCE_S if damaged else _LAUNCH_S
    if touched is not None and abs(time.time() - touched) < patience:
        status.reason = f"{why}: told from its events" if damaged else ""
    else:
        status.state = "crashed"
        status.reason = f"{why}; {_last_words(run)}"
    return status


def _why_no_record(run: RunDirectory) -> tuple[str, bool]:
    """The sentence, and whether there is a status.json at all."""
    try:
        run.status_file.read_bytes()
    except FileNotFoundError:
        return "it was never launched: there is no status.json", False
    except OSError as error:
        return f"status.json cannot be read ({(error.strerror or str(error)).lower()})", True
    return "status.json is damaged", True


def _last_words(run: RunDirectory) -> str:
    lines = [line.strip() for line in tail_lines(run.output_log, 30) if line.strip()]
    if lines and not lines[-1].startswith(LAUNCH_LINE):
        words = "last in its log: " + " / ".join(line[:200] for line in lines[-3:])
    else:
        words = "its log says nothing"
    return words + (" (the disk is full)" if _disk_is_full(run) else "")


def _disk_is_full(run: RunDirectory) -> bool:
    try:
        disk = os.statvfs(run.path)
    except OSError:
        return False
    return disk.f_bavail * disk.f_frsize < _FULL_DISK_BYTES


def _changed(path: Path) -> float | None:
    try:
        return path.stat().st_mtime
    except OSError:
        return None


def _finite(value: object) -> object:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return float(value) if math.isfinite(value) else None
    except OverflowError:
        return None


def _whole(value: object) -> int | None:
    return value if type(value) is int else None


def _text(value: object) -> str:
    return printable(value, keep_newlines=False) if isinstance(value, str) else ""


def _readers() -> dict[str, Any]:
    readers = {"str": _text, "float | None": _number, "int | None": _whole, "int": lambda v: _whole(v) or 0}
    return {field.name: readers[str(field.type)] for field in fields(Status) if field.name != "path"}


_READERS = _readers()
