"""Keeps a job's status.json: replaced when something changed, and as a heartbeat."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from workbench.atomic import replace_text
from workbench.errors import WorkbenchError
from workbench.runs.directory import RunDirectory
from workbench.runs.events import Event
from workbench.runs.status import Status

_APART_S = 0.4
"""Changes come faster than anybody reads: no more than so many writes."""

_RESERVE_BYTES = 16 * 1024
"""Kept on the disk and freed at the end: a full disk shall not hide how the run ended."""


class StatusKeeper:
    """A thread that writes a status, so that the job never waits for the disk.

    Args:
        run: where status.json lies.
        status: how the run stands at the start; belongs to the keeper from here on.
        heartbeat_s: the longest time between two writes.
        on_beat: called in the keeper's thread before each write, with the trouble of the write before
            (a sentence) or None.
    """

    def __init__(
        self,
        run: RunDirectory,
        status: Status,
        *,
        heartbeat_s: float,
        on_beat: Callable[[str | None], None],
    ) -> None:
        self._run = run
        self._reserve = run.path / f".{run.status_file.name}.reserve"
        self._status = status
        self._heartbeat_s = heartbeat_s
        self._on_beat = on_beat
        self._lock = threading.Lock()
        self._changed = threading.Event()
        self._soon = threading.Event()
        self._closing = False
        self._trouble: str | None = None
        self._thread = threading.Thread(target=self._keep, name="status", daemon=True)

    def start(self) -> None:
        """Write the first status, and go on from there."""
        for left in self._run.path.glob(f".{self._run.status_file.name}.*"):  # of a process that was killed
            left.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self._reserve.write_bytes(os.urandom(_RESERVE_BYTES))
        self._save()
        self._thread.start()

    def change(self, **values: Any) -> None:
        """Set fields of the status."""
        with self._lock:
            for name, value in values.items():
                if name not in Status.__slots__:
                    raise AttributeError(f"a status has no {name!r}")
                setattr(self._status, name, value)
        self._changed.set()

    def take(self, event: Event) -> None:
        """Carry what an event tells."""
        with self._lock:
            state = self._status.state
            self._status.take(event)
            if self._status.state != state:
                self._soon.set()
        self._changed.set()

    def now(self) -> Status:
        """A copy of the status as it stands."""
        with self._lock:
            return replace(self._status)

    def close(self) -> str | None:
        """Write the last status; the sentence why not, if it could not be written."""
        self._closing = True
        self._soon.set()
        self._changed.set()
        self._thread.join()
        self._save()
        with contextlib.suppress(OSError):
            self._reserve.unlink(missing_ok=True)
        if self._trouble:
            self._save()
        return self._trouble

    def _keep(self) -> None:
        while not self._closing:
            self._changed.wait(self._heartbeat_s)
            if self._closing:
                return
            self._soon.clear()
            self._on_beat(self._trouble)
            self._save()
            self._soon.wait(_APART_S)

    def _save(self) -> None:
        self.change(heartbeat=time.time())
        self._changed.clear()
        try:
            replace_text(self._run.status_file, self.now().to_json())
            self._trouble = None
        except WorkbenchError as error:
            self._trouble = str(error)
