"""The disk space that a run will take. No torch."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.figures import MIB, gib
from workbench.gpu.host import free_disk_bytes
from workbench.models.weights import StoredTensor, stored_tensors
from workbench.recipe.schema import Recipe

_FLOAT32 = 4
_ADAM_STATES = 2
_BESIDES = 64 * MIB  # events, log, tokenizer
_NOT_LINEAR = ("embed", "wte", "wpe", "lm_head")


def disk_needed(recipe: Recipe, base: Path) -> int:
    """Bytes that the run will write at most: its result, and its checkpoints with optimizer state.

    What is trained is held in float32, and AdamW keeps two more numbers for each of its weights. While a
    checkpoint is written the older ones are still there.

    Raises:
        WorkbenchError: the model's weights are damaged.
    """
    tensors = stored_tensors(base)
    if recipe.finetuning_type == "full":
        trained = sum(tensor.elements for tensor in tensors.values())
    else:
        trained = lora_parameters(tensors, recipe)
    checkpoints = recipe.save_total_limit + 1 if recipe.save_steps else 1
    return trained * _FLOAT32 * (1 + checkpoints * (1 + _ADAM_STATES)) + _BESIDES


def lora_parameters(tensors: Mapping[str, StoredTensor], recipe: Recipe) -> int:
    """Weights of the adapter: rank · (in + out) for each adapted linear layer (arXiv:2106.09685, 4.1)."""
    wanted = {name.strip() for name in recipe.lora_target.split(",")}
    everywhere = bool(wanted & {"all", "all-linear", ""})
    total = 0
    for name, tensor in tensors.items():
        layer = name.removesuffix(".weight").rpartition(".")[2]
        if len(tensor.shape) != 2 or any(word in name for word in _NOT_LINEAR):
            continue
        if everywhere or layer in wanted:
            total += recipe.lora_rank * sum(tensor.shape)
    return total


def check_disk(recipe: Recipe, base: Path, place: Path) -> None:
    """Refuse a run that would fill the disk under `place`.

    Raises:
        WorkbenchError: less is free than the run will write.
    """
    needed = disk_needed(recipe, base)
    free = free_disk_bytes(place)
    if free < needed:
        raise WorkbenchError(
            f"the run will write up to {gib(needed)}, and {gib(free)} are free",
            where=str(place),
            remedy="Free some space there, set WORKBENCH_HOME to a folder on another disk, or lower "
            "save_total_limit.",
        )
