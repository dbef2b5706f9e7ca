"""The sentences for a run that cannot go on: what happened, at which step, and what to change."""

from __future__ import annotations

import errno
from pathlib import Path

from workbench.atomic import write_failure
from workbench.errors import WorkbenchError
from workbench.figures import significant
from workbench.recipe.schema import Recipe
from workbench.training.batches import Origin

_NO_MEMORY = ("can't allocate memory", "out of memory", "ALLOC_FAILED")
_WRITE_FAILURES = ("failed writing file", "file write failed", "unexpected pos", "I/O error", "os error")


def loss_is_not_finite(step: int, loss: float, rows: list[int], recipe: Recipe) -> WorkbenchError:
    """The loss of `step` is NaN or infinite; `rows` are those of the batches that made it so."""
    named = ", ".join(str(row) for row in rows[:8]) + (" and more" if len(rows) > 8 else "")
    remedy = f"Look at these rows, or lower learning_rate (now {significant(recipe.learning_rate)})"
    if recipe.fp16:
        remedy += ", or set bf16=true instead of fp16"
    what = "is not a number (NaN)" if loss != loss else "is infinite"
    return WorkbenchError(
        f"the loss {what} at step {step}",
        where=f"row{'s' if len(rows) > 1 else ''} {named}",
        remedy=f"{remedy}.",
    )


def out_of_memory(
    recipe: Recipe, step: int, origin: Origin | None, *, peak_gib: float | None, total_gib: float | None
) -> WorkbenchError:
    """Memory ran out while `origin` was computed; says the peak and the changes that need less."""
    what = f"memory ran out at step {step}"
    if origin:
        count = len(origin.rows)
        what += f", with {count} row{'s' if count > 1 else ''} of up to {origin.length} tokens at once"
    if peak_gib is not None:
        what += f"; the peak was {significant(peak_gib)} GiB"
        what += f" of {significant(total_gib)} GiB" if total_gib else ""
    return WorkbenchError(what, remedy=f"Try {_smaller(recipe, origin)}.")


def out_of_memory_evaluating(step: int, batch: int) -> WorkbenchError:
    """Memory ran out while the held-out loss was measured, `batch` rows at once."""
    return WorkbenchError(
        f"memory ran out while evaluating held-out rows at step {step}, {batch} at once",
        remedy="Try per_device_eval_batch_size=1." if batch > 1 else "Try a smaller cutoff_len.",
    )


def _smaller(recipe: Recipe, origin: Origin | None) -> str:
    ways = []
    batch, accumulation = recipe.per_device_train_batch_size, recipe.gradient_accumulation_steps
    if batch > 1:
        half = batch // 2
        # The same rows a step, in smaller parts.
        more = -(-batch * accumulation // half)
        ways.append(f"per_device_train_batch_size={half} with gradient_accumulation_steps={more}")
    if recipe.gradient_checkpointing is not True:
        ways.append("gradient_checkpointing=true")
    if recipe.finetuning_type == "full":
        ways.append("finetuning_type=lora")
    elif recipe.quantization_bit != 4:
        ways.append("quantization_bit=4")
    longest = min(recipe.cutoff_len, origin.length if origin else recipe.cutoff_len)
    if longest > 256:
        ways.append(f"cutoff_len={longest // 2}")
    if not ways:
        return "a smaller model"
    return ways[0] if len(ways) == 1 else f"{', '.join(ways[:-1])} or {ways[-1]}"


def is_out_of_memory(error: BaseException) -> bool:
    """Whether torch or Python could not get the memory that it asked for."""
    if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError":
        return True
    text = str(error)
    return isinstance(error, RuntimeError) and any(sign in text for sign in _NO_MEMORY)


def disk_failure(path: Path, error: BaseException) -> WorkbenchError | None:
    """The sentence for an error met while writing to `path`; None if it is of another kind."""
    if isinstance(error, OSError):
        return write_failure(path, error)
    text = str(error)
    if not any(sign in text for sign in _WRITE_FAILURES):
        return None
    # torch does not pass the reason on; a full disk is the usual one.
    reason = errno.ENOSPC if "No space" in text or "PytorchStreamWriter" in text else errno.EIO
    return write_failure(path, OSError(reason, text))
