"""The estimate of whole recipes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_architecture import LLAMA_3_8B

from workbench.errors import WorkbenchError
from workbench.estimate import estimate
from workbench.estimate.advice import advise
from workbench.estimate.architecture import read_architecture
from workbench.estimate.device import Device, this_device
from workbench.estimate.parts import memory_parts
from workbench.recipe.schema import Recipe

SHAPE = read_architecture(LLAMA_3_8B)


def gpu(free_gib: float | None) -> Device:
    return Device("a GPU", True, free_gib, True)


def recipe(**changes: Any) -> Recipe:
    return Recipe(model_name_or_path="8b", dataset="rows.jsonl", **changes)


def total(of: Recipe, device: Device) -> float:
    return sum(memory_parts(of, SHAPE, device).values())


def test_an_8b_model_costs_what_the_field_expects() -> None:
    one_row = {"per_device_train_batch_size": 1, "cutoff_len": 512}
    # 16 bytes a parameter for mixed-precision AdamW (ZeRO, arXiv:1910.02054) are 120 GiB.
    full = memory_parts(recipe(finetuning_type="full", **one_row), SHAPE, gpu(80))
    states = ("weights", "gradients", "optimizer")
    assert sum(full[name] for name in states) == pytest.approx(16 * 8.03e9 / 2**30, rel=0.01)
    # 7.0e9 weights of 4.127 bits, and embeddings and head, 1.05e9, in bf16.
    nf4 = memory_parts(recipe(quantization_bit=4, **one_row), SHAPE, gpu(80))
    assert nf4["weights"] == pytest.approx((6.98e9 * 4.127 / 8 + 1.05e9 * 2) / 2**30, rel=0.01)
    assert sum(nf4.values()) < 9
    assert 16 < total(recipe(**one_row), gpu(80)) < 20


def test_parts_are_named_and_add_up(tiny_model: Path) -> None:
    found = estimate(Recipe(model_name_or_path=str(tiny_model), dataset="rows.jsonl"), device=gpu(10))
    assert found.total_gib == pytest.approx(sum(found.parts.values()))
    assert {"weights", "adapter", "gradients", "optimizer", "activations", "logits"} <= set(found.parts)
    assert all(value > 0 for value in found.parts.values())
    assert found.fits is True and found.advice == []
    assert json.dumps(found.parts)


@given(
    st.fixed_dictionaries(
        {
            "finetuning_type": st.sampled_from(["lora", "full"]),
            "per_device_train_batch_size": st.integers(1, 64),
            "cutoff_len": st.integers(8, 65536),
            "lora_rank": st.integers(1, 256),
            "optim": st.sampled_from(["adamw_torch", "adamw_8bit", "adafactor", "sgd", "paged_adamw_8bit"]),
            "gradient_checkpointing": st.sampled_from([True, False, None]),
            "bf16": st.sampled_from([True, False, None]),
        }
    ),
    st.booleans(),
    st.floats(0.5, 400),
)
def test_following_the_advice_makes_it_fit_or_says_that_nothing_does(
    keys: dict[str, Any], is_gpu: bool, free: float
) -> None:
    device = Device("here", is_gpu, free, True)
    wanted = recipe(**keys)
    if total(wanted, device) <= free:
        return
    advice = advise(wanted, SHAPE, device)
    changes: dict[str, Any] = {}
    for line in advice:
        if line.startswith("Even then"):
            continue
        for change in line.split(": ")[0].split():
            name, value = change.split("=")
            changes[name] = json.loads(value) if value[0] in "0123456789tf" and value != "lora" else value
    # The changed recipe is one that can be launched, not only one that can be computed.
    after = total(Recipe(**{**wanted.model_dump(), **changes}), device)
    assert (after <= free) != advice[-1].startswith("Even then")


@given(st.integers(1, 32), st.integers(8, 16384), st.booleans(), st.sampled_from(["lora", "full"]))
def test_more_rows_and_longer_rows_never_cost_less(rows: int, length: int, on: bool, method: str) -> None:
    common = {"finetuning_type": method, "gradient_checkpointing": on}
    base = recipe(per_device_train_batch_size=rows, cutoff_len=length, **common)
    more = recipe(per_device_train_batch_size=rows + 1, cutoff_len=length, **common)
    longer = recipe(per_device_train_batch_size=rows, cutoff_len=length + 1, **common)
    assert total(base, gpu(80)) < min(total(more, gpu(80)), total(longer, gpu(80)))


def test_the_effective_batch_stays_when_the_advice_makes_batches_smaller() -> None:
    wanted = recipe(per_device_train_batch_size=16, gradient_accumulation_steps=2, cutoff_len=4096)
    advice = advise(wanted, SHAPE, gpu(24))
    assert advice[0].startswith("per_device_train_batch_size=1 gradient_accumulation_steps=32: ")


def test_unknown_free_memory_gives_no_verdict(tiny_model: Path) -> None:
    found = estimate(Recipe(model_name_or_path=str(tiny_model), dataset="rows.jsonl"), device=gpu(None))
    assert (found.fits, found.available_gib, found.advice) == (None, None, [])


def test_this_machine_says_what_is_free(tiny_model: Path) -> None:
    device = this_device()
    assert device.free_gib is not None and device.free_gib > 0
    wanted = Recipe(model_name_or_path=str(tiny_model), dataset="rows.jsonl")
    found = estimate(wanted)
    assert found.available_gib is not None


def test_hidden_gpus_leave_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    assert not this_device().is_gpu


def test_a_model_that_is_not_there_is_a_sentence(home: Path) -> None:
    with pytest.raises(WorkbenchError, match="no-such-model"):
        estimate(Recipe(model_name_or_path="no-such-model", dataset="rows.jsonl"))


def test_a_config_that_says_too_little_is_a_sentence(tiny_model: Path, tmp_path: Path) -> None:
    for file in tiny_model.iterdir():
        (tmp_path / file.name).symlink_to(file)
    (tmp_path / "config.json").unlink()
    (tmp_path / "config.json").write_text('{"model_type": "llama"}')
    with pytest.raises(WorkbenchError, match="does not say hidden_size"):
        estimate(Recipe(model_name_or_path=str(tmp_path), dataset="rows.jsonl"))
