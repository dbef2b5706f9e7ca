"""The loss on rows that are never trained on."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from workbench.data.tokens.encoded import Encoded
from workbench.training.batches import ORIGIN


@dataclass(frozen=True, slots=True)
class HeldOutLoss:
    """Mean cross-entropy in nats over `tokens` answer tokens."""

    loss: float
    tokens: int


@torch.no_grad()
def held_out_loss(
    model: Any,
    rows: Sequence[Encoded],
    collate: Callable[[Sequence[Encoded]], dict[str, Any]],
    *,
    batch_size: int,
    go_on: Callable[[int], bool],
) -> HeldOutLoss | None:
    """The mean over all trained tokens of `rows`: a long answer counts for more than a short one.

    `go_on` is asked before each batch, with the number of rows done; None is returned when it says no.
    No random number is drawn, so that evaluating changes nothing about the training. Leaves `model` in
    eval mode.
    """
    model.eval()
    total, tokens = 0.0, 0
    # Rows of like length together: less padding. The sum does not depend on the order.
    ordered = sorted(rows, key=lambda row: len(row.input_ids))
    for first in range(0, len(ordered), batch_size):
        if not go_on(first):
            return None
        batch = collate(ordered[first : first + batch_size])
        batch.pop(ORIGIN, None)
        batch = {name: tensor.to(model.device) for name, tensor in batch.items()}
        counted = int((batch["labels"][:, 1:] != -100).sum())
        if counted:
            total += model(**batch, use_cache=False).loss.item() * counted
            tokens += counted
    return HeldOutLoss(total / tokens if tokens else math.nan, tokens)
