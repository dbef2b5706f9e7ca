"""Every part of a recipe's memory, put together from the formulas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.estimate import formulas
from workbench.estimate.architecture import Architecture
from workbench.estimate.device import Device
from workbench.figures import GIB

if TYPE_CHECKING:
    from workbench.recipe.schema import Recipe

GPU_CONTEXT_GIB = 0.6
CPU_PROCESS_GIB = 0.5
CPU_ALLOCATOR_SHARE = 0.5


def memory_parts(recipe: Recipe, shape: Architecture, device: Device) -> dict[str, float]:
    """GiB by part; parts that take nothing are left out.

    What no formula gives: torch, transformers and peft take 0.5 GiB of RAM once imported (measured), and
    0.6 GiB of a GPU are set aside for the CUDA context and the kernels. On a CPU the C library keeps freed
    blocks: over batches of 4 x 64 to 4 x 384 tokens of SmolLM2, in float32 and in bf16, the resident peak
    grew 1.47 times as fast as activations and logits.
    """
    full = recipe.finetuning_type == "full"
    compute = _compute_bytes(recipe, device)
    targets = None if full else formulas.target_names(shape, recipe.lora_target)
    adapter = 0 if targets is None else formulas.lora_parameters(shape, recipe.lora_rank, targets)
    trained = shape.parameters if full else adapter
    checkpointing = device.is_gpu if recipe.gradient_checkpointing is None else recipe.gradient_checkpointing
    rows, length = recipe.per_device_train_batch_size, recipe.cutoff_len
    bits = None if full else recipe.quantization_bit
    held_as = formulas.MASTER if full else compute
    sums = formulas.adafactor_sums(shape, recipe.lora_rank, targets)

    n_bytes = {
        "weights": formulas.weight_bytes(
            shape, held_as, bits=bits, double_quantization=recipe.double_quantization
        ),
        "adapter": float(formulas.MASTER * adapter),
        "gradients": formulas.gradient_bytes(trained),
        "optimizer": formulas.optimizer_bytes(recipe.optim, trained, sums),
        "autocast_copies": formulas.cast_bytes(shape) if full and compute == 2 else 0.0,
        "dequantized": formulas.dequantized_bytes(shape, compute) if bits else 0.0,
        "activations": formulas.activation_bytes(
            shape, rows, length, compute, targets=targets, checkpointing=checkpointing
        ),
        "logits": formulas.logit_bytes(shape, rows, length),
    }
    parts = {name: value / GIB for name, value in n_bytes.items() if value}
    if device.is_gpu:
        return {**parts, "cuda_context": GPU_CONTEXT_GIB}
    parts["allocator"] = CPU_ALLOCATOR_SHARE * (parts["activations"] + parts["logits"])
    return {**parts, "process": CPU_PROCESS_GIB}


def _compute_bytes(recipe: Recipe, device: Device) -> int:
    """Bytes of a number in the products: as `workbench.models.precision` would choose, without torch."""
    if device.is_gpu:
        return 4 if recipe.bf16 is False and not recipe.fp16 else 2
    return 2 if device.quick_at_bf16 and recipe.bf16 is not False and not recipe.fp16 else 4
