"""What a run does and leaves behind, for each method, on a tiny model."""

from __future__ import annotations

import itertools
import math
from pathlib import Path

import pytest
import torch
from in_process import MakeRecipe, events_of, losses, train_here

from workbench.models.find import find_model
from workbench.models.load import load_model
from workbench.models.precision import cpu_is_quick_at_bf16
from workbench.runs.events import read_events
from workbench.runs.status import read_status

LEARNS_FAST = {"val_size": 3, "lr_scheduler_type": "constant", "learning_rate": 2e-2, "num_train_epochs": 3}
METHODS = {
    "lora": {},
    "lora on two layers": {"lora_target": "q_proj,v_proj", "lora_rank": 4},
    "qlora 4-bit": {"quantization_bit": 4},
    "qlora 4-bit, single": {"quantization_bit": 4, "double_quantization": False},
    "qlora 8-bit": {"quantization_bit": 8},
    "full": {"finetuning_type": "full", "learning_rate": 2e-3},
    "recomputing": {"gradient_checkpointing": True},
    "bf16": {"bf16": True},
}


@pytest.mark.parametrize("name", METHODS)
def test_a_run_learns_and_its_result_loads(
    make_recipe: MakeRecipe, name: str, caplog: pytest.LogCaptureFixture
) -> None:
    if name == "bf16" and not cpu_is_quick_at_bf16() and not torch.cuda.is_available():
        pytest.skip("this machine computes in float32")
    recipe = make_recipe(**{**LEARNS_FAST, **METHODS[name]})
    run = train_here(recipe)

    first, *_, last = losses(run).values()
    assert last < first - 0.2
    before, *_, after = events_of(run, "eval")
    assert before["step"] == 0
    assert after["eval_loss"] < before["eval_loss"] - 0.2
    status = read_status(run)
    assert (status.state, status.step) == ("done", status.max_steps)

    ref = find_model(run.id)
    assert (ref.adapter is None) == (recipe.finetuning_type == "full")
    assert (ref.adapter or ref.base).joinpath("chat_template.jinja").is_file()
    assert load_model(ref, dtype=torch.float32).config.use_cache
    assert "cast from" not in caplog.text  # what int8 layers say at every forward pass


def test_the_saved_adapter_answers_as_the_trained_model_did(
    make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.training import job

    ids = torch.tensor([[1, 520, 40, 2]])
    trained = {}
    save = job.save_result

    def look_and_save(model: torch.nn.Module, tokenizer: object, folder: Path) -> None:
        with torch.no_grad():
            trained[folder] = model.eval()(input_ids=ids).logits
        save(model, tokenizer, folder)

    monkeypatch.setattr(job, "save_result", look_and_save)
    for changes in ({"max_steps": 3}, {"max_steps": 3, "finetuning_type": "full"}):
        run = train_here(make_recipe(**changes))
        model = load_model(find_model(run.id), dtype=torch.float32)
        with torch.no_grad():
            again = model(input_ids=ids).logits
        assert torch.equal(again, trained[run.adapter if run.adapter.exists() else run.model_dir])


def test_the_events_tell_the_whole_run(make_recipe: MakeRecipe) -> None:
    recipe = make_recipe(val_size=5, save_steps=3, save_total_limit=1, eval_steps=5, num_train_epochs=4)
    run = train_here(recipe)
    events = read_events(run.events_file)
    assert [event["seq"] for event in events] == list(range(len(events)))

    start = events_of(run, "start")[0]
    assert (start["rows_train"], start["rows_held_out"], start["max_steps"]) == (8, 5, 8)
    assert (start["method"], start["dtype"], start["why"]) == ("LoRA", "float32", "bf16 is switched off")
    assert 0 < start["trainable_parameters"] < start["total_parameters"]
    assert start["resumed_from_step"] is None

    steps = events_of(run, "step")
    assert [event["step"] for event in steps] == list(range(1, 9))
    assert [event["epoch"] for event in steps] == [step / 2 for step in range(1, 9)]
    assert steps[1]["tokens"] == start["tokens_per_epoch"] == steps[7]["tokens"] / 4
    assert all(event["tokens_per_s"] > 0 and event["step_s"] > 0 for event in steps)
    assert steps[-1]["eta_s"] == 0 < steps[0]["eta_s"]
    rates = [event["learning_rate"] for event in steps]
    assert rates == sorted(rates, reverse=True) and rates[0] == recipe.learning_rate

    assert [event["step"] for event in events_of(run, "eval")] == [0, 5, 8]
    assert [event["step"] for event in events_of(run, "checkpoint")] == [3, 6]
    assert [path.name for path in run.checkpoints.iterdir()] == ["checkpoint-6"]
    memory = events_of(run, "memory")[0]
    assert 0.1 < memory["process_gib"] < memory["host_used_gib"]
    end = events[-1]
    assert (end["kind"], end["state"]) == ("end", "done")
    assert end["peak_memory_gib"] >= memory["process_gib"]


def test_the_loss_is_the_mean_over_the_trained_tokens_of_the_step(make_recipe: MakeRecipe) -> None:
    """Rows of very different length in one step: a mean of batch means would differ."""
    from workbench.data.prepare import prepare
    from workbench.data.tokens.tokenizer import load_tokenizer

    recipe = make_recipe(max_steps=1, gradient_accumulation_steps=7, val_size=0)
    run = train_here(recipe)
    base = find_model(recipe.model_name_or_path)
    model = load_model(base, dtype=torch.float32)
    total, tokens = 0.0, 0
    for row in prepare(recipe, load_tokenizer(base.base)).train:
        labels = torch.tensor([row.labels])
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([row.input_ids])).logits
        total += torch.nn.functional.cross_entropy(
            logits[0, :-1], labels[0, 1:], ignore_index=-100, reduction="sum"
        ).item()
        tokens += int((labels[0, 1:] != -100).sum())
    assert losses(run)[1] == pytest.approx(total / tokens, rel=1e-5)


