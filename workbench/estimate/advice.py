"""The first changes that would make a recipe fit."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from workbench.estimate.parts import memory_parts
from workbench.figures import significant

if TYPE_CHECKING:
    from workbench.estimate.architecture import Architecture
    from workbench.estimate.device import Device
    from workbench.recipe.schema import Recipe

SHORTEST_CUTOFF = 512
WORTH_TELLING = 0.99


def advise(recipe: Recipe, shape: Architecture, device: Device) -> list[str]:
    """Changes in the order in which they cost least, each with the total after it, until it fits.

    A change that saves less than 1 % is passed over. If all of them together are not enough, the last line
    says so.
    """
    room = device.free_gib if device.free_gib is not None else float("inf")
    total = sum(memory_parts(recipe, shape, device).values())
    lines: list[str] = []
    for change in _changes(recipe, device):
        changed = recipe.model_copy(update=change)
        after = sum(memory_parts(changed, shape, device).values())
        if after > total * WORTH_TELLING:
            continue
        recipe, total = changed, after
        keys = " ".join(f"{name}={_spelled(value)}" for name, value in change.items())
        lines.append(f"{keys}: {significant(total)} GiB")
        if total <= room:
            return lines
    lines.append(f"Even then {significant(room)} GiB are too little: take a smaller model.")
    return lines


def _changes(recipe: Recipe, device: Device) -> Iterator[dict[str, Any]]:
    rows = recipe.per_device_train_batch_size
    if rows > 1:
        # The same rows a step, one after the other.
        yield {
            "per_device_train_batch_size": 1,
            "gradient_accumulation_steps": recipe.gradient_accumulation_steps * rows,
        }
    if not recipe.gradient_checkpointing:
        yield {"gradient_checkpointing": True}
    if device.is_gpu and "8bit" not in recipe.optim:
        yield {"optim": "adamw_8bit"}
    if recipe.finetuning_type == "full":
        yield {"finetuning_type": "lora"}
    if recipe.quantization_bit != 4:
        yield {"quantization_bit": 4}
    length = recipe.cutoff_len
    while length > SHORTEST_CUTOFF:
        length = max(length // 2, SHORTEST_CUTOFF)
        yield {"cutoff_len": length}


def _spelled(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
