"""What the trainer does, as events of the run and as readable lines in its log."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from transformers import TrainerCallback, TrainerControl, TrainerState, TrainingArguments

from workbench.figures import duration, significant
from workbench.recipe.schema import Recipe
from workbench.runs.writer import RunWriter
from workbench.training.failures import loss_is_not_finite
from workbench.training.memory import MemoryWatch
from workbench.training.meter import StepMeter


class Reporter(TrainerCallback):
    """Writes `start`, `step`, `eval` and `memory` events, and ends the run at a loss that is no number.

    Args:
        start: what the `start` event tells besides the number of steps.
    """

    def __init__(
        self,
        recipe: Recipe,
        writer: RunWriter,
        meter: StepMeter,
        memory: MemoryWatch,
        start: Mapping[str, object],
    ) -> None:
        self._recipe = recipe
        self._writer = writer
        self._meter = meter
        self._memory = memory
        self._start = start

    def on_train_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The model is ready and the number of steps is known."""
        self._writer.event("start", max_steps=state.max_steps, **self._start)
        self._memory.sample(state.global_step)

    def on_epoch_begin(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """The first step of an epoch begins: batches are drawn now."""
        self._writer.phase("training")
        self._meter.restart_clock()

    def on_pre_optimizer_step(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Look at the loss before the weights take it in.

        Raises:
            WorkbenchError: it is NaN or infinite.
        """
        loss = self._meter.loss()
        if not math.isfinite(loss):
            raise loss_is_not_finite(
                state.global_step + 1, loss, self._meter.rows_of_bad_batches(), self._recipe
            )

    def on_step_end(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Count the step's tokens; they are kept with the checkpoints."""
        state.num_input_tokens_seen += self._meter.end_step()
        self._memory.after_step(state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """The means over the steps since the last line."""
        if not logs or "loss" not in logs:
            return  # the summary at the end of training
        window = self._meter.end_window()
        eta = self._meter.seconds_for(state.max_steps - state.global_step)
        self._writer.event(
            "step",
            step=state.global_step,
            epoch=state.epoch,
            loss=logs["loss"],
            learning_rate=logs.get("learning_rate"),
            grad_norm=logs.get("grad_norm"),
            tokens_per_s=window.tokens_per_s,
            tokens=state.num_input_tokens_seen,
            step_s=window.step_s,
            eta_s=eta,
        )
        print(
            f"step {state.global_step}/{state.max_steps}  loss {significant(logs['loss'])}  "
            f"{significant(window.tokens_per_s)} tokens/s  {duration(window.step_s)} a step  "
            f"{duration(eta)} left",
            flush=True,
        )

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: Mapping[str, float] | None = None,
        **kwargs: Any,
    ) -> None:
        """The held-out loss of this step."""
        if not metrics:
            return
        loss, tokens = metrics["eval_loss"], int(metrics["eval_tokens"])
        self._writer.event("eval", step=state.global_step, eval_loss=loss, tokens=tokens)
        print(f"step {state.global_step}/{state.max_steps}  held-out loss {significant(loss)}", flush=True)
        self._writer.phase("training")
        self._meter.restart_clock()

    def on_save(
        self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **kwargs: Any
    ) -> None:
        """Saving belongs to no step."""
        self._meter.restart_clock()
