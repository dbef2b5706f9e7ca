"""Which weights of a model are trained: all of them, or small matrices beside them."""

from __future__ import annotations

from typing import Any

import torch
from peft import LoraConfig, TaskType, get_peft_model

from workbench.errors import WorkbenchError
from workbench.models.load import Quantization, keep_packing_off
from workbench.recipe.schema import Recipe


def quantization_of(recipe: Recipe) -> Quantization | None:
    """How the recipe holds the frozen weights."""
    if recipe.quantization_bit is None:
        return None
    if recipe.quantization_bit == 8:
        return "int8"
    return "nf4-double" if recipe.double_quantization else "nf4"


def weights_dtype(recipe: Recipe, compute: torch.dtype) -> torch.dtype:
    """The type that the model's weights are held in while training.

    Weights that are trained stay in float32, since a small step vanishes in bf16; frozen ones need no more
    than the products do.
    """
    return torch.float32 if recipe.finetuning_type == "full" else compute


def attach_method(model: Any, recipe: Recipe) -> Any:
    """`model` with the recipe's trainable weights (float32) and everything else frozen.

    Raises:
        WorkbenchError: `lora_target` names layers that the model does not have.
    """
    if recipe.finetuning_type == "full":
        return model.requires_grad_(True)
    keep_packing_off(model)
    config = LoraConfig(
        task_type=TaskType.CAUSAL_LM,
        r=recipe.lora_rank,
        lora_alpha=recipe.lora_scale_numerator,
        lora_dropout=recipe.lora_dropout,
        target_modules=_targets(recipe.lora_target),
        bias="none",
    )
    try:
        return get_peft_model(model, config)
    except ValueError as error:
        raise WorkbenchError(
            f"no layer of this model is called {recipe.lora_target}",
            where="lora_target",
            remedy=f"Use all, or some of: {', '.join(_linear_layers(model))}.",
        ) from error


def method_name(recipe: Recipe) -> str:
    """The method in the field's terms: full, LoRA, QLoRA 4-bit, LoRA on 8-bit."""
    if recipe.finetuning_type == "full":
        return "full"
    return {None: "LoRA", 4: "QLoRA 4-bit", 8: "QLoRA 8-bit"}[recipe.quantization_bit]


def _targets(names: str) -> str | list[str]:
    wanted = [name.strip() for name in names.split(",") if name.strip()]
    return "all-linear" if wanted in (["all"], ["all-linear"], []) else wanted


def _linear_layers(model: torch.nn.Module) -> list[str]:
    """The last part of the names of the model's linear layers, once each."""
    linear = (name for name, module in model.named_modules() if isinstance(module, torch.nn.Linear))
    return list(dict.fromkeys(name.rpartition(".")[2] for name in linear))
