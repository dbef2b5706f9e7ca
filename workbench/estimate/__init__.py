"""How much memory a recipe will take, from the model's config.json alone."""

from __future__ import annotations

from workbench.estimate.memory import Estimate, estimate

__all__ = ["Estimate", "estimate"]
