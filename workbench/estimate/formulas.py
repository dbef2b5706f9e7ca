"""Bytes of each part of a fine-tune, one formula a function, each with its source."""

from __future__ import annotations

from workbench.estimate.architecture import Architecture, Linear

MASTER = 4
"""Bytes of a weight that is trained: it stays in float32, since a small step vanishes in bf16."""

LORA_TARGETS_ALL = ("all", "all-linear", "")


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


def lora_parameters(shape: Architecture, rank: int, target: str = "all") -> int:
    """Parameters of the matrices A (rank x inputs) and B (outputs x rank) beside each targeted layer.

    The experts of a mixture are one tensor each in transformers and get none.

    Source: LoRA, Hu et al. 2021, arXiv:2106.09685, section 4.1.
    """
    return sum(rank * (linear.inputs + linear.outputs) for linear in _targeted(shape, target)) * shape.layers


def gradient_bytes(trained: int) -> float:
    """One float32 number for each trained parameter.

    Source: ZeRO, Rajbhandari et al. 2019, arXiv:1910.02054, section 3.1; in float32 because the trained
    weights are.
    """
    return float(MASTER * trained)


def optimizer_bytes(optim: str, trained: int, factors: int) -> float:
    """The optimizer's state.

    Args:
        optim: transformers' name.
        factors: rows plus columns of all trained matrices, which is what Adafactor keeps.

    Source: two float32 moments a parameter for AdamW (arXiv:1711.05101); two 8-bit ones with a float32
    scale for each 256 for bitsandbytes' 8-bit kinds (Dettmers et al. 2021, arXiv:2110.02861; 256 is the
    library's block today); a row and a column of float32 sums for Adafactor (arXiv:1804.04235); none for
    SGD without momentum. Paged state counts as whole: it leaves the GPU only when that is full.
    """
    if optim == "sgd":
        return 0.0
    if optim == "adafactor":
        return 4.0 * factors
    return trained * (2 * (1 + 4 / 256) if "8bit" in optim else 8.0)


def activation_bytes(
    shape: Architecture, rows: int, length: int, compute: int, *, checkpointing: bool
) -> float:
    """What the forward pass keeps for the backward pass, for `rows` rows of `length` tokens.

    For each token and layer: two norms keep their input in float32 (8 h) and give the matrices' input
    (2 h); attention keeps query, keys, values and its result, and the output projection's input; the
    feed-forward keeps gate, its activation, up, and their product. Attention's own matrix of length x
    length is not kept: scaled_dot_product_attention computes it again. With checkpointing a layer keeps
    its input only, and one layer at a time is computed again.

    Source: the counting of Korthikanti et al. 2022, arXiv:2205.05198, section 4.1, done over for
    grouped-query attention (arXiv:2305.13245), SwiGLU and no dropout; checkpointing: Chen et al. 2016,
    arXiv:1604.06174; attention: Dao et al. 2022, arXiv:2205.14135.
    """
    query, keys = shape.heads * shape.head_dim, shape.kv_heads * shape.head_dim
    feed_forward = (4 if shape.gated else 2) * shape.intermediate * shape.active_experts
    norms = 2 * 4 * shape.hidden + 2 * compute * shape.hidden
    layer = norms + compute * (3 * query + 2 * keys + feed_forward)
    tokens = rows * length
    kept = layer + shape.layers * compute * shape.hidden if checkpointing else shape.layers * layer
    return float(tokens * kept)


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


def _targeted(shape: Architecture, target: str) -> list[Linear]:
    dense = list(shape.attention) + (list(shape.feed_forward) if shape.experts == 1 else [])
    if target.strip() in LORA_TARGETS_ALL:
        return dense
    names = {name.strip() for name in target.split(",")}
    return [linear for linear in dense if linear.name in names]


def matrix_factors(shape: Architecture, rank: int | None, target: str = "all") -> int:
    """Rows plus columns of every trained matrix: of the LoRA pairs for a rank, else of the whole model."""
    if rank is not None:
        each = (linear.inputs + linear.outputs + 2 * rank for linear in _targeted(shape, target))
        return shape.layers * sum(each)
    layer = sum(linear.inputs + linear.outputs for linear in shape.attention)
    layer += shape.experts * sum(linear.inputs + linear.outputs for linear in shape.feed_forward)
    return shape.layers * layer + (1 if shape.tied else 2) * (shape.vocabulary + shape.hidden)
