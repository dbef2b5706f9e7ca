"""What a run leaves behind: an adapter or a model, whole or not at all."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.atomic import replaced_folder
from workbench.recipe.schema import Recipe
from workbench.runs.directory import RunDirectory
from workbench.training.failures import disk_failure


def result_folder(run: RunDirectory, recipe: Recipe) -> Path:
    """Where the run's result goes."""
    return run.model_dir if recipe.finetuning_type == "full" else run.adapter


def save_result(model: Any, tokenizer: Any, folder: Path) -> None:
    """Write the trained weights and the tokenizer with its chat template to `folder`.

    Raises:
        WorkbenchError: the disk is full or read-only; an older result stays as it was.
    """
    model.config.use_cache = True  # transformers switches it off while training
    with replaced_folder(folder) as beside:
        try:
            model.save_pretrained(str(beside))
            tokenizer.save_pretrained(str(beside))
        except Exception as error:
            if failure := disk_failure(folder, error):
                raise failure from error
            raise
