"""The form is the schema: every key once, each explained."""

from __future__ import annotations

from workbench.recipe.form import fields
from workbench.recipe.schema import GROUPS, Recipe


def test_every_key_stands_once_with_help_and_group() -> None:
    found = fields()
    assert sorted(field.name for field in found) == sorted(Recipe.model_fields)
    for field in found:
        assert field.help.endswith("."), field.name
        assert field.group in GROUPS, field.name


def test_groups_stand_together_in_order() -> None:
    order = [GROUPS.index(field.group) for field in fields()]
    assert order == sorted(order)


def test_kinds_choices_and_limits() -> None:
    by_name = {field.name: field for field in fields()}
    assert by_name["finetuning_type"].choices == ("lora", "full")
    assert by_name["quantization_bit"].choices == ("4", "8")
    assert by_name["quantization_bit"].optional
    assert by_name["lora_rank"].kind == "integer"
    assert by_name["lora_rank"].limits == "at least 1, at most 1,024"
    assert by_name["learning_rate"].kind == "number"
    assert by_name["bf16"].kind == "flag"
    assert by_name["bf16"].optional
    assert by_name["dataset"].kind == "path"
