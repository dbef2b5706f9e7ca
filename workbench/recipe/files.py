"""Recipes as YAML files, and `key=value` on the command line."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from workbench import atomic
from workbench.errors import WorkbenchError, WrongUse
from workbench.recipe.form import fields, without_none
from workbench.recipe.problems import Problem, check
from workbench.recipe.schema import Recipe


def load_recipe(path: Path | None, overrides: Sequence[str] = ()) -> Recipe:
    """The recipe of a YAML file, changed by `key=value` words.

    Raises:
        WrongUse: a key that does not exist or is not supported, or a value out of range; the sentence
            names the file, the line and the key.
        WorkbenchError: the file is missing or is no YAML.
    """
    values, lines = _read(path) if path else ({}, {})
    typed: set[str] = set()
    for word in overrides:
        key, value = _override(word)
        values[key] = value
        typed.add(key)
    problems = check(values)
    if problems:
        raise _refusal(problems, path, {key: line for key, line in lines.items() if key not in typed})
    return Recipe(**values)


def save_recipe(recipe: Recipe, path: Path) -> None:
    """Write `recipe` to `path`, whole or not at all, with the help of each key as a comment.

    Raises:
        WorkbenchError: the file cannot be written.
    """
    atomic.replace_text(path, dump_recipe(recipe))


def dump_recipe(recipe: Recipe, *, only_changed: bool = False, comments: bool = True) -> str:
    """`recipe` as YAML, group by group; `only_changed` leaves out what is as by default."""
    blocks: list[str] = []
    group = ""
    for field in fields():
        value = getattr(recipe, field.name)
        if only_changed and value == field.default:
            continue
        if field.group != group and comments:
            group = field.group
            blocks.append(f"{chr(10) if blocks else ''}# --- {group} ---")
        if comments:
            blocks.append(textwrap.fill(field.help, 100, initial_indent="# ", subsequent_indent="# "))
        blocks.append(f"{field.name}: {_scalar(value)}")
    return "\n".join(blocks) + "\n"


def _scalar(value: Any) -> str:
    if isinstance(value, float):
        # PyYAML reads 1e-05 as text: a mantissa with a point is a number to every reader.
        text = repr(value)
        return text if "e" not in text or "." in text else text.replace("e", ".0e")
    line: str = yaml.safe_dump(value, allow_unicode=True, width=10_000, default_flow_style=True)
    return line.removesuffix("\n").removesuffix("\n...").strip()


def _read(path: Path) -> tuple[dict[str, Any], dict[str, int]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise WorkbenchError(
            "there is no such recipe", where=str(path), remedy="Give the path of a YAML file."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise WorkbenchError(f"cannot be read ({error})", where=str(path)) from error
    try:
        document = yaml.compose(text, Loader=yaml.SafeLoader)
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # ValueError: the 30th of February
        mark = getattr(error, "problem_mark", None)
        where = f"{path}, line {mark.line + 1}" if mark else str(path)
        raise WorkbenchError(
            f"this is not YAML: {getattr(error, 'problem', None) or error}",
            where=where,
            remedy="A recipe has one `key: value` a line.",
        ) from error
    if values is None:
        return {}, {}
    if not isinstance(values, dict) or not isinstance(document, yaml.MappingNode):
        raise WorkbenchError(
            "a recipe is a list of `key: value` lines", where=str(path), remedy="See configs/ for examples."
        )
    lines: dict[str, int] = {}
    for key_node, _ in document.value:
        key = str(key_node.value)
        if key in lines:
            raise WrongUse(
                f"{key} stands twice, first in line {lines[key]}",
                where=f"{path}, line {key_node.start_mark.line + 1}",
                remedy="Leave one of them out.",
            )
        lines[key] = key_node.start_mark.line + 1
    return {str(key): _number(key, value) for key, value in values.items()}, lines


def _number(key: Any, value: Any) -> Any:
    """YAML 1.1 reads `1e-4` as text; where the key holds a number, it is one."""
    field = Recipe.model_fields.get(str(key))
    if field is not None and field.annotation is float and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _override(word: str) -> tuple[str, Any]:
    key, equals, text = word.partition("=")
    key = key.strip().lstrip("-")
    if not equals or not key:
        raise WrongUse(f"{word!r} is not key=value", remedy="For instance: learning_rate=2e-4")
    field = Recipe.model_fields.get(key)
    if field is not None:
        kind, optional = without_none(field.annotation)
        if kind is str:  # a run may be called 2025 or no
            return key, None if optional and text in ("", "null", "~") else text
    try:
        return key, _number(key, yaml.safe_load(text) if text else None)
    except (yaml.YAMLError, ValueError, RecursionError):
        return key, text


def _refusal(problems: Sequence[Problem], path: Path | None, lines: dict[str, int]) -> WrongUse:
    def place(problem: Problem) -> str:
        if path and problem.key in lines:
            return f"{path}, line {lines[problem.key]}, {problem.key}"
        return problem.key

    first, *rest = problems
    sentences = [first.sentence, *(f"{place(problem)}: {problem.sentence}" for problem in rest)]
    ended = [sentence if sentence.endswith("?") else f"{sentence}." for sentence in sentences]
    return WrongUse("\n".join(ended), where=place(first))
