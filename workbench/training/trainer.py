"""transformers' Trainer, with batches that know their rows, an exact held-out loss and whole checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from transformers import PrinterCallback, Trainer, TrainerCallback, TrainerState, TrainingArguments

from workbench.data.tokens.encoded import Encoded
from workbench.runs.checkpoints import Checkpoint
from workbench.runs.directory import RunDirectory
from workbench.runs.writer import RunWriter
from workbench.training.batches import ORIGIN, collator
from workbench.training.checkpoints import checkpoint_folder, keep_newest, new_checkpoint
from workbench.training.failures import disk_failure, is_out_of_memory, out_of_memory_evaluating
from workbench.training.held_out import held_out_loss
from workbench.training.meter import StepMeter


class FineTuner(Trainer):
    """Trains `model` on encoded rows; when to do what is the callbacks' business.

    Args:
        checkpoints_kept: older ones are deleted.
    """

    def __init__(
        self,
        model: Any,
        args: TrainingArguments,
        *,
        run: RunDirectory,
        train: Sequence[Encoded],
        held_out: Sequence[Encoded],
        pad_token_id: int,
        checkpoints_kept: int,
        meter: StepMeter,
        writer: RunWriter,
        callbacks: list[TrainerCallback],
    ) -> None:
        self.meter = meter
        self._run = run
        self._writer = writer
        self._held_out = held_out
        self._kept = checkpoints_kept
        self._collate = collator(pad_token_id)
        self._staging: Path | None = None
        super().__init__(
            model=model,
            args=args,
            train_dataset=train,
            data_collator=self._collate,
            callbacks=callbacks,
        )
        self.remove_callback(PrinterCallback)

    def training_step(
        self, model: Any, inputs: dict[str, Any], num_items_in_batch: Any = None
    ) -> torch.Tensor:
        """Forward and backward of one batch; notes whose it was."""
        self.meter.origin = origin = inputs.pop(ORIGIN)
        loss = super().training_step(model, inputs, num_items_in_batch)
        self.meter.add(loss, origin)
        return loss

    def floating_point_ops(self, inputs: dict[str, Any]) -> int:
        """Nothing: transformers' count walks over all parameters for each batch, and nobody reads it."""
        return 0

    def evaluate(self, *args: Any, **kwargs: Any) -> dict[str, float]:
        """The mean loss over all answer tokens of the held-out rows; {} if a stop came in between."""
        step, count = self.state.global_step, len(self._held_out)
        when = f"at step {step}" if step else "before training"
        last = step >= self.state.max_steps

        def go_on(done: int) -> bool:
            self._writer.phase(f"evaluating held-out rows {when}: {done} of {count}")
            return last or not self._writer.stop_requested()

        batch = self.args.per_device_eval_batch_size
        try:
            result = held_out_loss(self.model, self._held_out, self._collate, batch_size=batch, go_on=go_on)
        except Exception as error:
            if is_out_of_memory(error):
                raise out_of_memory_evaluating(step, batch) from error
            raise
        if result is None:
            # Before the first step there is nothing to save: the step after this sees the request.
            self.control.should_save = self.control.should_training_stop = step > 0
            return {}
        metrics = {"eval_loss": result.loss, "eval_tokens": result.tokens}
        self.control = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    @property
    def stopped(self) -> bool:
        """Whether training ended before its last step."""
        return bool(self.state.global_step < self.state.max_steps)

    def _save_checkpoint(self, model: Any, trial: Any) -> None:
        """A checkpoint that is there whole or not at all.

        A full disk ends the run only if it is being stopped: else there is time to make room.
        """
        step = self.state.global_step
        try:
            with new_checkpoint(self._run, step) as self._staging:
                super()._save_checkpoint(model, trial)
        except Exception as error:
            failure = disk_failure(self._run.checkpoints, error)
            if failure is None:
                raise
            if self.control.should_training_stop and self.stopped:
                raise failure from error
            self._writer.event("warning", message=f"No checkpoint at step {step}: {failure}")
            return
        finally:
            self._staging = None
        keep_newest(self._run, self._kept)
        self._writer.event("checkpoint", step=step, path=str(checkpoint_folder(self._run, step)))

    def restore(self, checkpoint: Checkpoint) -> None:
        """Take weights and state from a checkpoint without training on."""
        self._load_from_checkpoint(str(checkpoint.path))
        self.state = TrainerState.load_from_json(str(checkpoint.path / "trainer_state.json"))
        self.callback_handler.on_train_begin(self.args, self.state, self.control)

    def _get_output_dir(self, trial: Any) -> str:
        return str(self._staging or self.args.output_dir)
