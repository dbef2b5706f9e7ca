"""The thread that follows the chosen run: reads what is new, tells the screen twice a second at most."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message

from screens.monitor.portrait import Portrait, curves_of, held_out_of, marks_of, metrics_of
from workbench.runs.checkpoints import last_whole_checkpoint
from workbench.runs.directory import RunDirectory
from workbench.runs.events import EventTail
from workbench.runs.history import History
from workbench.runs.log_tail import tail_lines

if TYPE_CHECKING:
    from workbench.gpu.sample import Sampler

INTERVAL_S = 0.5
LOG_LINES = 300
_LOG_S = 1.0
_MEMORY_S = 2.0
_LIST_PROCESSES_S = 5.0
# Parsing holds the interpreter's lock: pieces small enough that no key waits for one.
_CHUNK = 256 * 1024


@dataclass
class News(Message):
    """The run reads differently now."""

    portrait: Portrait

    def can_replace(self, message: Message) -> bool:
        """A portrait holds everything: only the latest matters."""
        return isinstance(message, News)


@dataclass(frozen=True, slots=True)
class Target:
    """What to follow: a run, its process while it lives, and the metrics that are on the screen."""

    run: RunDirectory
    pid: int | None
    metrics: frozenset[str]


class Feed(threading.Thread):
    """Follows one run at a time; which one, the screen says with `follow`. Ends at once when told to."""

    def __init__(self, tell: Callable[[News], object]) -> None:
        super().__init__(name="monitor-feed", daemon=True)
        self._tell = tell
        self._wake = threading.Event()
        self._stopped = False
        self._paused = False
        self._target: Target | None = None
        self._sampler: Sampler | None = None

    def follow(self, target: Target | None) -> None:
        """Follow this from now on; the same run with other metrics is not read again."""
        if target != self._target:
            self._target = target
            self._wake.set()

    def pause(self, paused: bool) -> None:
        """Nobody looks, or somebody does again."""
        self._paused = paused
        self._wake.set()

    def stop(self) -> None:
        """End without being waited for."""
        self._stopped = True
        self._wake.set()

    def run(self) -> None:
        """Look, tell, wait."""
        reader: _Reader | None = None
        while not self._stopped:
            target = self._target
            if target is None or self._paused:
                self._wake.wait()
                self._wake.clear()
                continue
            if reader is None or reader.run != target.run:
                reader = _Reader(target.run)
            if reader.look(target, self._memory):
                self._tell(News(reader.portrait))
            self._wake.wait(INTERVAL_S if reader.portrait.whole else 0.01)
            self._wake.clear()

    def _memory(self, pid: int, in_gpu: bool) -> float | None:
        if self._sampler is None:
            from workbench.gpu.sample import Sampler

            self._sampler = Sampler()
        found = self._sampler.process_gpu_gib(pid) if in_gpu else self._sampler.process_gib(pid)
        return found or None


class _Reader:
    """What is known of one run, and where its files go on."""

    def __init__(self, run: RunDirectory) -> None:
        self.run = run
        self.portrait = Portrait(run.id)
        self._history = History()
        self._tail = EventTail(run.events_file)
        self._log_state: object = None
        self._shelf_state: object = None
        self._due = dict.fromkeys(("log", "memory"), 0.0)

    def look(self, target: Target, memory: Callable[[int, bool], float | None]) -> bool:
        """Take in what is new; whether the portrait is another one now."""
        before = self.portrait
        self._look_at_events(target)
        if self.portrait.whole:
            self._look_at_log()
            self._look_at_memory(target.pid, memory)
            self._look_at_shelf(target.pid is not None)
        return self.portrait is not before

    def _change(self, **values: object) -> None:
        if any(getattr(self.portrait, name) != value for name, value in values.items()):
            self.portrait = replace(self.portrait, **values)  # type: ignore[arg-type]

    def _look_at_events(self, target: Target) -> None:
        history, count = self._history, 0
        end = time.monotonic() + INTERVAL_S / 2
        while events := self._tail.read(_CHUNK):
            history.add(events)
            count += len(events)
            if time.monotonic() > end:
                break
        if count or set(self.portrait.series) != target.metrics:
            self.portrait = replace(
                self.portrait,
                version=self.portrait.version + count,
                series=curves_of(history, target.metrics),
                metrics=metrics_of(history),
                held_out=held_out_of(history),
                marks=marks_of(history),
                warnings=tuple(history.warnings),
                start=history.start,
                methods=tuple(event for event in history.evals if "method" in event),
            )
        self._change(whole=not events)

    def _is_due(self, what: str, interval: float) -> bool:
        now = time.monotonic()
        if now < self._due[what]:
            return False
        self._due[what] = now + interval
        return True

    def _look_at_log(self) -> None:
        if self._is_due("log", _LOG_S) and (state := _state_of(self.run.output_log)) != self._log_state:
            self._log_state = state
            self._change(log=tuple(tail_lines(self.run.output_log, LOG_LINES)))

    def _look_at_memory(self, pid: int | None, memory: Callable[[int, bool], float | None]) -> None:
        if pid is None:
            self._change(process_gib=None)
            return
        _, torch_gib = self._history.series("torch_allocated_gib")
        in_gpu = bool(len(torch_gib))
        # The driver's list of processes costs milliseconds.
        if self._is_due("memory", _LIST_PROCESSES_S if in_gpu else _MEMORY_S):
            found = memory(pid, in_gpu)
            self._change(process_gib=None if found is None else round(found, 2))

    def _look_at_shelf(self, live: bool) -> None:
        """What the run has saved: looked at again when something was."""
        state = (
            live,
            _state_of(self.run.checkpoints),
            _state_of(self.run.adapter / "adapter_config.json"),
            _state_of(self.run.model_dir / "config.json"),
        )
        if state != self._shelf_state:
            self._shelf_state = state
            checkpoint = None if live else last_whole_checkpoint(self.run)
            self._change(saved=any(state[2:]), checkpoint=checkpoint.step if checkpoint else None)


def _state_of(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
