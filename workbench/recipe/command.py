"""The command line that a recipe stands for."""

from __future__ import annotations

import shlex

from workbench.recipe.form import fields
from workbench.recipe.schema import Recipe


def command_line(recipe: Recipe) -> str:
    """`workbench train key=value …` with what differs from the defaults, quoted for a shell."""
    words = ["workbench", "train"]
    for field in fields():
        value = getattr(recipe, field.name)
        if value != field.default:
            words.append(f"{field.name}={_word(value)}")
    return shlex.join(words)


def _word(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
