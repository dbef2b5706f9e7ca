"""A row as token ids and labels, and what a cutoff makes of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from workbench.data.tokens.spans import Span
from workbench.errors import WorkbenchError

NO_LOSS = -100


@dataclass(frozen=True, slots=True)
class Encoded:
    """A row as it is trained.

    `labels` are the ids, or -100 where there is no loss. `cut_ids` are the tokens lost behind the cutoff,
    `cut_trained` how many of them would have been trained. The spans cover `input_ids` and then `cut_ids`
    without a gap. `turn_ends` holds, for each trained turn, the index of its end-of-turn token among these,
    or -1 where the template writes none. `lost_answers` is how many answers ought to be trained and are not,
    since the chat template does not let them be told from the rest.
    """

    row: int
    input_ids: list[int]
    labels: list[int]
    spans: tuple[Span, ...]
    cut_ids: list[int]
    cut_trained: int
    turn_ends: tuple[int, ...] = ()
    lost_answers: int = 0

    @property
    def trained(self) -> int:
        """How many tokens have a loss."""
        return len(self.labels) - self.labels.count(NO_LOSS)

    @property
    def note(self) -> str | None:
        """A sentence where the row is trained in part only; None where there is nothing to say."""
        return trained_in_part(self.lost_answers) if self.lost_answers and self.trained else None


class RowDropped(WorkbenchError):
    """A good row that is not trained. `encoded` shows it as far as it got, for looking at."""

    def __init__(self, row: int, reason: str, encoded: Encoded | None = None) -> None:
        self.row = row
        self.reason = reason
        self.encoded = encoded
        super().__init__(reason, where=f"row {row:,}")

    def __reduce__(self) -> tuple[object, ...]:
        return (RowDropped, (self.row, self.reason, self.encoded))


def untrained(encoded: Encoded) -> Encoded:
    """The row with no loss anywhere."""
    spans = tuple(replace(span, trained=False) for span in encoded.spans)
    return replace(encoded, labels=[NO_LOSS] * len(encoded.labels), spans=spans, turn_ends=(), lost_answers=0)


def cut(whole: Encoded, cutoff_len: int, cutoff_policy: str = "truncate") -> Encoded:
    """An uncut row under a cutoff.

    Raises:
        RowDropped, WorkbenchError: as `encode` does.
    """
    length = len(whole.input_ids)
    if length <= cutoff_len:
        return whole
    sentence = why_too_long(length, cutoff_len)
    if cutoff_policy == "error":
        raise WorkbenchError(
            sentence,
            where=f"row {whole.row:,}",
            remedy="Raise cutoff_len, or set cutoff_policy to truncate or drop.",
        )
    labels = whole.labels[:cutoff_len]
    kept = len(labels) - labels.count(NO_LOSS)
    encoded = replace(
        whole,
        input_ids=whole.input_ids[:cutoff_len],
        labels=labels,
        cut_ids=whole.input_ids[cutoff_len:],
        cut_trained=whole.trained - kept,
    )
    if cutoff_policy == "drop":
        raise RowDropped(whole.row, sentence, encoded)
    if not kept:
        raise RowDropped(whole.row, why_cut_away(whole.trained, cutoff_len), encoded)
    return encoded


def why_too_long(length: int, cutoff_len: int) -> str:
    """The sentence about a row of `length` tokens that must not be cut."""
    return f"it has {length:,} tokens, more than cutoff_len {cutoff_len:,}"


def why_cut_away(trained: int, cutoff_len: int) -> str:
    """The sentence about a row of which the cutoff leaves nothing to train."""
    return f"cutoff_len {cutoff_len:,} cuts off all {trained:,} tokens that would be trained"


def labels_under(spans: Iterable[Span], ids: list[int]) -> list[int]:
    """The ids where a span is trained, and -100 elsewhere."""
    labels = [NO_LOSS] * len(ids)
    for span in spans:
        if span.trained:
            labels[span.start : span.end] = ids[span.start : span.end]
    return labels


def trained_in_part(lost_answers: int) -> str:
    """The sentence about a row of which some answers cannot be trained."""
    those = "1 of its answers is" if lost_answers == 1 else f"{lost_answers:,} of its answers are"
    return f"{those} not trained: the chat template does not let every answer be told from the rest"
