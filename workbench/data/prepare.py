"""From a recipe to the rows that are trained and those that are held out."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from workbench.data.conversation import BadRow
from workbench.data.dataset import Dataset
from workbench.data.formats.mapping_text import parse_mapping
from workbench.data.opening import OpeningStopped, open_dataset
from workbench.data.tokens.encode import RowEncoder
from workbench.data.tokens.encoded import RowDropped, cut
from workbench.data.tokens.encoded_rows import EncodedRows
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from workbench.recipe.schema import Recipe

_BETWEEN_REPORTS = 256


@dataclass
class Prepared:
    """What a run trains on.

    `dropped` are the rows of `train_set` that are left out: bad ones, and good ones that the cutoff or
    the template rules out. `held_out_set` is the file the held-out rows are from: None without any, the
    same as `train_set` where val_size took them, and then `dropped` has their bad rows too.
    """

    train: EncodedRows
    held_out: EncodedRows
    dropped: list[BadRow]
    train_set: Dataset
    held_out_set: Dataset | None = None
    dropped_held_out: list[BadRow] = field(default_factory=list)

    @property
    def tokens(self) -> int:
        """The tokens of one epoch."""
        return self.train.tokens


def prepare(
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Prepared:
    """Open the recipe's files, split off the held-out rows (by `seed`), and encode all.

    The first `max_samples` good rows of each file are used. `val_size` is a share of those, or a number;
    an `eval_dataset` goes before it.

    Args:
        progress: told the share of the rows that are encoded, 0 to 1, now and then.
        cancelled: asked now and then whether to stop.

    Raises:
        WorkbenchError: a file cannot be opened or trained on, or nothing is left to train or to hold out.
        OpeningStopped: `cancelled` said so.
    """
    train_set = open_for_training(recipe.dataset, recipe.dataset_format, cancelled=cancelled)
    rows = train_set.good_rows[: recipe.max_samples]
    held_out_set: Dataset | None = None
    held_out_rows: Sequence[int] = ()
    if recipe.eval_dataset:
        held_out_set = open_for_training(recipe.eval_dataset, recipe.dataset_format, cancelled=cancelled)
        held_out_rows = held_out_set.good_rows[: recipe.max_samples]
    elif recipe.val_size:
        held_out_set = train_set
        rows, held_out_rows = split(rows, recipe.val_size, recipe.seed, train_set)
    done = _Progress(len(rows) + len(held_out_rows), progress, cancelled)
    train, dropped = _encoded(train_set, rows, recipe, tokenizer, done)
    dropped = sorted([*train_set.bad_rows, *dropped], key=lambda bad: bad.row)
    if not train:
        raise _nothing_left(train_set, rows, dropped, "trained")
    prepared = Prepared(train, EncodedRows(), dropped, train_set, held_out_set)
    if held_out_set:
        prepared.held_out, lost = _encoded(held_out_set, held_out_rows, recipe, tokenizer, done)
        if held_out_set is not train_set:
            lost = sorted([*held_out_set.bad_rows, *lost], key=lambda bad: bad.row)
        prepared.dropped_held_out = lost
        if not prepared.held_out:
            raise _nothing_left(held_out_set, held_out_rows, lost, "held out")
    return prepared


def open_for_training(
    path: str, read_as: str | None = None, *, cancelled: Callable[[], bool] | None = None
) -> Dataset:
    """The file's rows, if they can be trained on; read as the recipe's `dataset_format` says.

    Raises:
        WorkbenchError: they cannot, or the file cannot be opened.
        WrongUse: `read_as` is neither a format nor a mapping.
    """
    if read_as and "=" in read_as:
        dataset = open_dataset(path, mapping=parse_mapping(read_as), cancelled=cancelled)
    else:
        dataset = open_dataset(path, format=read_as, cancelled=cancelled)
    if problem := dataset.why_not_trained():
        raise WorkbenchError(problem, where=str(dataset.path))
    return dataset


def split(rows: Sequence[int], val_size: float, seed: int, dataset: Dataset) -> tuple[list[int], list[int]]:
    """Training rows and held-out rows, both in file order; the same for the same seed.

    Raises:
        WorkbenchError: nothing is left to train on.
    """
    count = int(val_size) if val_size >= 1 else max(1, round(len(rows) * val_size))
    if count >= len(rows):
        raise WorkbenchError(
            f"val_size {val_size:g} holds out {count:,} of {len(rows):,} usable rows and leaves none",
            where=str(dataset.path),
            remedy="Lower val_size.",
        )
    held_out = set(random.Random(seed).sample(rows, count))
    return [row for row in rows if row not in held_out], sorted(held_out)


class _Progress:
    def __init__(
        self, total: int, progress: Callable[[float], None] | None, cancelled: Callable[[], bool] | None
    ) -> None:
        self._total = total
        self._done = 0
        self._progress = progress
        self._cancelled = cancelled

    def step(self) -> None:
        self._done += 1
        if self._done % _BETWEEN_REPORTS and self._done != self._total:
            return
        if self._cancelled and self._cancelled():
            raise OpeningStopped("preparing the rows was stopped")
        if self._progress:
            self._progress(self._done / self._total)


def _encoded(
    dataset: Dataset,
    rows: Iterable[int],
    recipe: Recipe,
    tokenizer: PreTrainedTokenizerBase,
    progress: _Progress,
) -> tuple[EncodedRows, list[BadRow]]:
    encoded = EncodedRows()
    dropped: list[BadRow] = []
    encoder = RowEncoder(tokenizer, train_on_prompt=recipe.train_on_prompt, mask_history=recipe.mask_history)
    for outcome in encoder.encode_in_threads(dataset.conversation(row) for row in rows):
        try:
            if isinstance(outcome, RowDropped):
                raise outcome
            encoded.append(cut(outcome, recipe.cutoff_len, recipe.cutoff_policy))
        except RowDropped as drop:
            dropped.append(BadRow(drop.row, drop.reason))
        except WorkbenchError as error:
            if error.where == f"row {outcome.row:,}":
                error.where = f"{dataset.path}, {error.where}"
            raise
        progress.step()
    return encoded, dropped


def _nothing_left(dataset: Dataset, rows: Sequence[int], dropped: list[BadRow], what: str) -> WorkbenchError:
    used = set(rows)
    reasons = [bad for bad in dropped if bad.row in used]
    first = f"; row {reasons[0].row:,}: {reasons[0].reason}" if reasons else ""
    return WorkbenchError(f"none of the {len(rows):,} rows can be {what}{first}", where=str(dataset.path))
