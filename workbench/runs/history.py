"""A run's numbers in columns, as plots and reports need them."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TypeGuard

from workbench.runs.events import Event, EventTail

_PROTOCOL = frozenset(("v", "seq", "time", "kind", "step", "non_finite"))
_NAN = math.nan


class Columns:
    """Numbers by name, each column as long as `steps`; NaN where a row has none."""

    def __init__(self) -> None:
        self.steps = array("d")
        self._columns: dict[str, array[float]] = {}

    def __len__(self) -> int:
        return len(self.steps)

    @property
    def names(self) -> list[str]:
        return list(self._columns)

    def series(self, name: str) -> tuple[array[float], array[float]]:
        """Copies of the steps and of a column, both empty where there is no such column.

        An `array` is a buffer of doubles: `numpy.asarray` of it copies nothing.
        """
        column = self._columns.get(name)
        return (self.steps[:], column[:]) if column is not None else (array("d"), array("d"))

    def extend(self, rows: Sequence[Event]) -> None:
        """Append rows; a column comes into being with the first number of its name."""
        if not rows:
            return
        before = len(self.steps)
        self.steps.extend(_numbers([row.get("step") for row in rows]))
        for name in dict.fromkeys(name for row in _distinct(rows) for name in row):
            if name in self._columns or (
                name not in _PROTOCOL and any(_is_number(row.get(name)) for row in rows)
            ):
                column = self._columns.setdefault(name, array("d", [_NAN]) * before)
                column.extend(_numbers([row.get(name, _NAN) for row in rows]))
        for column in self._columns.values():
            if len(column) < len(self.steps):
                column.extend(array("d", [_NAN]) * (len(self.steps) - len(column)))

    def forget_after(self, step: float) -> None:
        """Drop the rows of later steps."""
        keep = bisect_right(self.steps, step)
        for column in (self.steps, *self._columns.values()):
            del column[keep:]


class History:
    """What the events of one run add up to. Takes them as they come; holds no torch, no numpy.

    After a resume the steps beyond the checkpoint come again: the later ones count, and the step is in
    `resumes`.
    """

    def __init__(self) -> None:
        self.steps = Columns()
        self.memory = Columns()
        self.evals: list[Event] = []
        self.samples: list[Event] = []
        self.checkpoints: list[Event] = []
        self.warnings: list[Event] = []
        self.errors: list[Event] = []
        self.resumes: list[int] = []
        self.start: Event | None = None
        self.end: Event | None = None
        self.step = 0

    def add(self, events: Iterable[Event]) -> None:
        """Take more events, in their order. Warnings and errors get the `step` they came after."""
        steps: list[Event] = []
        memory: list[Event] = []
        lists = {
            "eval": self.evals,
            "sample": self.samples,
            "checkpoint": self.checkpoints,
            "warning": self.warnings,
            "error": self.errors,
        }
        for event in events:
            kind = event["kind"]
            if kind == "step":
                steps.append(event)
                self.step = event.get("step") or self.step
            elif kind == "memory":
                memory.append(event)
            elif kind in lists:
                lists[kind].append(event if "step" in event else {**event, "step": self.step})
            elif kind == "start":
                self.steps.extend(steps)
                self.memory.extend(memory)
                steps, memory = [], []
                self._start(event)
            elif kind == "end":
                self.end = event
        self.steps.extend(steps)
        self.memory.extend(memory)

    def series(self, name: str) -> tuple[array[float], array[float]]:
        """The steps and the values of a metric, both empty where there is none of that name.

        Looks among the steps' metrics first, then the held-out ones, then memory. A value that was not
        finite is NaN.
        """
        if name in self.steps.names:
            return self.steps.series(name)
        measured = [event for event in self.evals if name in event and "method" not in event]
        if measured:
            return _numbers([event["step"] for event in measured]), _numbers([e[name] for e in measured])
        return self.memory.series(name)

    @property
    def names(self) -> list[str]:
        """The metrics of the steps, in the order in which they came up."""
        return self.steps.names

    def _start(self, event: Event) -> None:
        resumed_from = event.get("resumed_from_step")
        again = self.start is not None
        self.start, self.end = event, None
        if isinstance(resumed_from, int):
            self.resumes.append(resumed_from)
        if again:
            self._forget_after(resumed_from if isinstance(resumed_from, int) else -1)

    def _forget_after(self, step: int) -> None:
        self.step = max(step, 0)
        self.steps.forget_after(step)
        self.memory.forget_after(step)
        for events in (self.evals, self.samples, self.checkpoints):
            events[:] = [event for event in events if (event.get("step") or 0) <= step]


def read_history(path: Path) -> tuple[History, EventTail]:
    """The history of an events file, and the tail that goes on from there."""
    history, tail = History(), EventTail(path)
    while events := tail.read():
        history.add(events)
    return history, tail


def _distinct(rows: Sequence[Event]) -> list[Event]:
    """Rows that between them have all names: most have the same ones."""
    found: list[Event] = []
    last: object = None
    for row in rows:
        if (keys := row.keys()) != last:
            found.append(row)
            last = keys
    return found


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float)


def _numbers(values: Sequence[object]) -> array[float]:
    try:
        return array("d", values)  # type: ignore[arg-type]
    except TypeError:
        return array("d", [value if _is_number(value) else _NAN for value in values])
