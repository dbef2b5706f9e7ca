"""Where `inspect` was looked for before."""

from workbench.data.inspection import inspect

__all__ = ["inspect"]
