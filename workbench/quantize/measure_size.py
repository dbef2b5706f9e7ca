"""Bytes of a model in memory, with what quantization keeps beside the weights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch


def weight_bytes(model: torch.nn.Module) -> int:
    """Bytes of the parameters, buffers and quantization state; memory that two share counts once.

    bitsandbytes keeps scales, code books and, after a first pass, even the weights outside of what
    `parameters()` and `get_memory_footprint()` see.
    """
    seen: dict[tuple[torch.device, int], int] = {}
    for tensor in _tensors(model):
        storage = tensor.untyped_storage()
        if storage.nbytes():
            seen[tensor.device, storage.data_ptr()] = storage.nbytes()
    return sum(seen.values())


def _tensors(model: torch.nn.Module) -> Iterator[torch.Tensor]:
    for module in model.modules():
        own = [*module.parameters(recurse=False), *module.buffers(recurse=False)]
        yield from own
        for holder in [*own, *vars(module).values()]:
            yield from _held(holder)


def _held(holder: Any) -> Iterator[torch.Tensor]:
    """Tensors that a quantization object keeps in its attributes, however deep."""
    if not type(holder).__module__.startswith("bitsandbytes"):
        return
    for value in vars(holder).values():
        if isinstance(value, torch.Tensor):
            yield value
        elif not isinstance(value, torch.nn.Module):
            yield from _held(value)
