"""The formulas against what torch and peft do, and against the figures in their sources."""

from __future__ import annotations

from typing import Any

import pytest
from test_architecture import LLAMA_3_8B, LLAMA_7B

from workbench.estimate import formulas
from workbench.estimate.architecture import read_architecture

ROWS, LENGTH = 2, 128


def small_llama(compute: int, *, full: bool) -> Any:
    """A Llama in the trainer's types: all in float32 if it is trained, else frozen with a LoRA adapter."""
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=256,
        intermediate_size=704,
        num_hidden_layers=4,
        num_attention_heads=8,
        num_key_value_heads=2,
        vocab_size=1000,
        tie_word_embeddings=True,
    )
    model = LlamaForCausalLM(config).train()
    if full:
        return model
    model.to(torch.bfloat16 if compute == 2 else torch.float32)
    return get_peft_model(model, LoraConfig(r=8, target_modules="all-linear", task_type="CAUSAL_LM"))


def kept_for_backward(model: Any, compute: int) -> tuple[int, int]:
    """Bytes that a forward pass of padded rows keeps: activations, and scores over the vocabulary."""
    import torch

    own = {parameter.untyped_storage().data_ptr() for parameter in model.parameters()}
    kept: dict[int, torch.Tensor] = {}

    def note(tensor: torch.Tensor) -> torch.Tensor:
        address = tensor.untyped_storage().data_ptr()
        if address not in own:
            kept.setdefault(address, tensor)
        return tensor

    ids = torch.randint(0, 1000, (ROWS, LENGTH))
    mask = torch.ones_like(ids)
    mask[0, LENGTH // 2 :] = 0
    with (
        torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor),
        torch.autocast("cpu", torch.bfloat16, enabled=compute == 2),
    ):
        model(input_ids=ids, attention_mask=mask, labels=ids)
    sizes = [(tensor.untyped_storage().nbytes(), tuple(tensor.shape)) for tensor in kept.values()]
    scores = sum(size for size, shape in sizes if 1000 in shape)
    activations = sum(size for size, shape in sizes if 1000 not in shape)
    if compute == 2 and all(parameter.requires_grad for parameter in model.parameters()):
        # Autocast's copies of the trained matrices are kept too, and counted as a part of their own.
        shape = read_architecture(model.config.to_dict())
        activations -= 2 * shape.linear_weights
    return activations, scores


@pytest.mark.parametrize("full", [False, True], ids=["lora", "full"])
@pytest.mark.parametrize("compute", [2, 4], ids=["bf16", "float32"])
def test_activations_are_what_autograd_keeps(compute: int, full: bool) -> None:
    model = small_llama(compute, full=full)
    shape = read_architecture(model.config.to_dict())
    activations, scores = kept_for_backward(model, compute)
    targets = None if full else formulas.target_names(shape, "all")
    counted = formulas.activation_bytes(shape, ROWS, LENGTH, compute, targets=targets, checkpointing=False)
    assert counted == pytest.approx(activations, rel=0.08)
    # One of the three score-sized tensors is kept, the other two come and go in the backward pass.
    assert scores <= formulas.logit_bytes(shape, ROWS, LENGTH)


def test_checkpointing_keeps_a_layer_and_the_inputs_of_all() -> None:
    shape = read_architecture(LLAMA_7B)
    kept = {
        on: formulas.activation_bytes(shape, 1, 2048, 2, targets=None, checkpointing=on)
        for on in (False, True)
    }
    one_layer = kept[False] / 32
    assert kept[True] == pytest.approx(one_layer + 32 * 2048 * 4096 * 4)


@pytest.mark.parametrize("target", ["all", "q_proj,v_proj", "down_proj"])
def test_adapter_parameters_are_those_that_peft_makes(target: str) -> None:
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=48, intermediate_size=80, num_hidden_layers=3, num_attention_heads=4, vocab_size=64
    )
    modules = "all-linear" if target == "all" else target.split(",")
    model = get_peft_model(LlamaForCausalLM(config), LoraConfig(r=5, target_modules=modules))
    shape = read_architecture(config.to_dict())
    made = sum(parameter.numel() for parameter in model.parameters() if parameter.requires_grad)
    assert formulas.lora_parameters(shape, 5, formulas.target_names(shape, target)) == made


def test_quantized_weights_cost_the_bits_that_the_papers_say() -> None:
    shape = read_architecture(LLAMA_3_8B)
    whole = shape.other_weights * 2

    def bits(**how: Any) -> float:
        return 8 * (formulas.weight_bytes(shape, 2, **how) - whole) / shape.linear_weights

    assert bits(bits=4, double_quantization=False) == pytest.approx(4.5)
    assert bits(bits=4, double_quantization=True) == pytest.approx(4.127, abs=5e-4)
    assert 8 < bits(bits=8) < 8.01
    assert formulas.weight_bytes(shape, 2) == 2 * shape.parameters


def test_optimizer_state_is_what_torch_holds() -> None:
    import torch

    parameter = torch.nn.Parameter(torch.zeros(300, 70))
    parameter.grad = torch.ones_like(parameter)
    optimizer = torch.optim.AdamW([parameter])
    optimizer.step()
    state = optimizer.state[parameter]
    held = sum(value.nbytes for value in state.values() if value.dim())
    assert formulas.optimizer_bytes("adamw_torch", parameter.numel(), 370) == held
    assert formulas.optimizer_bytes("paged_adamw_32bit", 1000, 0) == 8000
    assert formulas.optimizer_bytes("adamw_8bit", 256_000, 0) == pytest.approx(2 * 256_000 + 8 * 1000)
    assert formulas.optimizer_bytes("adafactor", parameter.numel(), 370) == 4 * 370
    assert formulas.optimizer_bytes("sgd", parameter.numel(), 370) == 0


@pytest.mark.parametrize(("full", "rank"), [(True, 0), (False, 5)])
def test_adafactor_s_sums_are_those_of_transformers(full: bool, rank: int) -> None:
    import torch
    from peft import LoraConfig, get_peft_model
    from transformers import LlamaConfig, LlamaForCausalLM
    from transformers.optimization import Adafactor

    config = LlamaConfig(
        hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4, vocab_size=64
    )
    model: Any = LlamaForCausalLM(config)
    if not full:
        model = get_peft_model(model, LoraConfig(r=rank, target_modules="all-linear"))
    trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimizer = Adafactor(trained)
    for parameter in trained:
        parameter.grad = torch.ones_like(parameter)
    optimizer.step()
    matrices = [optimizer.state[parameter] for parameter in trained if parameter.dim() == 2]
    held = sum(state[name].numel() for state in matrices for name in ("exp_avg_sq_row", "exp_avg_sq_col"))
    shape = read_architecture(config.to_dict())
    targets = None if full else formulas.target_names(shape, "all")
    assert formulas.adafactor_sums(shape, rank, targets) == held
