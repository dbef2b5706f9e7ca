"""Counting the tokens of a whole data set: in this thread, or in worker processes where it is large."""

from __future__ import annotations

import importlib.metadata
import json
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING
from zipfile import BadZipFile

from xxhash import xxh3_64

from workbench.atomic import replace_bytes
from workbench.data.conversation import Conversation
from workbench.data.dataset import Dataset
from workbench.data.index.cache import code_version
from workbench.data.opening import OpeningStopped
from workbench.data.sharing import as_order
from workbench.data.tokens.encode import RowEncoder, supervised
from workbench.data.tokens.lengths import LengthsCounter, TokenLengths
from workbench.data.tokens.lost_characters import LostCharacters
from workbench.data.tokens.portable import hand_over
from workbench.data.tokens.tokenizer import load_tokenizer
from workbench.data.workers import WorkStopped, run_workers, worker_count
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# Fewer rows are counted about as soon as workers have started and loaded what they need.
IN_THIS_THREAD = 10_000
_WORKER = "workbench.data.tokens.worker"
_TOKENIZER_FILES = ("*.json", "*.jinja", "*.model", "*.tiktoken", "*.txt", "additional_chat_templates/*")
_BETWEEN_REPORTS = 64

Progress = Callable[[float], None] | None
Cancelled = Callable[[], bool] | None


def count_tokens(
    dataset: Dataset,
    model_base: Path,
    *,
    train_on_prompt: bool = False,
    mask_history: bool = False,
    tokenizer: PreTrainedTokenizerBase | None = None,
    progress: Progress = None,
    cancelled: Cancelled = None,
) -> TokenLengths:
    """The tokens of every good row, under any cutoff; kept beside the data set's index for the next time.

    Args:
        model_base: the folder of the model whose tokenizer and template count.
        tokenizer: that tokenizer, where it is loaded already.
        progress: told the share of the rows that are counted, 0 to 1.
        cancelled: asked now and then whether to stop.

    Raises:
        WorkbenchError: the tokenizer cannot be loaded, the format is unknown, or the file was changed.
        OpeningStopped: `cancelled` said so.
    """
    options = {"train_on_prompt": train_on_prompt, "mask_history": mask_history}
    kept = _kept_in(dataset, model_base, options)
    if kept is not None and (found := _read(kept)) is not None:
        return found
    if tokenizer is None:
        tokenizer = load_tokenizer(model_base, template=dataset.format != "text")
    try:
        found = _counted(dataset, tokenizer, options, progress, cancelled)
    except WorkStopped as stopped:
        raise OpeningStopped("counting the tokens was stopped", where=str(dataset.path)) from stopped
    if kept is not None:
        _write(kept, found)
    return found


def count_rows(
    conversations: Iterable[Conversation],
    encoder: RowEncoder,
    lost: LostCharacters,
    told: Callable[[int], None],
) -> TokenLengths:
    """The tokens of these rows; `told` is called with how many are done."""
    counter = LengthsCounter()
    missed: dict[int, int] = {}
    special: set[int] = set()

    def looked_at() -> Iterator[Conversation]:
        for conversation in conversations:
            said = "".join(text for _, text in supervised(conversation).strings())
            if count := lost.count(said):
                missed[conversation.row] = count
            if encoder.special_texts.search(said):
                special.add(conversation.row)
            yield conversation

    for done, outcome in enumerate(encoder.encode_all(looked_at()), start=1):
        counter.add(outcome, missed.pop(outcome.row, 0), holds_special=outcome.row in special)
        special.discard(outcome.row)
        if done % _BETWEEN_REPORTS == 0:
            told(done)
    return counter.lengths()


def _counted(
    dataset: Dataset,
    tokenizer: PreTrainedTokenizerBase,
    options: dict[str, bool],
    progress: Progress,
    cancelled: Cancelled,
) -> TokenLengths:
    total = len(dataset.good_rows)
    if dataset.complete and total >= IN_THIS_THREAD:
        with tempfile.TemporaryDirectory(prefix="workbench-tokens-") as folder:
            if hand_over(tokenizer, Path(folder)):
                counted = _by_workers(dataset, Path(folder), options, progress, cancelled)
                if counted is not None:
                    return counted

    def told(done: int) -> None:
        if cancelled and cancelled():
            raise WorkStopped("it was stopped")
        if progress:
            progress(done / total)

    encoder = RowEncoder(tokenizer, **options)
    found = count_rows(dataset.conversations(), encoder, LostCharacters(tokenizer), told)
    told(total)
    return found


def _by_workers(
    dataset: Dataset, folder: Path, options: dict[str, bool], progress: Progress, cancelled: Cancelled
) -> TokenLengths | None:
    total, shares = len(dataset.good_rows), worker_count()
    bounds = [total * share // shares for share in range(shares + 1)]
    orders = [
        {
            **as_order(dataset),
            "from": low,
            "to": high,
            "tokenizer": str(folder),
            "options": options,
            "found": str(folder / f"{low}.npz"),
        }
        for low, high in pairwise(bounds)
    ]
    told = run_workers(_WORKER, orders, progress=progress, cancelled=cancelled)
    if not all(share["counted"] for share in told):
        return None
    return TokenLengths.joined([TokenLengths.from_file(Path(str(order["found"]))) for order in orders])


def _kept_in(dataset: Dataset, model_base: Path, options: dict[str, bool]) -> Path | None:
    """The file in which the counts are kept; None where nothing is kept of the data set."""
    if dataset.kept_in is None or not dataset.complete:
        return None
    seen = xxh3_64()
    for file in sorted({file for pattern in _TOKENIZER_FILES for file in model_base.glob(pattern)}):
        if not file.name.endswith(".index.json"):
            seen.update(file.name.encode() + file.read_bytes())
    versions = [importlib.metadata.version(name) for name in ("transformers", "tokenizers", "jinja2")]
    seen.update(json.dumps([code_version(("tokens",)), options, versions]).encode())
    return dataset.kept_in / f"tokens-{seen.hexdigest()}.npz"


def _read(kept: Path) -> TokenLengths | None:
    try:
        return TokenLengths.from_file(kept)
    except (OSError, ValueError, KeyError, EOFError, BadZipFile):
        return None


def _write(kept: Path, found: TokenLengths) -> None:
    try:
        replace_bytes(kept, found.as_bytes())
    except WorkbenchError:
        # The cache may be full or read-only; then they are counted again.
        return
