"""The detached trainer: a recipe in a run directory becomes an adapter or a model there."""
