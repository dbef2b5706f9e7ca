"""Counts over a whole data set: its tokens under a model's template and a cutoff."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, overload

import numpy as np

from workbench.data.conversation import BadRow
from workbench.data.tokens.packing import Packing, packing

DEFAULT_CUTOFF = 2048


class DroppedRows(Sequence[BadRow]):
    """Good rows that are not trained, in order. The reasons are put into words when they are asked for.

    Args:
        rows: the numbers of the rows.
        codes: for each the index of its reason, or -1 if it is the cutoff.
        amounts: what to tell `by_cutoff`, for rows of code -1.
    """

    def __init__(
        self,
        rows: np.ndarray,
        codes: np.ndarray,
        amounts: np.ndarray,
        reasons: Sequence[str],
        by_cutoff: Callable[[int], str],
    ) -> None:
        order = np.argsort(rows, kind="stable")
        self.numbers = rows[order]
        self._codes = codes[order]
        self._amounts = amounts[order]
        self._reasons = reasons
        self._by_cutoff = by_cutoff

    def __len__(self) -> int:
        return len(self.numbers)

    @overload
    def __getitem__(self, index: int) -> BadRow: ...

    @overload
    def __getitem__(self, index: slice) -> list[BadRow]: ...

    def __getitem__(self, index: int | slice) -> BadRow | list[BadRow]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        code = int(self._codes[index])
        reason = self._reasons[code] if code >= 0 else self._by_cutoff(int(self._amounts[index]))
        return BadRow(int(self.numbers[index]), reason)


@dataclass(frozen=True, eq=False)
class TokenStatistics:
    """Tokens of a data set under one template and cutoff.

    `total` counts the tokens before any is cut, `trained` those with a loss after it, and `tokens_lost`
    those behind the cutoff. `rows`, `lengths`, `trained_lengths` (all uncut) and each of `lengths_by_role`
    run side by side, for every good row that can be trained under some cutoff. The numbers of the rows
    behind the counts: `cut_rows` are longer than the cutoff, `eos_lost_rows` are trained without the end of
    their last answer, `lost_character_rows` hold characters that the tokenizer leaves out,
    `special_text_rows` hold a special token as text, which the tokenizer reads as that token,
    `partly_trained_rows` have answers that the template does not let be told from the rest, and `dropped` are
    the good rows that are not trained. `kept_lengths` are those of the rows that are, cut.
    """

    cutoff_len: int
    total: int
    trained: int
    tokens_lost: int
    rows: np.ndarray
    lengths: np.ndarray
    trained_lengths: np.ndarray
    lengths_by_role: dict[str, np.ndarray]
    cut_rows: np.ndarray
    eos_lost_rows: np.ndarray
    lost_character_rows: np.ndarray
    special_text_rows: np.ndarray
    partly_trained_rows: np.ndarray
    dropped: DroppedRows
    kept_lengths: np.ndarray

    @property
    def rows_cut(self) -> int:
        """How many rows are longer than the cutoff."""
        return len(self.cut_rows)

    @property
    def eos_lost(self) -> int:
        """How many rows are trained without the end of their last answer."""
        return len(self.eos_lost_rows)

    @property
    def untrained_rows(self) -> int:
        """How many good rows are not trained."""
        return len(self.dropped)

    @property
    def untrained_rows_numbers(self) -> np.ndarray:
        """Their numbers."""
        return self.dropped.numbers

    @cached_property
    def packing(self) -> Packing:
        """The trained rows laid into sequences of the cutoff's length."""
        return packing(self.kept_lengths, self.cutoff_len)

    @property
    def lossless_cutoff(self) -> int:
        """The smallest cutoff that loses no token: the longest row's length."""
        return int(self.lengths.max(initial=0))

    def as_dict(self) -> dict[str, Any]:
        """The counts, as `inspect` gives them."""
        return {
            "cutoff_len": self.cutoff_len,
            "rows_counted": len(self.rows),
            "total": self.total,
            "trained": self.trained,
            "rows_cut": self.rows_cut,
            "tokens_lost": self.tokens_lost,
            "eos_lost": self.eos_lost,
            "untrained_rows": self.untrained_rows,
            "packing": {
                "sequences": self.packing.sequences,
                "efficiency": round(self.packing.efficiency, 4),
            },
            "lossless_cutoff": self.lossless_cutoff,
            "lost_characters": len(self.lost_character_rows),
            "special_text": len(self.special_text_rows),
            "partly_trained": len(self.partly_trained_rows),
        }


def histogram(values: Sequence[int] | np.ndarray, bins: int = 40) -> list[tuple[int, int, int]]:
    """How many values lie in each of at most `bins` ranges of equal width: (low, high, count).

    `low` is in the range and `high` is not; the ranges join and cover all values.
    """
    if not len(values) or bins < 1:
        return []
    numbers = np.asarray(values, dtype=np.int64)
    low, high = int(numbers.min()), int(numbers.max())
    width = -(-(high - low + 1) // bins)
    counts = np.bincount((numbers - low) // width).tolist()
    return [(low + index * width, low + (index + 1) * width, count) for index, count in enumerate(counts)]
