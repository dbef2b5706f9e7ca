"""Encoded rows as one batch of tensors."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from workbench.data.tokens.encoded import NO_LOSS, Encoded

if TYPE_CHECKING:
    import torch


def collate(batch: Sequence[Encoded], pad_token_id: int) -> dict[str, torch.Tensor]:
    """`input_ids`, `attention_mask` and `labels`, each [B, T] of int64, padded on the right.

    T is the longest row's length. Padding has attention 0 and label -100. `batch` has at least one row.
    """
    import torch

    length = max(len(row.input_ids) for row in batch)
    padding = [length - len(row.input_ids) for row in batch]

    def stacked(rows: list[list[int]]) -> torch.Tensor:
        return torch.tensor(rows, dtype=torch.int64)

    pairs = list(zip(batch, padding, strict=True))
    return {
        "input_ids": stacked([row.input_ids + [pad_token_id] * pad for row, pad in pairs]),
        "attention_mask": stacked([[1] * len(row.input_ids) + [0] * pad for row, pad in pairs]),
        "labels": stacked([row.labels + [NO_LOSS] * pad for row, pad in pairs]),
    }
