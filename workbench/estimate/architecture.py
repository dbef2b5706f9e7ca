"""The shape of a decoder, read from its config.json: what there is to count. No torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.errors import WorkbenchError

# Families whose feed-forward has two matrices; all others have a gate as well (SwiGLU, arXiv:2002.05202).
_WITHOUT_GATE = frozenset(
    ("gpt2", "gpt_neo", "gpt_neox", "gptj", "gpt_bigcode", "opt", "bloom", "falcon", "phi", "starcoder2")
)


@dataclass(frozen=True, slots=True)
class Linear:
    """A weight matrix of a layer, by the name that `lora_target` knows it by."""

    name: str
    inputs: int
    outputs: int

    @property
    def weights(self) -> int:
        return self.inputs * self.outputs


@dataclass(frozen=True, slots=True)
class Architecture:
    """A decoder of equal layers.

    `experts` is 1 for a dense model; `active_experts` is how many of them a token passes through.
    """

    hidden: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    intermediate: int
    vocabulary: int
    tied: bool
    gated: bool
    attention_bias: bool
    fused_names: bool
    experts: int = 1
    active_experts: int = 1
    positions: int = 0

    @property
    def attention(self) -> Sequence[Linear]:
        """The attention's matrices in one layer."""
        query, keys = self.heads * self.head_dim, self.kv_heads * self.head_dim
        if self.fused_names:
            return [Linear("c_attn", self.hidden, query + 2 * keys), Linear("c_proj", query, self.hidden)]
        return [
            Linear("q_proj", self.hidden, query),
            Linear("k_proj", self.hidden, keys),
            Linear("v_proj", self.hidden, keys),
            Linear("o_proj", query, self.hidden),
        ]

    @property
    def feed_forward(self) -> Sequence[Linear]:
        """The feed-forward's matrices in one layer, of one expert."""
        if self.fused_names:
            return [
                Linear("c_fc", self.hidden, self.intermediate),
                Linear("c_proj", self.intermediate, self.hidden),
            ]
        into = [Linear("up_proj", self.hidden, self.intermediate)]
        if self.gated:
            into.insert(0, Linear("gate_proj", self.hidden, self.intermediate))
        return [*into, Linear("down_proj", self.intermediate, self.hidden)]

    @property
    def linear_weights(self) -> int:
        """Weights in the layers' matrices: what quantization shrinks."""
        attention = sum(linear.weights for linear in self.attention)
        feed_forward = sum(linear.weights for linear in self.feed_forward)
        return self.layers * (attention + self.experts * feed_forward)

    @property
    def other_weights(self) -> int:
        """Embeddings, output head, norms, biases, learned positions, expert routers."""
        embeddings = (1 if self.tied else 2) * self.vocabulary * self.hidden
        norm = self.hidden * (2 if self.fused_names else 1)
        a_layer = 2 * norm + (self.hidden * self.experts if self.experts > 1 else 0)
        if self.attention_bias:
            a_layer += (self.heads + 2 * self.kv_heads) * self.head_dim
        if self.fused_names:
            a_layer += 2 * self.hidden + self.intermediate
        return embeddings + self.positions * self.hidden + self.layers * a_layer + norm

    @property
    def parameters(self) -> int:
        """All of them."""
        return self.linear_weights + self.other_weights


def read_architecture(config: dict[str, Any]) -> Architecture:
    """The shape that a config.json tells, in the keys of Llama's or GPT-2's kind.

    Raises:
        WorkbenchError: a size that is needed is not there, or no number.
    """
    if isinstance(config.get("text_config"), dict):  # the language part of a multimodal model
        config = {**config, **config["text_config"]}
    family = str(config.get("model_type") or "")
    hidden = _size(config, "hidden_size", "n_embd", "d_model")
    heads = _size(config, "num_attention_heads", "n_head", "num_heads")
    experts = _size(config, "num_local_experts", "num_experts", "n_routed_experts", default=1)
    wide = ("moe_intermediate_size",) if experts > 1 else ()
    fused = family in ("gpt2", "gpt_bigcode")
    return Architecture(
        hidden=hidden,
        layers=_size(config, "num_hidden_layers", "n_layer", "num_layers"),
        heads=heads,
        kv_heads=_size(config, "num_key_value_heads", default=heads),
        head_dim=_size(config, "head_dim", default=max(hidden // heads, 1)),
        intermediate=_size(config, *wide, "intermediate_size", "n_inner", "ffn_dim", default=4 * hidden),
        vocabulary=_size(config, "vocab_size"),
        # transformers leaves out what is its default: tied for GPT-2's kind, untied for Llama's.
        tied=bool(config.get("tie_word_embeddings", family in ("gpt2", "gemma", "gemma2", "gemma3_text"))),
        gated=family not in _WITHOUT_GATE,
        attention_bias=bool(config.get("attention_bias") or family in ("qwen2", "gpt2")),
        fused_names=fused,
        experts=experts,
        active_experts=_size(config, "num_experts_per_tok", default=1) if experts > 1 else 1,
        positions=_size(config, "n_positions", default=0) if fused else 0,
    )


def _size(config: dict[str, Any], *names: str, default: int | None = None) -> int:
    """The first of these keys that holds a positive whole number."""
    for name in names:
        value = config.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    if default is None:
        raise WorkbenchError(
            f"does not say {names[0]}, so the memory cannot be estimated", where="config.json"
        )
    return default
