"""The recipe's keys as a form needs them."""

from __future__ import annotations

import types
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from workbench.recipe.schema import GROUPS, Recipe

Kind = Literal["text", "path", "integer", "number", "choice", "flag"]

_PATHS = ("model_name_or_path", "dataset", "eval_dataset")


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the recipe: what it may hold and what it means.

    `low` and `high` are the limits as words (`at least 1`), `optional` says that empty is allowed.
    """

    name: str
    group: str
    kind: Kind
    default: Any
    choices: tuple[str, ...]
    limits: str
    help: str
    source: str
    optional: bool


def fields() -> Sequence[Field]:
    """Every key of the recipe, group by group."""
    found = [_field(name) for name in Recipe.model_fields]
    return sorted(found, key=lambda field: GROUPS.index(field.group))


def _field(name: str) -> Field:
    info = Recipe.model_fields[name]
    inner, optional = without_none(info.annotation)
    extra = info.json_schema_extra if isinstance(info.json_schema_extra, dict) else {}
    choices: tuple[str, ...] = ()
    kind: Kind
    if get_origin(inner) is Literal:
        kind, choices = "choice", tuple(str(choice) for choice in get_args(inner))
    elif inner is bool:
        kind = "flag"
    elif inner is int:
        kind = "integer"
    elif inner is float:
        kind = "number"
    else:
        kind = "path" if name in _PATHS else "text"
    return Field(
        name=name,
        group=str(extra.get("group", "")),
        kind=kind,
        default=info.default,
        choices=choices,
        limits=_limits(info.metadata),
        help=info.description or "",
        source=str(extra.get("source", "")),
        optional=optional,
    )


def without_none(annotation: Any) -> tuple[Any, bool]:
    """The type that a key's values have, and whether it may be empty as well."""
    optional = False
    if get_origin(annotation) in (Union, types.UnionType):
        members = [member for member in get_args(annotation) if member is not type(None)]
        optional = len(members) < len(get_args(annotation))
        annotation = members[0]
    if get_origin(annotation) is Annotated:
        annotation = get_args(annotation)[0]
    return annotation, optional


def _limits(metadata: Sequence[Any]) -> str:
    words = (("ge", "at least"), ("gt", "above"), ("le", "at most"), ("lt", "below"))
    found = [
        f"{word} {getattr(item, name):,}"
        for name, word in words
        for item in metadata
        if getattr(item, name, None) is not None
    ]
    return ", ".join(found)
