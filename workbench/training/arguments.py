"""From our recipe to transformers' training arguments."""

from __future__ import annotations

from pathlib import Path

import torch
from transformers import TrainingArguments

from workbench.recipe.schema import Recipe


def training_arguments(
    recipe: Recipe, checkpoints: Path, dtype: torch.dtype, *, evaluate_first: bool
) -> TrainingArguments:
    """Arguments for one device. When to log, evaluate and save is decided in `schedule`, not here."""
    on_gpu = torch.cuda.is_available()
    arguments = TrainingArguments(
        output_dir=str(checkpoints),
        per_device_train_batch_size=recipe.per_device_train_batch_size,
        per_device_eval_batch_size=recipe.per_device_eval_batch_size,
        gradient_accumulation_steps=recipe.gradient_accumulation_steps,
        num_train_epochs=recipe.num_train_epochs,
        max_steps=recipe.max_steps if recipe.max_steps > 0 else -1,
        learning_rate=recipe.learning_rate,
        lr_scheduler_type=recipe.lr_scheduler_type,
        warmup_steps=recipe.warmup_steps,
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.max_grad_norm,
        optim=recipe.optim,
        seed=recipe.seed,
        data_seed=recipe.seed,
        bf16=dtype == torch.bfloat16,
        fp16=dtype == torch.float16,
        use_cpu=not on_gpu,
        activation_checkpointing=recomputes_activations(recipe),
        activation_checkpointing_kwargs={"use_reentrant": False},
        eval_on_start=evaluate_first,
        eval_strategy="no",
        save_strategy="no",
        logging_strategy="no",
        logging_nan_inf_filter=False,
        report_to="none",
        disable_tqdm=True,
        log_level="error",
        remove_unused_columns=False,
        dataloader_pin_memory=on_gpu,
        label_names=["labels"],
    )
    arguments._n_gpu = min(arguments.n_gpu, 1)  # more would be DataParallel
    return arguments


def recomputes_activations(recipe: Recipe) -> bool:
    """Whether activations are computed again in the backward pass; left open, on a GPU only."""
    if recipe.gradient_checkpointing is None:
        return torch.cuda.is_available()
    return recipe.gradient_checkpointing
