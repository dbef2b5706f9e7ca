"""Models from folders: whole, quantized, with adapters; and folders that hold no whole model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from peft import LoraConfig, get_peft_model
from safetensors.torch import load_file, save_file

from workbench.errors import WorkbenchError
from workbench.models.find import ModelRef
from workbench.models.load import load_model

IDS = torch.tensor([[1, 520, 40, 2]])


def logits(model: torch.nn.Module) -> torch.Tensor:
    with torch.no_grad():
        result: torch.Tensor = model(input_ids=IDS).logits
    return result


@pytest.fixture
def copy(tiny_model: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(tiny_model, tmp_path / "copy"))


def test_a_model_comes_in_eval_mode_and_the_dtype_asked_for(tiny_model: Path) -> None:
    told: list[str] = []
    model = load_model(ModelRef("tiny", tiny_model), dtype=torch.float32, progress=told.append)
    assert not model.training
    assert model.dtype == torch.float32
    assert told == ["loading tiny"]


@pytest.mark.parametrize("quantization", ["int8", "nf4", "nf4-double"])
def test_quantized_models_answer_nearly_as_the_whole_one(tiny_model: Path, quantization: str) -> None:
    whole = logits(load_model(ModelRef("tiny", tiny_model), dtype=torch.float32))
    model = load_model(ModelRef("tiny", tiny_model), quantization=quantization, dtype=torch.float32)
    layer = model.model.layers[0].mlp.up_proj
    assert layer.weight.dtype in (torch.int8, torch.uint8)
    assert model.lm_head.weight.dtype == torch.float32
    near = torch.nn.functional.cosine_similarity(logits(model), whole, dim=-1).min()
    assert 0.98 < near < 1


def test_an_adapter_changes_the_answers_and_can_be_switched_off(tiny_model: Path, tmp_path: Path) -> None:
    base = load_model(ModelRef("tiny", tiny_model), dtype=torch.float32)
    before = logits(base)
    adapted = get_peft_model(base, LoraConfig(r=2, target_modules="all-linear", init_lora_weights=False))
    adapted.save_pretrained(tmp_path / "adapter")
    expected = logits(adapted.eval())
    loaded = load_model(ModelRef("tiny", tiny_model, tmp_path / "adapter"), dtype=torch.float32)
    assert torch.equal(logits(loaded), expected)
    assert not torch.equal(expected, before)
    with loaded.disable_adapter():
        assert torch.equal(logits(loaded), before)


def test_weights_cut_off_are_said(copy: Path) -> None:
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1000])
    with pytest.raises(WorkbenchError, match="damaged"):
        load_model(ModelRef("copy", copy))


def test_a_missing_weight_is_refused_where_transformers_takes_random_numbers(copy: Path) -> None:
    file = copy / "model.safetensors"
    tensors = load_file(file)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    save_file(tensors, file, metadata={"format": "pt"})
    with pytest.raises(WorkbenchError, match=r"1 of its weights are missing.*layers\.1\.mlp\.up_proj"):
        load_model(ModelRef("copy", copy))


def test_an_unknown_kind_of_model_is_a_sentence(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config["model_type"] = "nosuchmodel"
    (copy / "config.json").write_text(json.dumps(config))
    with pytest.raises(WorkbenchError, match="cannot be loaded"):
        load_model(ModelRef("copy", copy))


def test_code_in_a_model_folder_is_not_run(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    config.update(model_type="mine", auto_map={"AutoConfig": "mine.C", "AutoModelForCausalLM": "mine.M"})
    (copy / "config.json").write_text(json.dumps(config))
    (copy / "mine.py").write_text(f"open({str(copy / 'ran')!r}, 'w')\n")
    with pytest.raises(WorkbenchError, match="cannot be loaded"):
        load_model(ModelRef("copy", copy))
    assert not (copy / "ran").exists()


def test_an_adapter_of_another_model_is_a_sentence(tiny_model: Path, tmp_path: Path) -> None:
    base = load_model(ModelRef("tiny", tiny_model), dtype=torch.float32)
    adapted = get_peft_model(base, LoraConfig(r=2, target_modules="all-linear"))
    adapted.save_pretrained(tmp_path / "adapter")
    file = tmp_path / "adapter" / "adapter_model.safetensors"
    tensors = {
        name: torch.zeros(tensor.shape[0] + 1, tensor.shape[1]) for name, tensor in load_file(file).items()
    }
    save_file(tensors, file)
    with pytest.raises(WorkbenchError, match="adapter cannot be loaded"):
        load_model(ModelRef("tiny", tiny_model, tmp_path / "adapter"))
