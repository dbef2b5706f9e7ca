"""The small curves beside the list of runs."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Vertical

from screens.monitor.loss_plot import NOISY, SMOOTHINGS, TITLES, curve_of
from screens.monitor.portrait import Portrait
from screens.widgets.plot import Plot

if TYPE_CHECKING:
    from workbench.runs.status import Status

METRICS = ("learning_rate", "tokens_per_s", "grad_norm", "process_gib")


class SmallCurves(Vertical):
    """Learning rate and speed, and where there is room gradient norm and memory."""

    def compose(self) -> ComposeResult:
        for metric in METRICS:
            plot = Plot(compact=True, id=metric, classes="pane")
            plot.border_title = TITLES[metric]
            yield plot

    def show(self, status: Status | None, portrait: Portrait) -> None:
        """Draw the metrics of this run."""
        for metric in METRICS:
            curve = replace(curve_of(metric, status, portrait), points=(), marks=())
            smoothing = SMOOTHINGS[0] if metric in NOISY else 0.0
            self.query_one(f"#{metric}", Plot).show(curve, smoothing=smoothing, placeholder="–")
