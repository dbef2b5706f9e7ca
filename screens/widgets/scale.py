"""Axes: which part of the numbers is shown, and which values are written beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

ABSURD = 1e100
"""A number of that size is no measurement, nor is its inverse; sums of them overflow."""


@dataclass(frozen=True, slots=True)
class Scale:
    """The values from `low` to `high`, linear or logarithmic."""

    low: float
    high: float
    log: bool = False

    def place(self, value: float) -> float:
        """Where `value` lies: 0 at `low`, 1 at `high`."""
        if self.log:
            return (math.log(value) - math.log(self.low)) / (math.log(self.high) - math.log(self.low))
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> list[float]:
        """Round values within the scale, at most `most` of them, from low to high."""
        if most < 1:
            return []
        if self.log and self.high / self.low >= 8:
            return _log_ticks(self.low, self.high, most)
        step = _round_up((self.high - self.low) / max(most, 1))
        for _ in range(3):
            first = math.ceil(self.low / step - 1e-9)
            last = math.floor(self.high / step + 1e-9)
            if last - first < most:
                break
            step = _round_up(step * 1.01)
        return [number * step for number in range(first, last + 1)]


def fit(low: float, high: float, *, log: bool = False) -> Scale:
    """A scale that holds both values, its ends on round numbers.

    Round ends move seldom while a run goes on, and a plot whose scale stands still is repainted only
    where its curve has grown.
    """
    if log and low > 1 / ABSURD:
        if high <= low * 1.0001:
            return Scale(low / 1.5, high * 1.5, log=True)
        grain = 10 ** (math.log10(high / low) / 24)
        bottom = _snap_log(low, grain, math.floor)
        return Scale(bottom, _snap_log(high, grain, math.ceil), log=True)
    if high - low <= max(1e-9 * max(abs(low), abs(high)), 1 / ABSURD):
        margin = abs(high) / 2 if abs(high) > 1 / ABSURD else 1.0
        return Scale(low - margin, high + margin)
    grain = _round_up((high - low) / 24)
    bottom = math.floor(low / grain + 1e-9) * grain
    if low >= 0 and bottom < grain:
        bottom = max(bottom, 0.0)
    return Scale(bottom, math.ceil(high / grain - 1e-9) * grain)


def last_step_shown(step: float, max_steps: float | None) -> float:
    """Where the step axis ends: at the run's last step once a fifth is done, before that at a round number.

    The axis must not move with every step, and what is left of a run should be seen.
    """
    if max_steps and (step >= 0.2 * max_steps or max_steps <= 20):
        return max(step, max_steps)
    end = _round_up(max(step * 1.25, 10))
    return min(end, max_steps) if max_steps and max_steps >= step else end


def brief(value: float) -> str:
    """A tick's label: 0.5, 1.25, 12, 300, 2k, 45k, 1.5M, 5e-05."""
    if value == 0:
        return "0"
    size = abs(value)
    if size < 1e-3 or size >= 1e12:
        mantissa, _, power = f"{value:.2e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.')}e{int(power)}"
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if size >= unit:
            return f"{value / unit:.4g}{name}"
    return f"{value:.4g}"


def _round_up(value: float) -> float:
    """The next of …, 1, 2, 2.5, 5, 10, … that is not below `value`."""
    power = 10.0 ** math.floor(math.log10(value)) if value > 0 else 1.0
    for factor in (1, 2, 2.5, 5, 10):
        if factor * power >= value * (1 - 1e-9):
            return factor * power
    return 10 * power


def _snap_log(value: float, grain: float, towards: object) -> float:
    steps = math.log(value) / math.log(grain)
    whole = math.floor(steps + 1e-9) if towards is math.floor else math.ceil(steps - 1e-9)
    return float(grain**whole)


def _log_ticks(low: float, high: float, most: int) -> list[float]:
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    for factors in ((1, 2, 5), (1, 3), (1,)):
        found = [
            factor * 10.0**power
            for power in range(first, last + 1)
            for factor in factors
            if low <= factor * 10.0**power <= high
        ]
        if len(found) <= most:
            return found
    every = math.ceil(len(found) / most)
    return found[::every]
