"""What is refused before anything is written."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from in_process import MakeRecipe

from workbench.errors import WorkbenchError
from workbench.training.disk import disk_needed, lora_parameters
from workbench.training.start import start_training


@pytest.fixture
def nothing_written(home: Path) -> object:
    yield
    assert not (home / "runs").exists() or not list((home / "runs").iterdir())


@pytest.mark.usefixtures("nothing_written")
@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"model_name_or_path": "no-such-model"}, "no folder, run or model is called 'no-such-model'"),
        ({"model_name_or_path": ""}, "model_name_or_path"),
        ({"dataset": "/nowhere/rows.json"}, "/nowhere/rows.json"),
        ({"eval_dataset": "/nowhere/held-out.json"}, "/nowhere/held-out.json"),
        ({"cutoff_len": 4096}, "4,096 tokens are more than"),
        ({"quantization_bit": 4, "finetuning_type": "full"}, "quantized weights cannot be trained"),
    ],
)
def test_a_run_that_cannot_work_is_refused(make_recipe: MakeRecipe, changes: dict, sentence: str) -> None:
    with pytest.raises(WorkbenchError) as refused:
        start_training(make_recipe(**changes))
    assert sentence in str(refused.value)


@pytest.mark.usefixtures("nothing_written")
def test_a_model_folder_without_weights_is_refused(
    make_recipe: MakeRecipe, tiny_model: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tiny_model, tmp_path / "empty"))
    (copy / "model.safetensors").unlink()
    with pytest.raises(WorkbenchError, match="no weights"):
        start_training(make_recipe(model_name_or_path=str(copy)))


@pytest.mark.usefixtures("nothing_written")
def test_weights_that_are_cut_off_are_refused(
    make_recipe: MakeRecipe, tiny_model: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tiny_model, tmp_path / "cut"))
    file = copy / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(WorkbenchError, match="is damaged"):
        start_training(make_recipe(model_name_or_path=str(copy)))


@pytest.mark.usefixtures("nothing_written")
def test_a_model_without_chat_template_is_refused_for_turns(
    make_recipe: MakeRecipe, tiny_model: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tiny_model, tmp_path / "base"))
    (copy / "chat_template.jinja").unlink()
    with pytest.raises(WorkbenchError, match="no chat template"):
        start_training(make_recipe(model_name_or_path=str(copy)))


@pytest.mark.usefixtures("nothing_written")
def test_rows_of_an_unknown_format_are_refused(make_recipe: MakeRecipe, tmp_path: Path) -> None:
    path = tmp_path / "pairs.json"
    path.write_text('[{"ask": "Hi", "reply": "Hello."}]')
    with pytest.raises(WorkbenchError, match="no format known here"):
        start_training(make_recipe(dataset=str(path)))


@pytest.mark.usefixtures("nothing_written")
def test_a_disk_that_is_too_small_is_refused(
    make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe = make_recipe(save_steps=1, save_total_limit=1000, lora_rank=1024)
    monkeypatch.setattr("workbench.training.disk.free_disk_bytes", lambda _: 10 * 1024**2)
    with pytest.raises(WorkbenchError, match=r"will write up to .* 10.0 MiB are free"):
        start_training(recipe)


def test_the_adapter_is_counted_as_it_becomes(make_recipe: MakeRecipe, tiny_model: Path) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import AutoModelForCausalLM

    from workbench.models.weights import stored_tensors

    tensors = stored_tensors(tiny_model)
    for target, names in (("all", "all-linear"), ("q_proj,v_proj", ["q_proj", "v_proj"])):
        model = AutoModelForCausalLM.from_pretrained(tiny_model)
        adapted = get_peft_model(model, LoraConfig(r=8, target_modules=names))
        trained, _ = adapted.get_nb_trainable_parameters()
        assert lora_parameters(tensors, make_recipe(lora_target=target)) == trained


def test_full_training_needs_the_disk_for_model_and_checkpoints(
    make_recipe: MakeRecipe, tiny_model: Path
) -> None:
    size = (tiny_model / "model.safetensors").stat().st_size  # float32
    once = disk_needed(make_recipe(finetuning_type="full"), tiny_model)
    assert 4 * size < once < 4 * size + 70 * 1024**2
    kept = disk_needed(make_recipe(finetuning_type="full", save_steps=5, save_total_limit=2), tiny_model)
    assert kept - once == pytest.approx(6 * size, rel=0.01)


def test_starting_imports_no_torch() -> None:
    code = "import sys, workbench.training.start; print({'torch', 'transformers', 'peft'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
