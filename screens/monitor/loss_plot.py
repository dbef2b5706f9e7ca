"""The large plot: one metric of the chosen run over its steps."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from textual.content import Content

from screens.monitor.notice import placeholder
from screens.monitor.portrait import Portrait
from screens.widgets.plot import Curve, Plot

if TYPE_CHECKING:
    from workbench.runs.status import Status

TITLES = {
    "loss": "loss",
    "learning_rate": "learning rate",
    "grad_norm": "gradient norm",
    "tokens_per_s": "tokens/s",
    "step_s": "seconds a step",
    "process_gib": "memory of the run, GiB",
}
_MARKS = (
    ("✗", "$error", "error"),
    ("▲", "$success", "checkpoint"),
    ("!", "$warning", "warning"),
    ("↻", "$success", "resumed"),
)
NOISY = ("loss", "grad_norm", "tokens_per_s", "step_s")
"""Metrics whose trend is easier to see smoothed; the others are what they are."""

SMOOTHINGS = (0.01, 0.04, 0.0)
"""Half-life of the moving average as a share of the steps shown."""


class MetricPlot(Plot):
    """Draws only when the curve or the way it is shown has changed."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self.metric = "loss"
        self.log_scale = False
        self.half_life = SMOOTHINGS[0]
        self._shown: object = None
        self._legend: object = None

    @property
    def smoothing(self) -> float:
        """The half-life in use: none for a metric without noise."""
        return self.half_life if self.metric in NOISY else 0.0

    def show_run(self, status: Status | None, portrait: Portrait) -> None:
        """Draw the metric of this run."""
        curve = curve_of(self.metric, status, portrait)
        empty = not len(curve.steps) and not curve.points
        waiting = placeholder(status, portrait) if empty else Content("")
        shown = (
            portrait.run_id,
            portrait.version,
            portrait.whole,
            self.metric in portrait.series,
            self.metric,
            self.log_scale,
            self.smoothing,
            self.size.width,
            curve.end,
            waiting.markup if waiting else "",
        )
        if shown != self._shown:
            self._shown = shown
            self.show(curve, log=self.log_scale, smoothing=self.smoothing, placeholder=waiting)
            self._title(curve)

    def _title(self, curve: Curve) -> None:
        title = TITLES.get(self.metric, self.metric.replace("_", " "))
        if self.log_scale:
            title += ", log scale"
        legend = Content("")
        for sign, colour, name in self._signs(curve):
            entry = Content.assemble((sign, colour), f" {name}")
            if legend.cell_length + entry.cell_length + 2 <= self.size.width - 6:
                legend = Content("  ").join([legend, entry]) if legend else entry
        if (key := (title, legend.markup)) != self._legend:
            # Setting a title repaints the whole widget.
            self._legend = key
            self.border_title = title
            self.border_subtitle = legend

    def _signs(self, curve: Curve) -> Iterator[tuple[str, str, str]]:
        """What the signs in the plot mean, the most needed first."""
        from screens.widgets.curve import has_holes

        if len(curve.steps):
            yield ("⠒", "$primary 45%", "each step") if self.smoothing else ("━", "$primary", "each step")
            if self.smoothing:
                yield "━", "$primary", "smoothed"
            if has_holes(curve.values):
                yield "×", "$error", "no number"
        if curve.points:
            yield "◆", "$foreground", "held-out"
        signs = {mark.sign for mark in curve.marks}
        for sign, colour, name in _MARKS:
            if sign in signs:
                yield sign, colour, name


def curve_of(metric: str, status: Status | None, portrait: Portrait) -> Curve:
    """The metric with the held-out points (of the loss) and what happened on the way."""
    steps, values = portrait.curve(metric)
    points = portrait.held_out if metric == "loss" else ()
    if status is None or status.id != portrait.run_id:
        return Curve()
    last = max([*steps[-1:], *(step for step, _ in points)], default=0.0)
    end = status.max_steps if status.live else last
    return Curve(steps, values, points, portrait.marks, end or None)
