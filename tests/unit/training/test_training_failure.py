"""Runs that cannot go on end in a sentence, and leave nothing half-written."""

from __future__ import annotations

import resource
import shutil
from pathlib import Path

import pytest
import torch
from in_process import MakeRecipe, events_of, train_here
from safetensors.torch import load_file, save_file

from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.status import read_status
from workbench.training.batches import Origin
from workbench.training.failures import is_out_of_memory, out_of_memory


def failed(recipe: object) -> RunDirectory:
    run = create_run("failing")
    with pytest.raises(SystemExit):
        train_here(recipe, run)  # type: ignore[arg-type]
    assert read_status(run).state == "failed"
    assert not run.adapter.exists()
    return run


def test_a_loss_that_is_no_number_names_step_and_rows(
    make_recipe: MakeRecipe, tiny_model: Path, tmp_path: Path
) -> None:
    copy = Path(shutil.copytree(tiny_model, tmp_path / "sick"))
    tensors = load_file(copy / "model.safetensors")
    tensors["model.norm.weight"][0] = torch.nan
    save_file(tensors, copy / "model.safetensors", metadata={"format": "pt"})
    run = failed(make_recipe(model_name_or_path=str(copy)))
    reason = read_status(run).reason
    assert "the loss is not a number (NaN) at step 1" in reason
    assert reason.startswith("rows ") and "learning_rate" in reason
    assert events_of(run, "error")[0]["where"].startswith("rows ")


def test_a_run_that_explodes_ends_at_that_step(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(learning_rate=1.0, optim="sgd", max_grad_norm=0, finetuning_type="full")
    recipe = recipe.model_copy(update={"learning_rate": 1e30})
    run = failed(recipe)
    last = events_of(run, "step")[-1]["step"]
    assert f"at step {last + 1}" in read_status(run).reason


def test_layers_that_are_not_there_are_named_with_those_that_are(make_recipe: MakeRecipe) -> None:
    reason = read_status(failed(make_recipe(lora_target="qproj"))).reason
    assert "no layer of this model is called qproj" in reason
    assert "q_proj" in reason and "down_proj" in reason


def test_fp16_on_a_cpu_is_replaced_and_said(make_recipe: MakeRecipe) -> None:
    if torch.cuda.is_available():
        pytest.skip("a GPU computes in fp16")
    run = train_here(make_recipe(fp16=True, bf16=None, max_steps=1))
    assert events_of(run, "start")[0]["dtype"] == "float32"
    assert "fp16 needs a GPU" in events_of(run, "warning")[0]["message"]


@pytest.fixture
def small_files() -> object:
    """Lets a test forbid files above a size: as a full disk does, writing fails in the middle."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda size: resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_checkpoint_that_does_not_fit_is_left_out_and_the_run_goes_on(
    make_recipe: MakeRecipe, small_files: object
) -> None:
    small_files(250_000)  # type: ignore[operator]  # the adapter fits, its optimizer state does not
    run = create_run("full-disk")
    with pytest.raises(SystemExit):  # the tokenizer, in the end, does not fit either
        train_here(make_recipe(save_steps=2, max_steps=4, lora_rank=16), run)
    small_files(resource.RLIM_INFINITY)  # type: ignore[operator]
    messages = [event["message"] for event in events_of(run, "warning")]
    assert len(messages) == 2 and messages[0].startswith("No checkpoint at step 2:")
    assert "cannot be written" in messages[0]
    assert events_of(run, "step")[-1]["step"] == 4
    assert list(run.checkpoints.iterdir()) == []
    assert "cannot be written" in read_status(run).reason
    assert not run.adapter.exists()
    assert not [path for path in run.path.iterdir() if path.name.startswith(".adapter")]


def test_out_of_memory_says_what_was_at_work_and_what_needs_less(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(per_device_train_batch_size=4, gradient_accumulation_steps=2, cutoff_len=2048)
    origin = Origin(rows=(1, 2, 3, 4), length=1900, tokens=5000)
    sentence = str(out_of_memory(recipe, 7, origin, peak_gib=78.25, total_gib=79.1))
    assert "at step 7, with 4 rows of up to 1900 tokens at once" in sentence
    assert "the peak was 78.2 GiB of 79.1 GiB" in sentence
    assert "per_device_train_batch_size=2 with gradient_accumulation_steps=4" in sentence
    assert "gradient_checkpointing=true, quantization_bit=4 or cutoff_len=950" in sentence


def test_nothing_is_advised_that_is_there_already(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(
        per_device_train_batch_size=1, quantization_bit=4, gradient_checkpointing=True, cutoff_len=128
    )
    sentence = str(out_of_memory(recipe, 1, None, peak_gib=None, total_gib=None))
    assert sentence == "memory ran out at step 1. Try a smaller model."


def test_memory_errors_of_torch_are_known() -> None:
    with pytest.raises(RuntimeError) as raised:
        torch.empty(2**60)
    assert is_out_of_memory(raised.value)
    assert is_out_of_memory(torch.OutOfMemoryError("CUDA out of memory"))
    assert not is_out_of_memory(RuntimeError("shapes do not match"))
