"""The estimate of a recipe: its parts, and whether they fit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.estimate.advice import advise
from workbench.estimate.architecture import read_architecture
from workbench.estimate.device import Device, this_device
from workbench.estimate.parts import memory_parts

if TYPE_CHECKING:
    from workbench.recipe.schema import Recipe


@dataclass(frozen=True, slots=True)
class Estimate:
    """Memory in GiB by part, added up as if all parts peaked at once.

    `available_gib` is what is free on `device` now, None where that cannot be told; then `fits` is None
    too. `advice` are the first changes that would make it fit, as recipe keys; empty if it fits.
    """

    parts: dict[str, float]
    total_gib: float
    device: str
    available_gib: float | None
    fits: bool | None
    advice: list[str] = field(default_factory=list)


def estimate(recipe: Recipe, *, device: Device | None = None) -> Estimate:
    """The memory that training `recipe` takes, if its longest rows reach `cutoff_len`.

    Args:
        device: where it would run; looked up if not given.

    Raises:
        WorkbenchError: there is no such model, or its config.json does not tell its shape.
    """
    from workbench.models.find import find_model, read_config

    base = find_model(recipe.model_name_or_path, download=False).base
    shape = read_architecture(read_config(base))
    device = device or this_device()
    parts = memory_parts(recipe, shape, device)
    total = sum(parts.values())
    fits = None if device.free_gib is None else total <= device.free_gib
    return Estimate(
        parts=parts,
        total_gib=total,
        device=device.name,
        available_gib=device.free_gib,
        fits=fits,
        advice=advise(recipe, shape, device) if fits is False else [],
    )
