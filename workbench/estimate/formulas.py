"""Bytes of each part of a fine-tune, one formula a function, each with its source."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.estimate.architecture import Architecture, Linear

MASTER = 4
"""Bytes of a weight that is trained: it stays in float32, since a small step vanishes in bf16."""


def weight_bytes(
    shape: Architecture, held_as: int, *, bits: int | None = None, double_quantization: bool = True
) -> float:
    """Bytes of the base model's weights.

    Args:
        held_as: bytes of an unquantized weight.
        bits: of the layers' matrices, where bitsandbytes holds them; embeddings, head and norms are not
            quantized.

    Source: 8 bits with a float32 scale for each output row: LLM.int8(), Dettmers et al. 2022,
    arXiv:2208.07339, section 3.1. 4 bits with a float32 scale for each 64 weights (0.5 bits a weight), or,
    with double quantization, an 8-bit scale and a float32 one for each 256 of those (0.127 bits): QLoRA,
    Dettmers et al. 2023, arXiv:2305.14314, section 3.
    """
    if bits is None:
        return float(shape.parameters * held_as)
    whole = shape.other_weights * held_as
    if bits == 8:
        rows = sum(linear.outputs for linear in shape.attention)
        rows += shape.experts * sum(linear.outputs for linear in shape.feed_forward)
        return float(whole + shape.linear_weights + 4 * shape.layers * rows)
    scales = 1 / 64 + 4 / (64 * 256) if double_quantization else 4 / 64
    return whole + shape.linear_weights * (0.5 + scales)


def lora_parameters(shape: Architecture, rank: int, targets: Sequence[str]) -> int:
    """Parameters of the matrices A (rank x inputs) and B (outputs x rank) beside each targeted one.

    Source: LoRA, Hu et al. 2021, arXiv:2106.09685, section 4.1.
    """
    return shape.layers * sum(rank * (linear.inputs + linear.outputs) for linear in _named(shape, targets))


def gradient_bytes(trained: int) -> float:
    """One float32 number for each trained parameter.

    Source: ZeRO, Rajbhandari et al. 2019, arXiv:1910.02054, section 3.1; in float32 because the trained
    weights are.
    """
    return float(MASTER * trained)


def optimizer_bytes(optim: str, trained: int, sums: int) -> float:
    """The optimizer's state.

    Args:
        optim: transformers' name.
        sums: rows plus columns of all trained matrices, which is what Adafactor keeps.

    Source: two float32 moments a parameter for AdamW (arXiv:1711.05101); two 8-bit ones with a float32
    scale for each 256 for bitsandbytes' 8-bit kinds (Dettmers et al. 2021, arXiv:2110.02861; 256 is the
    library's block today); a row and a column of float32 sums for Adafactor (arXiv:1804.04235); none for
    SGD without momentum. Paged state counts as whole: it leaves the GPU only when that is full.
    """
    if optim == "sgd":
        return 0.0
    if optim == "adafactor":
        return 4.0 * sums
    return trained * (2 * (1 + 4 / 256) if "8bit" in optim else 8.0)


def activation_bytes(
    shape: Architecture,
    rows: int,
    length: int,
    compute: int,
    *,
    targets: Sequence[str] | None,
    checkpointing: bool,
) -> float:
    """What the forward pass keeps for the backward pass, for `rows` rows of `length` tokens.

    For each token and layer, with h the width, q and k the widths of queries and keys, i that of the
    feed-forward:

    - the two norms keep their input in float32, 2 h, and where they are trained the normed one, 2 h more;
    - attention keeps query, keys, values and its result, 2 q + 2 k, and with grouped keys and padded rows
      keys and values once more, one for each query head, 2 q. Its matrix of length x length is not kept;
    - the feed-forward keeps gate, activation and up, 3 i;
    - trained matrices and adapters keep their inputs. In float32 q, k and v share one and gate and up
      share one: 2 h + i. Under autocast each casts its own.

    With checkpointing a layer keeps its input only, and one layer at a time is computed again.

    Args:
        compute: bytes of a number in the products; 2 means autocast.
        targets: names of the matrices with an adapter; None if all weights are trained.

    Source: counted as Korthikanti et al. 2022, arXiv:2205.05198, section 4.1, for transformers' Llama and
    peft's LoRA layer, and checked against torch's saved-tensor hooks in a test. Attention: Dao et al. 2022,
    arXiv:2205.14135; grouped queries: arXiv:2305.13245; checkpointing: Chen et al. 2016, arXiv:1604.06174.
    """
    h, i = shape.hidden, shape.intermediate * shape.active_experts
    q, k = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    full = targets is None
    norms = 4 * h * (4 if full else 2)
    repeated = 2 * q if rows > 1 and k < q else 0
    attention = compute * (2 * q + 2 * k + repeated)
    feed_forward = compute * i * (3 if shape.gated else 2)
    layer = norms + attention + feed_forward + _input_bytes(shape, compute, targets)
    edge = shape.hidden * (MASTER if full else compute)
    kept = layer + shape.layers * edge if checkpointing else shape.layers * layer
    return float(rows * length * kept)


def _input_bytes(shape: Architecture, compute: int, targets: Sequence[str] | None) -> int:
    """Kept inputs of one layer's matrices, for one token."""
    expanded = shape.intermediate * shape.active_experts
    if compute != 2:
        return compute * (2 * shape.hidden + expanded)
    if targets is None:
        # The output projection's input is attention's result, which is kept already.
        into = (2 if shape.fused_names else 3 + (2 if shape.gated else 1)) * shape.hidden
        return compute * (into + expanded)
    linears = (*shape.attention, *shape.feed_forward)
    return compute * sum(linear.inputs for linear in linears if linear.name in targets)


