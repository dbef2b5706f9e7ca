"""A conversation as token ids and labels: what is trained, exactly.

The text that the chat template makes of the whole conversation is tokenized once, and each token belongs
to the turn in which its first character stands. Trained is what the model has to write itself: an answer
from behind the generation prompt through its end-of-turn token.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.data.conversation import Conversation
from workbench.data.tokens.rendering import TEMPLATE, Region, Rendered, TemplateRefusal, render
from workbench.data.tokens.tokenizer import special_ids
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NO_LOSS = -100


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens `start` to `end` (not included) of one message; `message` is -1 for the template's own text."""

    start: int
    end: int
    role: str
    message: int
    trained: bool


@dataclass(frozen=True, slots=True)
class Encoded:
    """A row as it is trained.

    `labels` are the ids, or -100 where there is no loss. `cut_ids` are the tokens lost behind the cutoff,
    `cut_trained` how many of them would have been trained. The spans cover `input_ids` and then `cut_ids`
    without a gap. `turn_ends` holds, for each trained turn, the index of its end-of-turn token among these,
    or -1 where the template writes none.
    """

    row: int
    input_ids: list[int]
    labels: list[int]
    spans: tuple[Span, ...]
    cut_ids: list[int]
    cut_trained: int
    turn_ends: tuple[int, ...] = ()

    @property
    def trained(self) -> int:
        """How many tokens have a loss."""
        return len(self.labels) - self.labels.count(NO_LOSS)


class RowDropped(WorkbenchError):
    """A good row that is not trained. `encoded` shows it as far as it got, for looking at."""

    def __init__(self, row: int, reason: str, encoded: Encoded | None = None) -> None:
        self.row = row
        self.reason = reason
        self.encoded = encoded
        super().__init__(reason, where=f"row {row:,}")

    def __reduce__(self) -> tuple[object, ...]:
        return (RowDropped, (self.row, self.reason, self.encoded))


def encode(
    conversation: Conversation,
    tokenizer: PreTrainedTokenizerBase,
    *,
    cutoff_len: int,
    cutoff_policy: str = "truncate",
    train_on_prompt: bool = False,
    mask_history: bool = False,
) -> Encoded:
    """The token ids and labels of a row, at most `cutoff_len` of them.

    Args:
        cutoff_policy: what happens to a longer row: truncate (its end is cut), drop, or error.
        train_on_prompt: train every token.
        mask_history: train the last answer only.

    Raises:
        RowDropped: by the policy; or nothing in it is trained; or the template refuses it; or its label
            says that the answer is not wanted.
        WorkbenchError: the row is too long, and the policy is error.
    """
    whole = encode_whole(conversation, tokenizer, train_on_prompt=train_on_prompt, mask_history=mask_history)
    return cut(whole, cutoff_len, cutoff_policy)


def supervised(conversation: Conversation) -> Conversation:
    """What supervised training reads of a row: of two answers the chosen one, as the last turn."""
    if conversation.chosen is None:
        return conversation
    messages = (*conversation.messages, conversation.chosen)
    return replace(conversation, messages=messages, chosen=None, rejected=None)


def encode_whole(
    conversation: Conversation,
    tokenizer: PreTrainedTokenizerBase,
    *,
    train_on_prompt: bool = False,
    mask_history: bool = False,
) -> Encoded:
    """The row before it is cut.

    Raises:
        RowDropped: as `encode` does, but for its length.
    """
    row = conversation.row
    if conversation.text is not None:
        whole = _encode_text(conversation.text, row, tokenizer)
    else:
        whole = _encode_turns(supervised(conversation), tokenizer, mask_history)
        if train_on_prompt:
            spans = tuple(replace(span, trained=True) for span in whole.spans)
            whole = replace(whole, spans=spans, labels=list(whole.input_ids))
    if not whole.trained:
        raise RowDropped(row, "the chat template does not let the answers be told from the rest", whole)
    if conversation.label is False:
        raise RowDropped(row, "its answer is labelled as not wanted", untrained(whole))
    return whole


def untrained(encoded: Encoded) -> Encoded:
    """The row with no loss anywhere."""
    spans = tuple(replace(span, trained=False) for span in encoded.spans)
    return replace(encoded, labels=[NO_LOSS] * len(encoded.labels), spans=spans, turn_ends=())


