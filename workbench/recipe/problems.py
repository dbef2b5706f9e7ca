"""What is wrong with a recipe, key by key, in sentences."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from workbench.recipe.foreign import UNSUPPORTED
from workbench.recipe.schema import Recipe


@dataclass(frozen=True, slots=True)
class Problem:
    """One key and what is wrong with it; `key` is one of the recipe's, or what the user wrote."""

    key: str
    sentence: str


def check(values: Mapping[str, Any]) -> list[Problem]:
    """Everything that is wrong with `values`, in the order of the recipe's keys; empty if it can run.

    Only the values are looked at, not whether files exist.
    """
    problems = [_unknown(key) for key in values if key not in Recipe.model_fields]
    known = {key: value for key, value in values.items() if key in Recipe.model_fields}
    try:
        recipe = Recipe(**known)
    except ValidationError as error:
        problems += [_invalid(dict(item)) for item in error.errors(include_url=False)]
    else:
        problems += _across(recipe)
    return problems


def _unknown(key: str) -> Problem:
    if key in UNSUPPORTED:
        return Problem(key, f"{key} is not supported: {UNSUPPORTED[key]}")
    near = difflib.get_close_matches(key, [*Recipe.model_fields, *UNSUPPORTED], n=1, cutoff=0.6)
    near_name = near[0] if near else None
    return Problem(key, f"no such key{f'; did you mean {near_name}?' if near_name else ''}")


def _invalid(item: dict[str, Any]) -> Problem:
    key = str(item["loc"][0]) if item["loc"] else "recipe"
    given, context = item.get("input"), item.get("ctx", {})
    shown = "nothing" if given is None else repr(given)
    match item["type"]:
        case "literal_error":
            sentence = f"{shown} is none of {context.get('expected', '').replace(' or ', ', ')}"
        case "greater_than_equal" | "greater_than" | "less_than_equal" | "less_than":
            words = {"ge": "at least", "gt": "more than", "le": "at most", "lt": "less than"}
            name, limit = next(iter(context.items()))
            sentence = f"must be {words[name]} {limit}, not {shown}"
        case "int_parsing" | "int_type" | "int_from_float":
            sentence = f"must be a whole number, not {shown}"
        case "float_parsing" | "float_type":
            sentence = f"must be a number, not {shown}"
        case "finite_number":
            sentence = f"must be a finite number, not {shown}"
        case "bool_parsing" | "bool_type":
            sentence = f"must be true or false, not {shown}"
        case "string_type":
            sentence = f"must be text, not {shown}"
        case "string_pattern_mismatch":
            sentence = (
                "must be letters, digits, '.', '_' or '-', beginning with a letter or digit, 64 at most"
            )
        case _:
            sentence = f"{item['msg'].lower()}, not {shown}"
    return Problem(key, sentence)


def _across(recipe: Recipe) -> list[Problem]:
    """What no key shows alone."""
    problems = []
    if not recipe.model_name_or_path.strip():
        problems.append(Problem("model_name_or_path", "is needed: the model to start from"))
    if not recipe.dataset.strip():
        problems.append(Problem("dataset", "is needed: the file of training rows"))
    if recipe.quantization_bit and recipe.finetuning_type == "full":
        problems.append(
            Problem(
                "quantization_bit",
                "quantized weights cannot be trained: use finetuning_type lora, or leave it empty",
            )
        )
    if recipe.bf16 and recipe.fp16:
        problems.append(Problem("fp16", "bf16 is on as well: choose one"))
    if recipe.max_steps == 0:
        problems.append(Problem("max_steps", "0 steps train nothing: use -1 to go by epochs"))
    if 0 < recipe.max_steps <= recipe.warmup_steps:
        problems.append(
            Problem("warmup_steps", f"the warm-up is as long as the run ({recipe.max_steps} steps) or longer")
        )
    if recipe.eval_dataset and recipe.val_size:
        problems.append(Problem("val_size", "eval_dataset is given as well: choose one"))
    if recipe.val_size > 1 and recipe.val_size != int(recipe.val_size):
        problems.append(Problem("val_size", "above 1 it is a number of rows: a whole number"))
    if recipe.eval_steps and not (recipe.eval_dataset or recipe.val_size):
        problems.append(Problem("eval_steps", "there are no held-out rows: give eval_dataset or val_size"))
    return problems
