"""How many tokens each row has, kept so that the counts under any cutoff follow at once."""

from __future__ import annotations

import io
import json
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np

from workbench.data.tokens.encoded import Encoded, RowDropped, why_cut_away, why_too_long
from workbench.data.tokens.rendering import TEMPLATE
from workbench.data.tokens.statistics import DroppedRows, TokenStatistics

# By whom a token is written; the call of a tool is the assistant's. Plain text has a role of its own.
ROLES = ("system", "user", "assistant", "tool", "template", "text")
_PLACE = {role: place for place, role in enumerate(ROLES)} | {"function_call": ROLES.index("assistant")}


@dataclass(frozen=True, eq=False)
class TokenLengths:
    """The good rows of a data set under one tokenizer, template and mask, before any cutoff.

    The first arrays run side by side, an entry for each row that can be trained: its number, its tokens,
    how many of them are trained, where its last trained turn ends (-1 if the template writes no end), how
    many of its characters the tokenizer loses, whether its texts hold a special token, how many answers
    ought to be trained and are not, and its tokens by role [rows, roles]. Row i is trained from
    `starts[j]` to `ends[j]` for each j from `first_range[i]` to `first_range[i + 1]`. `dropped_rows` are the
    good rows that are not trained under any cutoff, because of `reasons[dropped_codes]`.
    """

    rows: np.ndarray
    lengths: np.ndarray
    trained: np.ndarray
    last_ends: np.ndarray
    lost_characters: np.ndarray
    special_text: np.ndarray
    lost_answers: np.ndarray
    by_role: np.ndarray
    first_range: np.ndarray
    starts: np.ndarray
    ends: np.ndarray
    dropped_rows: np.ndarray
    dropped_codes: np.ndarray
    reasons: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.rows)

    def under(self, cutoff_len: int, cutoff_policy: str = "truncate") -> TokenStatistics:
        """The counts with rows cut after `cutoff_len` tokens: what `encode` does row by row.

        Under the policies drop and error longer rows are not trained; with error, the first of them would
        end the run.
        """
        long = self.lengths > cutoff_len
        at = np.flatnonzero(long)
        kept = self.trained.copy()
        kept[at] = self._trained_before(cutoff_len, at)
        why: Callable[..., str]
        if cutoff_policy == "truncate":
            gone, why, amounts = long & (kept == 0), why_cut_away, self.trained
        else:
            gone, why, amounts = long, why_too_long, self.lengths
        used = ~gone
        by_cutoff = self.rows[gone]
        return TokenStatistics(
            cutoff_len=cutoff_len,
            total=int(self.lengths.sum()),
            trained=int(kept[used].sum()),
            tokens_lost=int(self.lengths[at].sum()) - cutoff_len * len(at),
            rows=self.rows,
            lengths=self.lengths,
            trained_lengths=self.trained,
            lengths_by_role={role: self.by_role[:, at] for at, role in enumerate(ROLES) if self._holds(at)},
            cut_rows=self.rows[at],
            eos_lost_rows=self.rows[used & ((self.last_ends < 0) | (self.last_ends >= cutoff_len))],
            lost_character_rows=self.rows[self.lost_characters > 0],
            special_text_rows=self.rows[self.special_text > 0],
            partly_trained_rows=self.rows[used & (self.lost_answers > 0)],
            dropped=DroppedRows(
                np.concatenate([self.dropped_rows, by_cutoff]),
                np.concatenate([self.dropped_codes, np.full(len(by_cutoff), -1)]),
                np.concatenate([np.zeros_like(self.dropped_rows), amounts[gone]]),
                self.reasons,
                partial(why, cutoff_len=cutoff_len),
            ),
            kept_lengths=np.minimum(self.lengths[used], cutoff_len),
        )

    def _holds(self, role: int) -> bool:
        return bool(self.by_role[:, role].any())

    def _trained_before(self, cutoff_len: int, at: np.ndarray) -> np.ndarray:
        """The tokens trained before the cutoff of the rows at these places."""
        within = np.minimum(self.ends, cutoff_len) - np.minimum(self.starts, cutoff_len)
        so_far = np.concatenate([[0], np.cumsum(within, dtype=np.int64)])
        return so_far[self.first_range[at + 1]] - so_far[self.first_range[at]]

    def as_bytes(self) -> bytes:
        """All of it, for `from_bytes`."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        reasons = np.frombuffer(json.dumps(self.reasons).encode(), dtype=np.uint8)
        file = io.BytesIO()
        np.savez(file, reasons=reasons, **arrays)
        return file.getvalue()

    @classmethod
    def from_file(cls, path: Path) -> TokenLengths:
        """What `as_bytes` told.

        Raises:
            OSError, ValueError, KeyError, EOFError, BadZipFile: the file is not there, or damaged.
        """
        with np.load(path, allow_pickle=False) as told:
            reasons = tuple(json.loads(told["reasons"].tobytes()))
            return cls(**{name: told[name] for name in _ARRAYS}, reasons=reasons)

    @classmethod
    def joined(cls, parts: Sequence[TokenLengths]) -> TokenLengths:
        """The rows of all parts, in this order."""
        reasons = list(dict.fromkeys(reason for part in parts for reason in part.reasons))
        arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in _ARRAYS}
        codes = [
            np.array([reasons.index(reason) for reason in part.reasons], dtype=np.int64)[part.dropped_codes]
            for part in parts
        ]
        ranges, before = [np.zeros(1, dtype=np.int64)], 0
        for part in parts:
            ranges.append(part.first_range[1:] + before)
            before += len(part.starts)
        arrays |= {"dropped_codes": np.concatenate(codes), "first_range": np.concatenate(ranges)}
        return cls(**arrays, reasons=tuple(reasons))


_SMALL = ("lost_characters", "special_text", "lost_answers", "by_role", "starts", "ends")
_ARRAYS = tuple(field.name for field in fields(TokenLengths) if field.name != "reasons")


class LengthsCounter:
    """Takes rows one by one and makes `TokenLengths` of them."""

    def __init__(self) -> None:
        self._columns = {name: array("q") for name in _ARRAYS}
        self._columns["first_range"].append(0)
        self._reasons: dict[str, int] = {}

    def add(
        self, outcome: Encoded | RowDropped, lost_characters: int = 0, *, holds_special: bool = False
    ) -> None:
        """Count an uncut row, or one that is not trained."""
        put = self._columns
        if isinstance(outcome, RowDropped):
            put["dropped_rows"].append(outcome.row)
            put["dropped_codes"].append(self._reasons.setdefault(outcome.reason, len(self._reasons)))
            return
        trained, by_role = 0, [0] * len(ROLES)
        for span in outcome.spans:
            length = span.end - span.start
            by_role[_PLACE.get(span.role, _PLACE[TEMPLATE])] += length
            if span.trained:
                trained += length
                put["starts"].append(span.start)
                put["ends"].append(span.end)
        put["rows"].append(outcome.row)
        put["lengths"].append(len(outcome.input_ids))
        put["trained"].append(trained)
        put["last_ends"].append(outcome.turn_ends[-1] if outcome.turn_ends else -1)
        put["lost_characters"].append(lost_characters)
        put["special_text"].append(holds_special)
        put["lost_answers"].append(outcome.lost_answers)
        put["by_role"].extend(by_role)
        put["first_range"].append(len(put["starts"]))

    def lengths(self) -> TokenLengths:
        """What was counted."""
        arrays = {
            name: np.array(column, dtype=np.int32 if name in _SMALL else np.int64)
            for name, column in self._columns.items()
        }
        arrays["by_role"] = arrays["by_role"].reshape(-1, len(ROLES))
        return TokenLengths(**arrays, reasons=tuple(self._reasons))
