"""One run as it stood at one moment: what the feed hands to the screen."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field

from screens.widgets.plot import Mark
from workbench.runs.events import Event
from workbench.runs.history import History

NO_SERIES: tuple[array[float], array[float]] = (array("d"), array("d"))


@dataclass(frozen=True, slots=True)
class Portrait:
    """Everything Monitor shows of a run, except its status. Nothing in it changes any more."""

    run_id: str = ""
    version: int = 0
    """How many events it is made of: where this is the same, so are the curves."""
    whole: bool = False
    """Whether all events that stood on disk are in it; a long file takes some looks."""
    series: dict[str, tuple[array[float], array[float]]] = field(default_factory=dict)
    metrics: tuple[str, ...] = ()
    held_out: tuple[tuple[float, float], ...] = ()
    marks: tuple[Mark, ...] = ()
    warnings: tuple[Event, ...] = ()
    start: Event | None = None
    memory: Event | None = None
    methods: tuple[Event, ...] = ()
    """Of a comparison: what was measured for each method."""
    log: tuple[str, ...] = ()
    process_gib: float | None = None
    checkpoint: int | None = None
    """The step that the run could be resumed from; looked for when it is not live."""
    saved: bool = False
    """Whether there is a model to chat with."""

    def curve(self, name: str) -> tuple[array[float], array[float]]:
        """Steps and values of a metric that the feed was asked for."""
        return self.series.get(name, NO_SERIES)


def curves_of(history: History, names: Iterable[str]) -> dict[str, tuple[array[float], array[float]]]:
    """Copies of these series, which stay as they are while the history goes on."""
    return {name: history.series(name) for name in names}


def metrics_of(history: History) -> tuple[str, ...]:
    """What the plot can show, the loss first."""
    left_out = ("loss", "epoch", "tokens", "eta_s")
    names = ["loss", *(name for name in history.names if name not in left_out)]
    if "process_gib" in history.memory.names:
        names.append("process_gib")
    return tuple(names)


def held_out_of(history: History) -> tuple[tuple[float, float], ...]:
    """Step and loss of each look at the held-out rows; NaN where it was not finite."""
    steps, losses = history.series("eval_loss")
    return tuple(zip(steps, losses, strict=True))


def marks_of(history: History) -> tuple[Mark, ...]:
    """What happened besides the curve, in the order in which it may be painted over."""
    return (
        *(Mark(step_of(event), "▲", "good") for event in history.checkpoints),
        *(Mark(step, "↻", "good") for step in history.resumes),
        *(Mark(step_of(event), "!", "warning") for event in history.warnings),
        *(Mark(step_of(event), "✗", "error") for event in history.errors),
    )


def step_of(event: Event) -> int:
    """The step that an event belongs to; 0 where it tells none."""
    step = event.get("step")
    return int(step) if isinstance(step, int | float) and math.isfinite(step) else 0
