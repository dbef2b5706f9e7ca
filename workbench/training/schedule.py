"""When a run logs, measures the held-out loss, saves a checkpoint and stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from workbench.recipe.schema import Recipe


class Schedule(TrainerCallback):
    """Decides at the end of each step what happens next.

    All of it at a step's end and evaluation before saving, so that a checkpoint never stands between a
    step and the evaluation that belongs to it: a resumed run would leave that one out.

    Args:
        stop_requested: asked at each step; a stop saves a checkpoint first.
    """

    def __init__(self, recipe: Recipe, *, evaluates: bool, stop_requested: Callable[[], bool]) -> None:
        self._recipe = recipe
        self._evaluates = evaluates
        self._stop_requested = stop_requested

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> TrainerControl:
        """Set what is due after this step."""
        recipe, step = self._recipe, state.global_step
        last = step >= state.max_steps
        stop = not last and self._stop_requested()
        control.should_training_stop = last or stop
        control.should_log = control.should_training_stop or step % recipe.logging_steps == 0
        control.should_evaluate = (
            self._evaluates and not stop and (last or evaluation_due(self._recipe, step, state.epoch))
        )
        control.should_save = stop or bool(recipe.save_steps and step % recipe.save_steps == 0)
        return control


def evaluation_due(recipe: Recipe, step: int, epoch: float | None) -> bool:
    """Whether the held-out loss is measured after this step, by `eval_steps` or at the end of an epoch."""
    if recipe.eval_steps:
        return step % recipe.eval_steps == 0
    return epoch is not None and epoch == int(epoch)
