"""Rows as batches that remember which rows they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from workbench.data.tokens.collate import collate
from workbench.data.tokens.encoded import Encoded

ORIGIN = "origin"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a batch is made of: the rows' numbers in their file, and its shape.

    `length` is the longest row's, which the others are padded to; `tokens` counts without padding.
    """

    rows: tuple[int, ...]
    length: int
    tokens: int


def collator(pad_token_id: int) -> Callable[[Sequence[Encoded]], dict[str, Any]]:
    """A function from rows to the tensors of `collate` [B, T] and their `Origin`."""

    def batch(rows: Sequence[Encoded]) -> dict[str, Any]:
        lengths = [len(row.input_ids) for row in rows]
        origin = Origin(tuple(row.row for row in rows), max(lengths), sum(lengths))
        return {**collate(rows, pad_token_id), ORIGIN: origin}

    return batch
