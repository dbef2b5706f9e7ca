"""What a job's process tells about itself, and how it hears that it should stop."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any

from workbench.figures import GIB
from workbench.runs.directory import RunDirectory
from workbench.runs.event_writer import EventWriter
from workbench.runs.failure import as_sentence
from workbench.runs.patient_output import patient_output
from workbench.runs.process import host_name, peak_resident_bytes, start_mark, this_machine
from workbench.runs.status import Status, recorded_status
from workbench.runs.status_keeper import StatusKeeper

_PREDECESSOR_S = 30.0


class StopNow(BaseException):
    """Raised in a job that was told to stop and has nothing to save, or was told twice."""


class RunWriter:
    """The job's side of a run: `with RunWriter(run, "train") as writer: …` around all it does.

    Whatever ends the block ends the run in order: an `end` event with `done`, `stopped` or `failed`, and
    a last status. An exception is an `error` event with a sentence, its traceback goes to the log, and
    the process leaves with code 1. A full disk is survived: events wait in memory, a warning is said.

    SIGHUP is ignored. SIGTERM and SIGINT ask to stop, as the run's stop file does; while the job is
    still starting, or was asked before, they end it at once.

    Args:
        run: the run directory.
        job: "train", "compare", …
        heartbeat_s: how often status.json shows at least that the process lives.

    Raises:
        WorkbenchError: on entry, if the directory cannot be written or another process writes this run.
    """

    def __init__(self, run: RunDirectory, job: str, *, heartbeat_s: float = 2.0) -> None:
        self.run = run
        self._job = job
        self._heartbeat_s = heartbeat_s
        self._pid = os.getpid()
        self._stop_reason = ""
        self._stop_shown = False
        self._stop_heeded = False
        self._told_by_signal = False
        self._warned = False
        self._lost = 0
        # Read and set by the signal handler, which runs between any two instructions: no locks there.
        self._something_to_save = False
        self._busy = 0
        self._ending = False
        self._stop_when_idle = False

    def event(self, kind: str, **fields: object) -> None:
        """Append an event, and let the status carry what it tells. See `workbench.runs.event_writer`."""
        with self._undisturbed():
            self._write(kind, **fields)
            if kind == "start":
                self._something_to_save = True

    def phase(self, text: str) -> None:
        """What the job is at, in words for the user: "loading the model"."""
        self.update(phase=text)

    def update(self, **values: Any) -> None:
        """Set fields of the status that no event carries."""
        with self._undisturbed():
            self._keeper.change(**values)

    def peak_memory(self, gib: float) -> None:
        """The most memory that this process has held; the run's figure is that of its largest launch."""
        with self._undisturbed():
            self._keeper.change(peak_memory_gib=max(gib, self._keeper.now().peak_memory_gib or 0.0))

    def stop_requested(self) -> bool:
        """Whether to save and end now. Asked between two steps; a job that asks means to heed it."""
        with self._undisturbed():
            self._stop_heeded = self._look_for_stop()
        return self._stop_heeded

    def __enter__(self) -> RunWriter:
        self._clock = time.monotonic()
        with ExitStack() as opened:
            opened.enter_context(patient_output())
            self._events = opened.enter_context(EventWriter(self.run.events_file, wait_s=_PREDECESSOR_S))
            self._keeper = StatusKeeper(
                self.run, self._first_status(), heartbeat_s=self._heartbeat_s, on_beat=self._beat
            )
            self._keeper.start()
            with self._undisturbed():
                self._listen(opened)
                self._opened = opened.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._ending = True
        with self._opened:
            state, reason = self._outcome(error)
            peak = self._keeper.now().peak_memory_gib or round(peak_resident_bytes() / GIB, 3)
            seconds = round(time.monotonic() - self._clock, 3)
            self._write("end", state=state, seconds=seconds, peak_memory_gib=peak, reason=reason)
            with suppress(OSError):  # it was heeded
                self.run.stop_file.unlink(missing_ok=True)
            trouble = self._keeper.close() or self._events.trouble
            if trouble:
                _say(f"warning: the end of this run could not be recorded: {trouble}")
        if state == "failed":
            raise SystemExit(1) from None
        return error is not None

    @contextmanager
    def _undisturbed(self) -> Iterator[None]:
        """A signal waits until what is being written is written."""
        self._busy += 1
        try:
            yield
        finally:
            self._busy -= 1
        if self._stop_when_idle and not self._busy and not self._ending:
            self._stop_when_idle = False
            raise StopNow

    def _first_status(self) -> Status:
        status = recorded_status(self.run) or Status(id=self.run.id, started=time.time())
        status.job, status.state, status.reason, status.ended = self._job, "starting", "", None
        status.pid, status.pid_started = self._pid, start_mark(self._pid)
        status.machine, status.host = this_machine(), host_name()
        status.first_seq = self._events.next_seq
        return status

    def _write(self, kind: str, **fields: object) -> None:
        self._keeper.take(self._events.write(kind, **fields))

    def _beat(self, status_trouble: str | None) -> None:
        """Now and then, in the keeper's thread."""
        self._events.flush()
        self._look_for_stop()
        trouble = self._events.trouble or status_trouble
        if trouble and not self._warned:
            _say(f"warning: {trouble} The job goes on; what it tells is kept in memory meanwhile.")
            # This one waits with the others until it can be written.
            self._events.write("warning", message=f"{trouble} The job went on.")
        self._warned = trouble is not None
        if self._events.lost > self._lost and not trouble:
            lost, self._lost = self._events.lost - self._lost, self._events.lost
            self._events.write("warning", message=f"{lost} events were lost while nothing could be written")

    def _look_for_stop(self) -> bool:
        if not self._stop_reason and self.run.stop_file.exists():
            self._stop_reason = "stopped on request"
        if self._stop_reason and not self._stop_shown and not self._ending:
            self._stop_shown = True
            self._keeper.change(state="stopping")
        return bool(self._stop_reason)

    def _listen(self, opened: ExitStack) -> None:
        if threading.current_thread() is not threading.main_thread():
            return
        for number in (signal.SIGHUP, signal.SIGTERM, signal.SIGINT):
            handler = signal.SIG_IGN if number == signal.SIGHUP else self._on_signal
            opened.callback(signal.signal, number, signal.signal(number, handler))

    def _on_signal(self, number: int, _frame: FrameType | None) -> None:
        if os.getpid() != self._pid:  # a forked worker: it is not the job, and ends as usual
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            return
        at_once = bool(self._stop_reason) or not self._something_to_save
        self._stop_reason = self._stop_reason or f"stopped by {signal.Signals(number).name}"
        self._told_by_signal = True
        if self._ending or not at_once:
            return
        if self._busy:
            self._stop_when_idle = True
        else:
            raise StopNow

    def _outcome(self, error: BaseException | None) -> tuple[str, str]:
        status = self._keeper.now()
        at_step = f" at step {status.step}" if status.step else " before the first step"
        if isinstance(error, StopNow | KeyboardInterrupt):
            return "stopped", (self._stop_reason or "stopped on request") + at_step
        if error is None or (isinstance(error, SystemExit) and not error.code):
            if self._stop_heeded and not (status.max_steps and status.step >= status.max_steps):
                return "stopped", self._stop_reason + at_step
            return "done", ""
        sentence = as_sentence(error, self.run.path)
        if sentence is not error:
            traceback.print_exception(error, file=sys.stderr)
        _say(f"error: {sentence}")
        if self._told_by_signal:  # its helpers got the signal too, and their death is no fault
            return "stopped", f"{self._stop_reason}{at_step}; then: {sentence}"
        self._write("error", message=str(sentence), where=sentence.where)
        return "failed", str(sentence)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
