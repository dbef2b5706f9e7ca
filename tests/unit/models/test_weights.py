"""Safetensors headers, whole and damaged."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from workbench.errors import WorkbenchError
from workbench.models.weights import stored_tensors


def write(folder: Path) -> Path:
    file = folder / "model.safetensors"
    save_file({"a": torch.zeros(3, 5), "b": torch.zeros(7, dtype=torch.bfloat16)}, file)
    return file


def test_names_types_and_shapes_are_read(tmp_path: Path) -> None:
    write(tmp_path)
    tensors = stored_tensors(tmp_path)
    assert {name: (tensor.dtype, tensor.shape) for name, tensor in tensors.items()} == {
        "a": ("F32", (3, 5)),
        "b": ("BF16", (7,)),
    }
    assert tensors["a"].elements == 15


@given(kept=st.integers(min_value=0, max_value=10_000))
def test_every_cut_is_noticed(tmp_path_factory: pytest.TempPathFactory, kept: int) -> None:
    file = write(tmp_path_factory.mktemp("cut"))
    whole = file.read_bytes()
    file.write_bytes(whole[: kept % len(whole)])
    with pytest.raises(WorkbenchError, match="damaged"):
        stored_tensors(file.parent)


@given(noise=st.binary(max_size=200))
def test_noise_is_a_sentence(tmp_path_factory: pytest.TempPathFactory, noise: bytes) -> None:
    folder = tmp_path_factory.mktemp("noise")
    (folder / "model.safetensors").write_bytes(noise)
    with pytest.raises(WorkbenchError, match="damaged"):
        stored_tensors(folder)
