"""The model that a recipe starts from. No torch."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import WorkbenchError
from workbench.models.find import ModelRef, find_model
from workbench.recipe.schema import Recipe


def base_model(recipe: Recipe) -> ModelRef:
    """The whole model that the recipe names.

    Raises:
        WorkbenchError: there is no such model, or it is an adapter.
    """
    ref = find_model(recipe.model_name_or_path)
    if ref.adapter is None:
        return ref
    raise WorkbenchError(
        "this is an adapter, and training starts from a whole model",
        where=ref.name,
        remedy=f"Give its base, {ref.base}; `workbench resume` goes on with a run that was stopped.",
    )


def short_name(ref: ModelRef) -> str:
    """How the model is called in tables: a run's id, a hub id, or a folder's own name without the path."""
    return ref.run or (ref.base.name if Path(ref.name).is_absolute() else ref.name)
