"""Counts over a whole data file: its tokens under a model's template and a cutoff."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.conversation import BadRow
from workbench.data.dataset import Dataset
from workbench.data.opening import OpeningStopped, open_dataset
from workbench.data.tokens.encode import Encoded, RowDropped, cut, encode_whole
from workbench.errors import WrongUse

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

DEFAULT_CUTOFF = 2048
_BETWEEN_REPORTS = 256


@dataclass
class TokenStatistics:
    """Tokens of a data set under one template and cutoff, rows being cut at their end.

    `total` counts the good rows' tokens before any is cut, `trained` those with a loss after it, and
    `tokens_lost` those behind the cutoff. `untrained_rows` are the good rows that are dropped, each of
    them named in `dropped`; `eos_lost` counts rows that are trained without the end of their last answer.
    `rows`, `lengths` (uncut) and `trained_lengths` (uncut) run side by side, for every good row that the
    template takes.
    """

    cutoff_len: int
    total: int = 0
    trained: int = 0
    rows_cut: int = 0
    tokens_lost: int = 0
    untrained_rows: int = 0
    eos_lost: int = 0
    dropped: list[BadRow] = field(default_factory=list)
    rows: array[int] = field(default_factory=lambda: array("Q"))
    lengths: array[int] = field(default_factory=lambda: array("I"))
    trained_lengths: array[int] = field(default_factory=lambda: array("I"))

    def add(self, whole: Encoded) -> None:
        """Count an uncut row."""
        length = len(whole.input_ids)
        self.rows.append(whole.row)
        self.lengths.append(length)
        self.trained_lengths.append(whole.trained)
        self.total += length
        self.rows_cut += length > self.cutoff_len
        self.tokens_lost += max(0, length - self.cutoff_len)
        try:
            encoded = cut(whole, self.cutoff_len)
        except RowDropped as drop:
            self.drop(drop)
            return
        self.trained += encoded.trained
        last_end = encoded.turn_ends[-1] if encoded.turn_ends else -1
        self.eos_lost += not 0 <= last_end < self.cutoff_len

    def drop(self, drop: RowDropped) -> None:
        """Count a good row that is not trained."""
        self.untrained_rows += 1
        self.dropped.append(BadRow(drop.row, drop.reason))

    def as_dict(self) -> dict[str, int]:
        """The counts, as `inspect` gives them."""
        names = ("cutoff_len", "total", "trained", "rows_cut", "tokens_lost", "untrained_rows", "eos_lost")
        return {name: getattr(self, name) for name in names}


def token_statistics(
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    cutoff_len: int,
    *,
    train_on_prompt: bool = False,
    mask_history: bool = False,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> TokenStatistics:
    """Encode every good row and count.

    Raises:
        WorkbenchError: the format is unknown, or the file was changed.
        OpeningStopped: `cancelled` said so.
    """
    statistics = TokenStatistics(cutoff_len)
    total = len(dataset.good_rows)
    for done, conversation in enumerate(dataset.conversations(), start=1):
        try:
            whole = encode_whole(
                conversation, tokenizer, train_on_prompt=train_on_prompt, mask_history=mask_history
            )
            statistics.add(whole)
        except RowDropped as drop:
            statistics.drop(drop)
        if done % _BETWEEN_REPORTS == 0 or done == total:
            if cancelled and cancelled():
                raise OpeningStopped("counting the tokens was stopped", where=str(dataset.path))
            if progress:
                progress(done / total)
    return statistics


def histogram(values: Sequence[int], bins: int = 40) -> list[tuple[int, int, int]]:
    """How many values lie in each of at most `bins` ranges of equal width: (low, high, count).

    `low` is in the range and `high` is not; the ranges join and cover all values.
    """
    if not values or bins < 1:
        return []
    low, high = min(values), max(values)
    width = -(-(high - low + 1) // bins)
    counts = [0] * (-(-(high - low + 1) // width))
    for value in values:
        counts[(value - low) // width] += 1
    return [(low + index * width, low + (index + 1) * width, count) for index, count in enumerate(counts)]


def inspect(
    path: str | Path,
    *,
    model: str | None = None,
    cutoff_len: int | None = None,
    format: str | None = None,
) -> dict[str, Any]:
    """What a data file is, as `workbench inspect` prints it.

    `not_trained` is the reason why it cannot be trained on, or None. With a model, and if it can be, there
    is `tokens` too.

    Raises:
        WorkbenchError: the file cannot be opened, or there is no such model.
        WrongUse: the format is none, or a cutoff is given without a model.
    """
    if cutoff_len is not None and model is None:
        raise WrongUse("a cutoff counts tokens, which needs a model", remedy="Give --model too.")
    if cutoff_len is not None and cutoff_len < 1:
        raise WrongUse(f"cutoff_len is {cutoff_len}, and must be at least 1")
    dataset = open_dataset(path, format=format)
    facts: dict[str, Any] = {
        "path": str(path),
        "container": dataset.container,
        "encoding": dataset.encoding,
        "format": dataset.format,
        "why": dataset.why,
        "rows": dataset.rows,
        "bad_rows": [{"row": bad.row, "reason": bad.reason} for bad in dataset.bad_rows],
        # JSON can name a column with half a character, which cannot be printed.
        "columns": [name.encode("utf-8", "replace").decode() for name in dataset.columns],
        "not_trained": dataset.why_not_trained(),
    }
    if model is not None and facts["not_trained"] is None:
        from workbench.data.tokens.tokenizer import load_tokenizer
        from workbench.models.find import find_model

        tokenizer = load_tokenizer(find_model(model).base, template=dataset.format != "text")
        facts["tokens"] = token_statistics(dataset, tokenizer, cutoff_len or DEFAULT_CUTOFF).as_dict()
    return facts
