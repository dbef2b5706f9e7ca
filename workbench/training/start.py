"""From a recipe to a running trainer. No torch: the app and the command line call this."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from workbench.data.locate import from_anywhere
from workbench.data.prepare import open_for_training
from workbench.errors import WorkbenchError, WrongUse
from workbench.figures import count
from workbench.models.find import ModelRef, read_config
from workbench.paths import expanded, runs_dir
from workbench.recipe.files import save_recipe
from workbench.recipe.problems import check
from workbench.recipe.schema import Recipe
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.launch import launch
from workbench.training.base_model import base_model
from workbench.training.disk import check_disk

MODULE = "workbench.training"


def start_training(recipe: Recipe) -> RunDirectory:
    """Launch `recipe` as a detached run and return at once.

    Everything that can be known without loading the model is checked before anything is written.

    Raises:
        WrongUse: a key of the recipe is wrong, or names a model that does not exist.
        WorkbenchError: model, data or disk do not allow the run, or it cannot be launched.
    """
    if problems := check(recipe.model_dump()):
        raise WrongUse(problems[0].sentence, where=problems[0].key)
    ref = base_model(recipe)
    _check_cutoff(recipe, ref)
    _check_rows(recipe, ref)
    check_disk(recipe, ref.base, runs_dir())
    run = create_run(recipe.run_name or Path(recipe.dataset.rpartition("#")[2]).stem)
    try:
        save_recipe(_resolved(recipe, ref), run.recipe_file)
        launch(run, MODULE)
    except BaseException:
        shutil.rmtree(run.path, ignore_errors=True)
        raise
    return run


def _resolved(recipe: Recipe, ref: ModelRef) -> Recipe:
    """The recipe with whole paths: the trainer runs elsewhere, and perhaps later."""
    files = {"dataset": recipe.dataset, "eval_dataset": recipe.eval_dataset}
    values = {key: from_anywhere(file) for key, file in files.items() if file}
    if expanded(recipe.model_name_or_path).is_dir():
        values["model_name_or_path"] = str(ref.base)
    return recipe.model_copy(update=values)


def _check_cutoff(recipe: Recipe, ref: ModelRef) -> None:
    config = read_config(ref.base)
    positions = config.get("max_position_embeddings") or config.get("n_positions")
    if isinstance(positions, int) and recipe.cutoff_len > positions:
        raise WorkbenchError(
            f"{count(recipe.cutoff_len)} tokens are more than {ref.name} has positions for",
            where="cutoff_len",
            remedy=f"Set cutoff_len={positions} or less.",
        )


def _check_rows(recipe: Recipe, ref: ModelRef) -> None:
    for file in filter(None, (recipe.dataset, recipe.eval_dataset)):
        dataset = open_for_training(file, recipe.dataset_format)
        if dataset.format != "text" and not _has_chat_template(ref.base):
            raise WorkbenchError(
                "the model has no chat template, so turns cannot be written as it expects them",
                where=str(ref.base),
                remedy="Take its instruct or chat variant, put a chat_template.jinja into its folder, or "
                "train on plain text.",
            )


def _has_chat_template(base: Path) -> bool:
    """By the files' look alone: reading a tokenizer takes seconds."""
    if (base / "chat_template.jinja").is_file() or (base / "additional_chat_templates").is_dir():
        return True
    try:
        return bool(json.loads((base / "tokenizer_config.json").read_bytes()).get("chat_template"))
    except (OSError, ValueError, AttributeError):
        return False
