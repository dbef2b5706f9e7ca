"""What a step did: its loss, its tokens and its time."""

from __future__ import annotations

import math
import time
from collections import deque
from dataclasses import dataclass

import torch

from workbench.training.batches import Origin

_ETA_STEPS = 20


@dataclass(frozen=True, slots=True)
class Window:
    """The steps since the last log line: seconds and tokens (without padding) a step."""

    step_s: float
    tokens_per_s: float


class StepMeter:
    """Adds up what the batches of a step say; the time for evaluating and saving is left out."""

    def __init__(self) -> None:
        self.origin: Origin | None = None
        """The batch at work, or the last one."""
        self._batches: list[tuple[torch.Tensor, Origin]] = []
        self._window_s, self._window_tokens, self._window_steps = 0.0, 0, 0
        self._recent: deque[float] = deque(maxlen=_ETA_STEPS)
        self._mark = time.monotonic()

    def restart_clock(self) -> None:
        """What comes now belongs to the next step; what was before, to none."""
        self._mark = time.monotonic()

    def add(self, loss: torch.Tensor, origin: Origin) -> None:
        """A batch's part of the step's loss, still on its device."""
        self._batches.append((loss, origin))

    def loss(self) -> float:
        """The loss of the step so far: the parts are already divided by the step's trained tokens."""
        return math.fsum(torch.stack([loss for loss, _ in self._batches]).float().tolist())

    def rows_of_bad_batches(self) -> list[int]:
        """The rows of the batches whose loss is not finite."""
        return [row for loss, origin in self._batches if not torch.isfinite(loss) for row in origin.rows]

    def end_step(self) -> int:
        """Close the step; its number of tokens without padding."""
        now = time.monotonic()
        tokens = sum(origin.tokens for _, origin in self._batches)
        self._recent.append(now - self._mark)
        self._window_s += now - self._mark
        self._window_tokens += tokens
        self._window_steps += 1
        self._mark = now
        self._batches.clear()
        return tokens

    def end_window(self) -> Window:
        """The means over the steps since the last call."""
        steps, seconds = max(self._window_steps, 1), max(self._window_s, 1e-9)
        window = Window(seconds / steps, self._window_tokens / seconds)
        self._window_s, self._window_tokens, self._window_steps = 0.0, 0, 0
        return window

    def seconds_for(self, steps: int) -> float | None:
        """How long so many steps take at the pace of the last twenty."""
        return steps * sum(self._recent) / len(self._recent) if self._recent else None
