"""Bytes in memory, against what each format takes by its description."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from workbench.models.find import ModelRef
from workbench.models.load import load_model
from workbench.quantize.measure_size import weight_bytes

# The tiny model: 2 layers; its linear layers hold 36,864 weights each, in 7 matrices.
LINEAR = {
    "q": (64, 64),
    "k": (32, 64),
    "v": (32, 64),
    "o": (64, 64),
    "gate": (128, 64),
    "up": (128, 64),
    "down": (64, 128),
}
WEIGHTS = 2 * sum(rows * columns for rows, columns in LINEAR.values())
OUTPUTS = 2 * sum(rows for rows, _ in LINEAR.values())
MATRICES = 2 * len(LINEAR)


def loaded(tiny_model: Path, quantization: str | None) -> torch.nn.Module:
    return load_model(ModelRef("tiny", tiny_model), quantization=quantization, dtype=torch.float32)  # type: ignore[arg-type]


@pytest.fixture
def rest(tiny_model: Path) -> int:
    """Bytes of all but the linear layers; the output head shares the embedding's."""
    model = loaded(tiny_model, None)
    total = weight_bytes(model)
    assert total == 4 * sum(p.numel() for p in model.parameters()) + sum(
        b.numel() * b.element_size() for b in model.buffers()
    )
    return total - 4 * WEIGHTS


def test_int8_is_a_byte_a_weight_and_a_scale_a_row(tiny_model: Path, rest: int) -> None:
    assert weight_bytes(loaded(tiny_model, "int8")) - rest == WEIGHTS + 4 * OUTPUTS


def test_int8_counts_the_same_after_the_weights_moved_in_the_first_pass(tiny_model: Path) -> None:
    model = loaded(tiny_model, "int8")
    before = weight_bytes(model)
    with torch.no_grad():
        model(torch.arange(5)[None])
    assert weight_bytes(model) == pytest.approx(before, rel=1e-3)


def test_nf4_is_half_a_byte_a_weight_and_a_float32_scale_a_block_of_64(tiny_model: Path, rest: int) -> None:
    code_book = 16 * 4
    found = weight_bytes(loaded(tiny_model, "nf4")) - rest
    assert found == WEIGHTS / 2 + 4 * WEIGHTS / 64 + MATRICES * code_book


def test_double_quantization_keeps_the_scales_in_a_byte(tiny_model: Path, rest: int) -> None:
    found = weight_bytes(loaded(tiny_model, "nf4-double")) - rest
    blocks = sum(2 * (rows * columns // 64) for rows, columns in LINEAR.values())
    scales_of_scales = sum(2 * 4 * -(-(rows * columns // 64) // 256) for rows, columns in LINEAR.values())
    code_books = MATRICES * (16 * 4 + 256 * 4)
    offsets = MATRICES * 4
    # get_memory_footprint() sees the first term only.
    assert found == WEIGHTS / 2 + blocks + scales_of_scales + code_books + offsets