def cut(whole: Encoded, cutoff_len: int, cutoff_policy: str = "truncate") -> Encoded:
    """An uncut row under a cutoff.

    Raises:
        RowDropped, WorkbenchError: as `encode` does.
    """
    length = len(whole.input_ids)
    if length <= cutoff_len:
        return whole
    sentence = f"it has {length:,} tokens, more than cutoff_len {cutoff_len:,}"
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
        reason = f"cutoff_len {cutoff_len:,} cuts off all {whole.trained:,} tokens that would be trained"
        raise RowDropped(whole.row, reason, encoded)
    return encoded


def labels_under(spans: Iterable[Span], ids: list[int]) -> list[int]:
    """The ids where a span is trained, and -100 elsewhere."""
    labels = [NO_LOSS] * len(ids)
    for span in spans:
        if span.trained:
            labels[span.start : span.end] = ids[span.start : span.end]
    return labels


def _encode_text(text: str, row: int, tokenizer: PreTrainedTokenizerBase) -> Encoded:
    ids = list(tokenizer(text, return_attention_mask=False, verbose=False)["input_ids"])
    eos = tokenizer.eos_token_id
    if eos is not None and (not ids or ids[-1] != eos):
        ids.append(eos)
    end = len(ids) - 1 if eos is not None else -1
    return Encoded(row, ids, list(ids), (Span(0, len(ids), "text", -1, True),), [], 0, (end,))


def _encode_turns(
    conversation: Conversation, tokenizer: PreTrainedTokenizerBase, mask_history: bool
) -> Encoded:
    try:
        rendered = render(conversation, tokenizer)
    except TemplateRefusal as refusal:
        raise RowDropped(conversation.row, f"the chat template refuses it: {refusal}") from refusal
    tokens = tokenizer(
        rendered.text,
        add_special_tokens=False,
        return_offsets_mapping=True,
        return_attention_mask=False,
        verbose=False,
    )
    ids = list(tokens["input_ids"])
    offsets: list[tuple[int, int]] = tokens["offset_mapping"]
    answers = [region for region in rendered.regions if region.answer]
    trained = set(map(id, answers[-1:] if mask_history else answers))
    special = special_ids(tokenizer)
    spans: list[Span] = []
    turn_ends: list[int] = []
    reached = 0
    for region, first, behind in _token_ranges(rendered, offsets):
        if first > reached:
            spans.append(Span(reached, first, TEMPLATE, -1, False))
        if region.answer:
            behind, turn_end = _through_end_of_turn(region, first, behind, ids, offsets, special)
            if id(region) in trained:
                turn_ends.append(turn_end)
        if behind > first:
            spans.append(Span(first, behind, region.role, region.message, id(region) in trained))
        reached = max(first, behind)
    if reached < len(ids):
        spans.append(Span(reached, len(ids), TEMPLATE, -1, False))
    return Encoded(conversation.row, ids, labels_under(spans, ids), tuple(spans), [], 0, tuple(turn_ends))


def _token_ranges(rendered: Rendered, offsets: list[tuple[int, int]]) -> Iterator[tuple[Region, int, int]]:
    """For each region its first token and the one behind its last."""
    token = 0
    for region in rendered.regions:
        while token < len(offsets) and offsets[token][0] < region.start:
            start, end = offsets[token]
            # The space before the first word is part of that word's token in most vocabularies.
            if rendered.text[start : region.start].isspace() and rendered.text[region.start : end].strip():
                break
            token += 1
        first = token
        while token < len(offsets) and offsets[token][0] < region.end:
            token += 1
        yield region, first, token


def _through_end_of_turn(
    region: Region,
    first: int,
    behind: int,
    ids: list[int],
    offsets: list[tuple[int, int]],
    special: frozenset[int],
) -> tuple[int, int]:
    """The token behind the turn's end, and its end-of-turn token (-1 if the template writes none).

    That is the first special token behind the content. Where the content's end is not known it is the
    last special one in the region, since a tool call may hold others. Where there is none, all that the
    template puts behind an answer is trained, unless only the beginning of it stands here: that could as
    well be the next turn's.
    """
    ends = [
        token for token in range(first, behind) if ids[token] in special and offsets[token][1] <= region.end
    ]
    if region.content_end is None:
        ends = ends[-1:]
    else:
        ends = [token for token in ends if offsets[token][0] >= region.content_end][:1]
        if not ends and not region.whole:
            while behind > first and offsets[behind - 1][0] >= region.content_end:
                behind -= 1
    return (ends[0] + 1, ends[0]) if ends else (behind, -1)
