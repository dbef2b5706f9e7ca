"""Recipes as YAML and as words: what goes in comes out, and what is wrong is said with its place."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from workbench import paths
from workbench.errors import WorkbenchError, WrongUse
from workbench.recipe.command import command_line
from workbench.recipe.files import dump_recipe, load_recipe, save_recipe
from workbench.recipe.problems import check
from workbench.recipe.schema import Recipe

NEEDED = ["model_name_or_path=m", "dataset=d.json"]

recipes = st.builds(
    Recipe,
    model_name_or_path=st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z")), min_size=1),
    dataset=st.sampled_from(["d.json", "数据 一.json", "a: b # c.csv", "'quoted'", "true", "1"]),
    learning_rate=st.floats(1e-12, 1.0),
    num_train_epochs=st.floats(0.01, 100),
    lora_rank=st.integers(1, 1024),
    lora_alpha=st.none() | st.integers(1, 4096),
    quantization_bit=st.sampled_from([None, 4, 8]),
    max_samples=st.none() | st.integers(1, 10**9),
    mask_history=st.booleans(),
    bf16=st.sampled_from([None, True, False]),
)


@given(recipes)
def test_a_saved_recipe_is_read_back_the_same(recipe: Recipe) -> None:
    for only_changed in (False, True):
        for comments in (False, True):
            text = dump_recipe(recipe, only_changed=only_changed, comments=comments)
            assert Recipe(**yaml.safe_load(text)) == recipe


@given(recipes)
def test_the_command_line_gives_the_same_recipe(recipe: Recipe) -> None:
    words = shlex.split(command_line(recipe))
    assert words[:2] == ["workbench", "train"]
    assert load_recipe(None, words[2:]) == recipe


def test_a_saved_file_is_read_back_the_same(tmp_path: Path) -> None:
    recipe = load_recipe(None, [*NEEDED, "learning_rate=1e-5", "run_name=中文".replace("中文", "zh")])
    save_recipe(recipe, tmp_path / "r.yaml")
    assert load_recipe(tmp_path / "r.yaml") == recipe


def test_words_change_what_the_file_says(tmp_path: Path) -> None:
    file = tmp_path / "r.yaml"
    file.write_text("model_name_or_path: m\ndataset: d\nlora_rank: 4\nlearning_rate: 1e-5\n")
    recipe = load_recipe(file, ["lora_rank=32"])
    assert (recipe.lora_rank, recipe.learning_rate) == (32, 1e-5)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lora_rnk: 8", "did you mean lora_rank?"),
        ("warmup_ratio: 0.1", "use warmup_steps"),
        ("lora_rank: 0", "must be at least 1, not 0"),
        ("lora_rank: a", "must be a whole number, not 'a'"),
        ("optim: adam", "is none of"),
        ("learning_rate: fast", "must be a number, not 'fast'"),
        ("bf16: perhaps", "must be true or false"),
        ("val_size: .inf", "must be a finite number"),
        ("max_grad_norm: .inf", "must be a finite number"),
    ],
)
def test_a_bad_line_is_named_with_file_line_and_key(tmp_path: Path, line: str, said: str) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(f"model_name_or_path: m\ndataset: d\n{line}\n")
    with pytest.raises(WrongUse) as caught:
        load_recipe(file)
    assert said in str(caught.value)
    assert f"{file}, line 3, {line.split(':')[0]}" in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    ("words", "key"),
    [
        ([*NEEDED, "finetuning_type=full", "quantization_bit=4"], "quantization_bit"),
        ([*NEEDED, "bf16=true", "fp16=true"], "fp16"),
        ([*NEEDED, "max_steps=5", "warmup_steps=5"], "warmup_steps"),
        ([*NEEDED, "max_steps=0"], "max_steps"),
        ([*NEEDED, "eval_dataset=x", "val_size=0.1"], "val_size"),
        ([*NEEDED, "eval_steps=5"], "eval_steps"),
        (["dataset=d"], "model_name_or_path"),
        (["model_name_or_path=m"], "dataset"),
    ],
)
def test_what_no_key_shows_alone(words: list[str], key: str) -> None:
    with pytest.raises(WrongUse) as caught:
        load_recipe(None, words)
    assert caught.value.where == key


def test_a_key_that_holds_text_takes_any_word_as_text() -> None:
    for name in ("2025", "no", "1e5"):
        assert load_recipe(None, [*NEEDED, f"run_name={name}"]).run_name == name
    assert load_recipe(None, [*NEEDED, "run_name=null", "eval_dataset="]).run_name is None


def test_a_word_that_yaml_chokes_on_is_refused_with_its_key() -> None:
    with pytest.raises(WrongUse, match="seed: must be a whole number, not '2025-02-30'"):
        load_recipe(None, [*NEEDED, "seed=2025-02-30"])


def test_a_word_without_equals_is_refused() -> None:
    with pytest.raises(WrongUse, match="is not key=value"):
        load_recipe(None, ["learning_rate"])


@pytest.mark.parametrize(
    "text", ["a: [", "- a\n- b\n", "just words", "a: 1\na: 2\n", "\x00", "seed: 2025-02-30"]
)
def test_what_is_no_recipe_ends_in_a_sentence(tmp_path: Path, text: str) -> None:
    file = tmp_path / "r.yaml"
    file.write_text(text)
    with pytest.raises(WorkbenchError) as caught:
        load_recipe(file)
    assert str(file) in str(caught.value)


def test_a_missing_file_and_an_unreadable_one(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="there is no such recipe"):
        load_recipe(tmp_path / "none.yaml")
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\xfa")
    with pytest.raises(WorkbenchError, match="cannot be read"):
        load_recipe(binary)
    with pytest.raises(WorkbenchError, match="cannot be read"):
        load_recipe(tmp_path)


@pytest.mark.parametrize("file", sorted(paths.configs_dir().glob("*.yaml")), ids=lambda file: file.name)
def test_every_recipe_that_comes_along_is_whole_but_for_model_and_data(file: Path) -> None:
    recipe = load_recipe(file, NEEDED)
    assert recipe != Recipe(model_name_or_path="m", dataset="d.json")


def test_there_are_recipes_that_come_along() -> None:
    assert len(list(paths.configs_dir().glob("*.yaml"))) >= 3


def test_check_names_every_problem_at_once() -> None:
    problems = check({"lora_rank": 0, "no_such_key": 1, "lora_dropout": 2})
    assert [problem.key for problem in problems] == ["no_such_key", "lora_rank", "lora_dropout"]
