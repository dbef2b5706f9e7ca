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


def test_split_weights_of_which_a_part_is_missing(home: Path) -> None:
    model = make_model(home / "models" / "split")
    (model / "model.safetensors").rename(model / "model-00001-of-00002.safetensors")
    parts = {"a": "model-00001-of-00002.safetensors", "b": "model-00002-of-00002.safetensors"}
    (model / "model.safetensors.index.json").write_text(json.dumps({"weight_map": parts}))
    with pytest.raises(WorkbenchError, match=r"1 of its weight files is missing.*00002-of-00002"):
        find_model("split")
    (model / "model-00002-of-00002.safetensors").write_bytes(b"")
    assert find_model("split").base == model
    (model / "model.safetensors.index.json").write_text("{}")
    with pytest.raises(WorkbenchError, match="cannot be read"):
        find_model("split")


@pytest.mark.parametrize("name", ["x" * 300, "~nobody-is-called-so/model"])
def test_a_name_that_is_no_path_ends_in_a_sentence(home: Path, name: str) -> None:
    with pytest.raises(WorkbenchError) as caught:
        find_model(name)
    assert name in str(caught.value)


def test_an_adapter_on_a_hub_model_is_not_fetched_where_that_is_not_wanted(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Nothing listens there: a download would take its time and fail with another sentence.
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    adapter = home / "runs" / "far-01" / "adapter"
    adapter.mkdir(parents=True)
    base = {"base_model_name_or_path": "nobody/never-fetched"}
    (adapter / "adapter_config.json").write_text(json.dumps(base))
    with pytest.raises(WrongUse, match="has not been downloaded"):
        find_model("far-01", download=False)
    assert list_models() == []


def snapshot_in_cache(cache: Path, hub_id: str) -> Path:
    """An empty snapshot as the hub's client keeps it."""
    repository = cache / f"models--{hub_id.replace('/', '--')}"
    (repository / "refs").mkdir(parents=True)
    (repository / "refs" / "main").write_text("0" * 40)
    snapshot = repository / "snapshots" / ("0" * 40)
    snapshot.mkdir(parents=True)
    return snapshot


def test_a_half_cached_hub_model_is_not_taken_for_a_whole_one(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", "http://127.0.0.1:9")
    snapshot = snapshot_in_cache(tmp_path, "some/model")
    (snapshot / "config.json").write_text("{}")
    with pytest.raises(WorkbenchError, match="has no weights"):
        find_model("some/model", download=False)
    (snapshot / "tokenizer.json").write_text("{}")
    (snapshot / "model.safetensors").write_bytes(b"")
    assert find_model("some/model", download=False).base == snapshot


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
