"""Counting parameters from a config.json: against published counts and against transformers itself."""

from __future__ import annotations

from typing import Any

import pytest

from workbench.errors import WorkbenchError
from workbench.estimate.architecture import read_architecture

LLAMA_3_8B = {
    "model_type": "llama",
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "num_key_value_heads": 8,
    "intermediate_size": 14336,
    "vocab_size": 128256,
    "tie_word_embeddings": False,
}
SMOLLM2 = {
    "model_type": "llama",
    "hidden_size": 576,
    "num_hidden_layers": 30,
    "num_attention_heads": 9,
    "num_key_value_heads": 3,
    "intermediate_size": 1536,
    "vocab_size": 49152,
    "tie_word_embeddings": True,
}
LLAMA_7B = {
    "hidden_size": 4096,
    "num_hidden_layers": 32,
    "num_attention_heads": 32,
    "intermediate_size": 11008,
    "vocab_size": 32000,
}
QWEN2_05B = {
    "model_type": "qwen2",
    "hidden_size": 896,
    "num_hidden_layers": 24,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "intermediate_size": 4864,
    "vocab_size": 151936,
    "tie_word_embeddings": True,
}
GPT2 = {
    "model_type": "gpt2",
    "n_embd": 768,
    "n_layer": 12,
    "n_head": 12,
    "n_positions": 1024,
    "n_inner": None,
    "vocab_size": 50257,
}
MIXTRAL = {
    **LLAMA_3_8B,
    "model_type": "mixtral",
    "vocab_size": 32000,
    "num_local_experts": 8,
    "num_experts_per_tok": 2,
}


@pytest.mark.parametrize(
    ("config", "parameters"),
    [
        (SMOLLM2, 134_515_008),
        (LLAMA_7B, 6_738_415_616),
        (LLAMA_3_8B, 8_030_261_248),
        (QWEN2_05B, 494_032_768),
        (GPT2, 124_439_808),
        (MIXTRAL, 46_702_792_704),
        ({"model_type": "llava", "text_config": LLAMA_7B}, 6_738_415_616),
    ],
)
def test_published_parameter_counts(config: dict[str, Any], parameters: int) -> None:
    assert read_architecture(config).parameters == parameters


@pytest.mark.parametrize("family", ["llama", "mistral", "qwen2", "gpt2", "mixtral"])
def test_counts_are_those_of_the_model_that_transformers_makes(family: str) -> None:
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM

    if family == "gpt2":
        config = AutoConfig.for_model(family, n_embd=48, n_layer=3, n_head=4, vocab_size=100, n_positions=32)
    else:
        config = AutoConfig.for_model(
            family,
            hidden_size=48,
            num_hidden_layers=3,
            num_attention_heads=4,
            num_key_value_heads=2,
            intermediate_size=80,
            vocab_size=100,
        )
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    assert read_architecture(config.to_dict()).parameters == model.num_parameters()


@pytest.mark.parametrize("missing", ["hidden_size", "num_hidden_layers", "num_attention_heads", "vocab_size"])
@pytest.mark.parametrize("instead", [None, "many", 0, -3, True])
def test_a_config_without_a_size_is_a_sentence(missing: str, instead: object) -> None:
    with pytest.raises(WorkbenchError, match=rf"config.json: does not say {missing}"):
        read_architecture({**LLAMA_7B, missing: instead})
