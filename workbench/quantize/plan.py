"""What a comparison is to measure, kept as `recipe.yaml` in its run directory."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from workbench import atomic
from workbench.errors import WorkbenchError, WrongUse
from workbench.quantize.methods import BASELINE, METHODS, find_method


class ComparisonPlan(BaseModel):
    """A comparison, as it is launched."""

    model_config = ConfigDict(extra="forbid", protected_namespaces=())

    model: str = Field(
        min_length=1, description="The model: a folder, a run's id, a model the workbench holds, or a hub id."
    )
    methods: list[str] = Field(
        default=list(METHODS), description="What to measure; full precision is always the first."
    )
    rows: str | None = Field(
        None, description="A file of held-out rows. Empty: the rows that the model's own run held out."
    )
    count: int = Field(32, ge=1, description="How many of the rows are scored, from the first on.")
    cutoff_len: int = Field(1024, ge=8, description="The most tokens of a row that are read.")
    prompts: int = Field(3, ge=0, le=100, description="How many rows are also answered, greedily.")
    max_new_tokens: int = Field(64, ge=1, description="The most tokens of such an answer.")

    @field_validator("methods")
    @classmethod
    def _known_in_order(cls, names: list[str]) -> list[str]:
        wanted = {find_method(name).name for name in names} | {BASELINE}
        return [name for name in METHODS if name in wanted]


def make_plan(values: dict[str, Any], *, where: str | None = None) -> ComparisonPlan:
    """The plan that `values` describe.

    Raises:
        WrongUse: a key or method that does not exist, or a value out of range.
    """
    try:
        return ComparisonPlan(**values)
    except ValidationError as error:
        first = error.errors()[0]
        key = str(first["loc"][0])
        place = f"{where}, {key}" if where else key
        if first["type"] == "extra_forbidden":
            raise WrongUse(f"there is no {key!r} in a comparison", where=where, remedy=_near(key)) from None
        raise WrongUse(f"{first['input']!r}: {first['msg'].lower()}", where=place) from None


def save_plan(plan: ComparisonPlan, path: Path) -> None:
    """Write `plan` to `path` as YAML.

    Raises:
        WorkbenchError: the file cannot be written.
    """
    atomic.replace_text(path, yaml.safe_dump(plan.model_dump(), allow_unicode=True, sort_keys=False))


def load_plan(path: Path) -> ComparisonPlan:
    """The plan in `path`.

    Raises:
        WorkbenchError: the file is missing or no YAML; WrongUse for what it says.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise WorkbenchError(f"cannot be read ({error})", where=str(path)) from error
    if not isinstance(values, dict):
        raise WorkbenchError("a comparison is a list of `key: value` lines", where=str(path))
    return make_plan(values, where=str(path))


def _near(key: str, keys: Iterable[str] = ComparisonPlan.model_fields) -> str:
    near = difflib.get_close_matches(key, keys, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else f"There is: {', '.join(keys)}."
