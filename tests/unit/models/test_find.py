"""What a user calls a model, and the sentences where there is none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError, WrongUse
from workbench.models.find import find_model, list_models, read_config


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama"}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"")
    return folder


def test_a_folder_a_held_model_and_a_run(home: Path) -> None:
    model = make_model(home / "models" / "small")
    adapter = home / "runs" / "alpaca-01" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(model)}))
    assert find_model(str(model)).base == model
    assert find_model("small").base == model
    run = find_model("alpaca-01")
    assert (run.base, run.adapter, run.run) == (model, adapter, "alpaca-01")
    assert find_model(str(adapter)).adapter == adapter
    assert [found.name for found in list_models()] == ["small", "alpaca-01"]


@pytest.mark.parametrize(
    ("missing", "said"),
    [
        ("model.safetensors", "has no weights"),
        ("config.json", "config.json is missing"),
        ("tokenizer.json", "no tokenizer"),
    ],
)
def test_a_folder_that_lacks_a_part(home: Path, missing: str, said: str) -> None:
    model = make_model(home / "models" / "small")
    (model / missing).unlink()
    with pytest.raises(WorkbenchError, match=said) as caught:
        find_model("small")
    assert str(model) in str(caught.value)


def test_a_name_that_is_nothing_gets_the_nearest(home: Path) -> None:
    make_model(home / "models" / "SmolLM2")
    with pytest.raises(WrongUse, match=r"Did you mean SmolLM2\?"):
        find_model("SmolLM")
    with pytest.raises(WrongUse, match="no model is given"):
        find_model(" ")
    with pytest.raises(WrongUse):
        find_model("/no/such/folder")


def test_a_file_a_run_without_a_model_and_a_lost_base(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "model.gguf"
    file.write_text("")
    with pytest.raises(WorkbenchError, match="this is a file"):
        find_model(str(file))
    (home / "runs" / "empty-01").mkdir(parents=True)
    with pytest.raises(WorkbenchError, match="has not saved a model"):
        find_model("empty-01")
    adapter = home / "runs" / "lost-01" / "adapter"
    adapter.mkdir(parents=True)
    (adapter / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "/gone/model"}))
    with pytest.raises(WorkbenchError, match="its base model is gone"):
        find_model("lost-01")


def test_a_broken_configuration(home: Path) -> None:
    model = make_model(home / "models" / "small")
    for text in ("{", "[]"):
        (model / "config.json").write_text(text)
        with pytest.raises(WorkbenchError):
            read_config(model)
