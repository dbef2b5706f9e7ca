"""A tiny model's recipe and rows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from in_process import MakeRecipe

from workbench.recipe.schema import Recipe


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    """Thirteen short conversations of different lengths, in two languages."""
    path = tmp_path / "rows.jsonl"
    with path.open("w", encoding="utf-8") as file:
        for number in range(13):
            answer = "The answer is the same. " * (1 + number % 3)
            question = "你好，请回答" if number % 2 else f"What is {number} and {number}?"
            messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]
            file.write(json.dumps({"messages": messages}, ensure_ascii=False) + "\n")
    return path


@pytest.fixture
def make_recipe(home: Path, tiny_model: Path, rows: Path) -> MakeRecipe:
    """A recipe for the tiny model in float32, with what a test changes in it."""

    def make(**changes: Any) -> Recipe:
        values: dict[str, Any] = {
            "model_name_or_path": str(tiny_model),
            "dataset": str(rows),
            "cutoff_len": 128,
            "per_device_train_batch_size": 2,
            "gradient_accumulation_steps": 2,
            "learning_rate": 1e-2,
            "num_train_epochs": 2,
            "bf16": False,
        }
        return Recipe(**{**values, **changes})

    return make