def logit_bytes(shape: Architecture, rows: int, length: int) -> float:
    """The scores over the vocabulary while the loss goes backward: three float32 numbers a score.

    Source: torch's cross_entropy keeps the log-softmax, and the backward passes of its two halves
    (nll_loss, log_softmax) each give a tensor of that size.
    """
    return 12.0 * rows * length * shape.vocabulary


def cast_bytes(shape: Architecture) -> float:
    """Copies in the compute type that autocast makes of trained float32 matrices and keeps for the pass.

    Source: the weight cache of torch.autocast, https://docs.pytorch.org/docs/stable/amp.html.
    """
    head = shape.vocabulary * shape.hidden
    return 2.0 * (shape.linear_weights + head)


def dequantized_bytes(shape: Architecture, compute: int) -> float:
    """The largest quantized matrix, which is unpacked when its turn comes.

    Source: bitsandbytes' MatMul4Bit and MatMul8bitLt, backward.
    """
    return float(compute * max(linear.weights for linear in (*shape.attention, *shape.feed_forward)))


def target_names(shape: Architecture, target: str) -> list[str]:
    """The names of the matrices that `lora_target` means.

    The experts of a mixture are one tensor each in transformers, and get no adapter.
    """
    dense = [*shape.attention, *(shape.feed_forward if shape.experts == 1 else [])]
    names = [linear.name for linear in dense]
    if target.strip() in ("all", "all-linear", ""):
        return names
    wanted = {name.strip() for name in target.split(",")}
    return [name for name in names if name in wanted]


def _named(shape: Architecture, names: Sequence[str]) -> list[Linear]:
    return [linear for linear in (*shape.attention, *shape.feed_forward) if linear.name in names]


def adafactor_sums(shape: Architecture, rank: int, targets: Sequence[str] | None) -> int:
    """Rows plus columns of every trained matrix: of the LoRA pairs, or (`targets` None) of the model."""
    if targets is not None:
        each = (linear.inputs + linear.outputs + 2 * rank for linear in _named(shape, targets))
        return shape.layers * sum(each)
    layer = sum(linear.inputs + linear.outputs for linear in shape.attention)
    layer += shape.experts * sum(linear.inputs + linear.outputs for linear in shape.feed_forward)
    return shape.layers * layer + (1 if shape.tied else 2) * (shape.vocabulary + shape.hidden)