def test_the_held_out_loss_is_the_mean_over_all_their_tokens(make_recipe: MakeRecipe) -> None:
    from workbench.data.prepare import prepare
    from workbench.data.tokens.tokenizer import load_tokenizer
    from workbench.training.batches import collator
    from workbench.training.held_out import held_out_loss

    recipe = make_recipe(val_size=7)
    base = find_model(recipe.model_name_or_path)
    model = load_model(base, dtype=torch.float32)
    rows = prepare(recipe, load_tokenizer(base.base)).held_out
    found = [
        held_out_loss(model, rows, collator(2), batch_size=size, go_on=lambda _: True) for size in (1, 3, 7)
    ]
    assert all(one and one.tokens == found[0].tokens for one in found)  # type: ignore[union-attr]
    for one, other in itertools.pairwise(found):
        assert one and other and one.loss == pytest.approx(other.loss, rel=1e-6)
    assert found[0] and found[0].loss == pytest.approx(math.log(49152), rel=0.05)
    assert held_out_loss(model, rows, collator(2), batch_size=1, go_on=lambda _: False) is None


@pytest.mark.parametrize("bits", [4, 8])
def test_evaluating_changes_nothing_about_the_training(
    make_recipe: MakeRecipe, rows: Path, bits: int
) -> None:
    recipe = make_recipe(quantization_bit=bits, lora_dropout=0.1, max_steps=4)
    without = train_here(recipe)
    evaluating = train_here(recipe.model_copy(update={"eval_dataset": str(rows), "eval_steps": 2}))
    assert len(events_of(evaluating, "eval")) == 3
    assert losses(evaluating) == losses(without)


def test_the_first_batch_is_the_encoded_rows_token_for_token(
    make_recipe: MakeRecipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    from workbench.data.opening import open_dataset
    from workbench.data.tokens.encode import encode
    from workbench.data.tokens.tokenizer import load_tokenizer
    from workbench.training.batches import ORIGIN
    from workbench.training.trainer import FineTuner

    seen = []
    step = FineTuner.training_step

    def look(self: FineTuner, model: object, inputs: dict, count: object = None) -> torch.Tensor:
        seen.append(dict(inputs))
        return step(self, model, inputs, count)

    monkeypatch.setattr(FineTuner, "training_step", look)
    recipe = make_recipe(max_steps=1, gradient_accumulation_steps=1, per_device_train_batch_size=4)
    train_here(recipe)

    dataset = open_dataset(recipe.dataset)
    tokenizer = load_tokenizer(find_model(recipe.model_name_or_path).base)
    batch = seen[0]
    assert len(batch[ORIGIN].rows) == 4
    for index, row in enumerate(batch[ORIGIN].rows):
        encoded = encode(dataset.conversation(row), tokenizer, cutoff_len=recipe.cutoff_len)
        length = len(encoded.input_ids)
        assert batch["input_ids"][index, :length].tolist() == encoded.input_ids
        assert batch["labels"][index, :length].tolist() == encoded.labels
        assert batch["attention_mask"][index].sum() == length
        assert (batch["labels"][index, length:] == -100).all()
        assert 0 < encoded.trained < length
