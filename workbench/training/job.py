"""A training run from its recipe to its result, inside the trainer's process."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
import transformers

from workbench.data.conversation import BadRow
from workbench.data.opening import OpeningStopped
from workbench.data.prepare import Prepared, prepare
from workbench.data.tokens.tokenizer import load_tokenizer
from workbench.figures import count
from workbench.models.load import load_model
from workbench.models.precision import compute_dtype, dtype_name
from workbench.models.quiet import quiet_libraries
from workbench.recipe.schema import Recipe
from workbench.runs.checkpoints import Checkpoint, last_whole_checkpoint, list_checkpoints
from workbench.runs.directory import RunDirectory
from workbench.runs.events import read_events
from workbench.runs.writer import RunWriter, StopNow
from workbench.training.arguments import recomputes_activations, training_arguments
from workbench.training.base_model import base_model, short_name
from workbench.training.checkpoints import reached_the_end, trainer_state
from workbench.training.failures import is_out_of_memory, out_of_memory
from workbench.training.memory import MemoryWatch, total_gib
from workbench.training.meter import StepMeter
from workbench.training.method import attach_method, method_name, quantization_of, weights_dtype
from workbench.training.reporter import Reporter
from workbench.training.saving import result_folder, save_result
from workbench.training.schedule import Schedule, evaluation_due
from workbench.training.trainer import FineTuner
from workbench.untrusted import printable

_ROWS_NAMED = 5


def train(run: RunDirectory, recipe: Recipe, writer: RunWriter) -> None:
    """Train what `recipe` says, from the run's last whole checkpoint if it has one, and save the result.

    When a stop is requested, a checkpoint is saved at the next step instead of finishing.

    Raises:
        WorkbenchError: model, data or memory do not allow it, or the loss is no number.
    """
    quiet_libraries()
    meter, memory = StepMeter(), MemoryWatch(writer)
    trainer: FineTuner | None = None
    try:
        ref = base_model(recipe)
        name = short_name(ref)
        _phase(writer, "reading the data")
        tokenizer = load_tokenizer(ref.base, template=False)  # plain text needs none
        data = _prepare(recipe, tokenizer, writer)
        _phase(writer, f"loading the model {name}")
        dtype, why = _dtype(recipe, writer)
        transformers.set_seed(recipe.seed)  # the adapter's first weights
        model = load_model(ref, quantization=quantization_of(recipe), dtype=weights_dtype(recipe, dtype))
        model = attach_method(model, recipe)
        checkpoint = _checkpoint(run, writer)
        start = {
            "job": "train",
            "model": name,
            "dataset": recipe.dataset,
            "method": method_name(recipe),
            "dtype": dtype_name(dtype),
            "why": why,
            "gradient_checkpointing": recomputes_activations(recipe),
            "rows_train": len(data.train),
            "rows_held_out": len(data.held_out),
            "tokens_per_epoch": data.tokens,
            **_parameters(model),
            "resumed_from_step": checkpoint.step if checkpoint else None,
        }
        schedule = Schedule(recipe, evaluates=bool(data.held_out), stop_requested=writer.stop_requested)
        evaluate_first = bool(data.held_out) and _evaluation_owed(recipe, run, checkpoint)
        trainer = FineTuner(
            model,
            training_arguments(recipe, run.checkpoints, dtype, evaluate_first=evaluate_first),
            run=run,
            train=data.train,
            held_out=data.held_out,
            pad_token_id=_padding(tokenizer),
            checkpoints_kept=recipe.save_total_limit,
            meter=meter,
            writer=writer,
            callbacks=[schedule, Reporter(recipe, writer, meter, memory, start)],
        )
        _run(trainer, checkpoint)
    except Exception as error:
        if not is_out_of_memory(error):
            raise
        step = trainer.state.global_step + 1 if trainer else 0
        peak, total = memory.peak_gib, total_gib()
        raise out_of_memory(recipe, step, meter.origin, peak_gib=peak, total_gib=total) from error
    finally:
        writer.peak_memory(memory.peak_gib)
    _finish(trainer, run, recipe, writer, tokenizer)


def _run(trainer: FineTuner, checkpoint: Checkpoint | None) -> None:
    if checkpoint and reached_the_end(checkpoint):
        # Killed between the last step and the result: transformers would train one step too many.
        trainer.restore(checkpoint)
    else:
        trainer.train(resume_from_checkpoint=str(checkpoint.path) if checkpoint else None)


def _finish(trainer: FineTuner, run: RunDirectory, recipe: Recipe, writer: RunWriter, tokenizer: Any) -> None:
    step = trainer.state.global_step
    if trainer.stopped and recipe.finetuning_type == "full":
        print(f"stopped at step {step}; the checkpoint holds the model", flush=True)
        return
    # An adapter is small: also after a stop one can look at what it has learnt so far.
    folder = result_folder(run, recipe)
    writer.phase(f"saving {folder.name}")
    save_result(trainer.model, tokenizer, folder)
    print(f"{'stopped' if trainer.stopped else 'done'} at step {step}; saved {folder}", flush=True)


def _phase(writer: RunWriter, text: str) -> None:
    """Tell what comes next, unless a stop is wanted: there is nothing to save yet."""
    if writer.stop_requested():
        raise StopNow
    writer.phase(text)
    print(text, flush=True)


def _evaluation_owed(recipe: Recipe, run: RunDirectory, checkpoint: Checkpoint | None) -> bool:
    """Whether to measure before training: always at first, and where a stop came in between."""
    if checkpoint is None:
        return True
    if not evaluation_due(recipe, checkpoint.step, trainer_state(checkpoint)["epoch"]):
        return False
    events = read_events(run.events_file)
    return not any(event["kind"] == "eval" and event.get("step") == checkpoint.step for event in events)


def _prepare(recipe: Recipe, tokenizer: Any, writer: RunWriter) -> Prepared:
    def tell(share: float) -> None:
        writer.phase(f"reading the data: {share:.0%} of the rows encoded")

    try:
        data = prepare(recipe, tokenizer, progress=tell, cancelled=writer.stop_requested)
    except OpeningStopped as stopped:
        raise StopNow from stopped
    if data.train_set is data.held_out_set or data.held_out_set is None:
        _tell_dropped(data.dropped + data.dropped_held_out, recipe.dataset, writer)
    else:
        _tell_dropped(data.dropped, recipe.dataset, writer)
        _tell_dropped(data.dropped_held_out, recipe.eval_dataset or "", writer)
    _tell_partly_trained(data.train.partly_trained, recipe.dataset, writer)
    return data


def _dtype(recipe: Recipe, writer: RunWriter) -> tuple[torch.dtype, str]:
    dtype, why = compute_dtype(recipe.bf16, recipe.fp16)
    print(f"computing in {dtype_name(dtype)}: {why}", flush=True)
    if (recipe.bf16 and dtype != torch.bfloat16) or (recipe.fp16 and dtype != torch.float16):
        writer.event("warning", message=f"Computing in {dtype_name(dtype)} instead: {why}.")
    return dtype, why


def _padding(tokenizer: Any) -> int:
    """The token to fill rows up with; which one does not matter, since it is masked."""
    if tokenizer.pad_token_id is not None:
        return int(tokenizer.pad_token_id)
    return int(tokenizer.eos_token_id or 0)


def _parameters(model: Any) -> dict[str, int]:
    if hasattr(model, "get_nb_trainable_parameters"):  # peft's count knows of packed weights
        trainable, total = model.get_nb_trainable_parameters()
    else:
        trainable = total = model.num_parameters()
    return {"trainable_parameters": trainable, "total_parameters": total}


def _checkpoint(run: RunDirectory, writer: RunWriter) -> Checkpoint | None:
    """The one to go on from; damaged newer ones are told."""
    checkpoint = last_whole_checkpoint(run)
    for other in list_checkpoints(run):
        if other.damage and other.step > (checkpoint.step if checkpoint else 0):
            writer.event("warning", message=f"{other.path.name} is damaged and left out: {other.damage}.")
    if checkpoint:
        print(f"going on from step {checkpoint.step}", flush=True)
    return checkpoint


def _tell_dropped(dropped: list[BadRow], file: str, writer: RunWriter) -> None:
    if not dropped:
        return
    named = "; ".join(f"row {bad.row:,}: {bad.reason}" for bad in dropped[:_ROWS_NAMED])
    more = f"; and {count(len(dropped) - _ROWS_NAMED)} more" if len(dropped) > _ROWS_NAMED else ""
    rows = f"{count(len(dropped))} row{'s are' if len(dropped) > 1 else ' is'}"
    message = f"{rows} not used of {Path(file).name} ({named}{more})"
    writer.event("warning", message=message)
    print(f"warning: {printable(message)}", flush=True)


def _tell_partly_trained(rows: list[int], file: str, writer: RunWriter) -> None:
    if not rows:
        return
    named = ", ".join(f"{row:,}" for row in rows[:_ROWS_NAMED]) + (" …" if len(rows) > _ROWS_NAMED else "")
    message = (
        f"of {count(len(rows))} row{'s' if len(rows) > 1 else ''} of {Path(file).name} some answers are not "
        f"trained, since the chat template does not let them be told from the rest ({named})"
    )
    writer.event("warning", message=message)
    print(f"warning: {printable(message)}", flush=True)
