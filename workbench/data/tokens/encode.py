"""A conversation as token ids and labels: what is trained, exactly.

The text that the chat template makes of the whole conversation is tokenized once, and each token belongs
to the turn in which its first character stands. Trained is what the model has to write itself: an answer
from behind the generation prompt through its end-of-turn token.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from workbench.data.conversation import MODEL_ROLES, Conversation
from workbench.data.tokens.rendering import Rendered, Renderer, TemplateRefusal
from workbench.data.tokens.spans import Span, TokenizedText
from workbench.data.tokens.tokenizer import special_ids
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase

NO_LOSS = -100
# What is tokenized at once: enough that the calls cost little, and little enough to be stopped soon.
_MOST_ROWS = 32
_MOST_CHARACTERS = 1_000_000
# Python's own part of the work keeps no more of them busy.
_MOST_THREADS = 4


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
    encoder = RowEncoder(tokenizer, train_on_prompt=train_on_prompt, mask_history=mask_history)
    (outcome,) = encoder.encode_all([conversation])
    if isinstance(outcome, RowDropped):
        raise outcome
    return outcome


class RowEncoder:
    """Encodes many rows under one set of options; its tokenizer reads them in batches.

    That lets other threads of Python run meanwhile. What it gives is what `encode_whole` gives row by row.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        *,
        train_on_prompt: bool = False,
        mask_history: bool = False,
    ) -> None:
        self._tokenizer = tokenizer
        self._train_on_prompt = train_on_prompt
        self._mask_history = mask_history
        self._special = special_ids(tokenizer)
        self._renderer = Renderer(tokenizer)

    def encode_all(self, conversations: Iterable[Conversation]) -> Iterator[Encoded | RowDropped]:
        """Each row before it is cut, in order; in place of one that is not trained, why it is not."""
        for batch in _batches(conversations):
            yield from self.encode_batch(batch)

    def encode_in_threads(self, conversations: Iterable[Conversation]) -> Iterator[Encoded | RowDropped]:
        """The same, some batches at a time: the tokenizer's own work runs beside Python's."""
        batches = _batches(conversations)
        # The first call sets the tokenizer's options, which no other may do meanwhile.
        yield from self.encode_batch(next(batches, []))
        count = min(_MOST_THREADS, len(os.sched_getaffinity(0)))
        under_way: deque[Future[list[Encoded | RowDropped]]] = deque()
        with ThreadPoolExecutor(count) as threads:
            try:
                for batch in batches:
                    under_way.append(threads.submit(self.encode_batch, batch))
                    if len(under_way) > count:
                        yield from under_way.popleft().result()
                while under_way:
                    yield from under_way.popleft().result()
            finally:
                threads.shutdown(cancel_futures=True)

    def encode_batch(self, conversations: Sequence[Conversation]) -> list[Encoded | RowDropped]:
        """The same for rows that are tokenized together."""
        texts = [row.text for row in conversations if row.text is not None]
        rendered = [self._rendered(row) if row.text is None else None for row in conversations]
        chats = [one.text for one in rendered if isinstance(one, Rendered)]
        text_tokens = iter(self._tokenized(texts, add_special_tokens=True))
        chat_tokens = iter(self._tokenized(chats, add_special_tokens=False))
        outcomes: list[Encoded | RowDropped] = []
        for conversation, chat in zip(conversations, rendered, strict=True):
            row = conversation.row
            if isinstance(chat, RowDropped):
                outcomes.append(chat)
                continue
            if chat is None:
                whole = self._text(row, next(text_tokens).ids)
            else:
                tokens = next(chat_tokens)
                whole = self._turns(row, TokenizedText(chat, tokens.ids, tokens.offsets, self._special))
            outcomes.append(self._judged(conversation, whole))
        return outcomes

    def _rendered(self, conversation: Conversation) -> Rendered | RowDropped:
        try:
            return self._renderer.render(supervised(conversation))
        except TemplateRefusal as refusal:
            return RowDropped(conversation.row, f"the chat template refuses it: {refusal}")

    def _tokenized(self, texts: list[str], *, add_special_tokens: bool) -> list[Encoding]:
        if not texts:
            return []
        tokens = self._tokenizer(
            texts,
            add_special_tokens=add_special_tokens,
            return_attention_mask=False,
            return_token_type_ids=False,
            verbose=False,
        )
        # Their offsets become a heap of small objects, so they are asked for row by row.
        return tokens.encodings or []

    def _text(self, row: int, ids: list[int]) -> Encoded:
        eos = self._tokenizer.eos_token_id
        if eos is not None and (not ids or ids[-1] != eos):
            ids.append(eos)
        end = len(ids) - 1 if eos is not None else -1
        return Encoded(row, ids, list(ids), (Span(0, len(ids), "text", -1, True),), [], 0, (end,))

    def _turns(self, row: int, tokenized: TokenizedText) -> Encoded:
        spans, turn_ends = tokenized.spans(last_only=self._mask_history)
        if self._train_on_prompt:
            spans = tuple(replace(span, trained=True) for span in spans)
        ids = tokenized.ids
        return Encoded(row, ids, labels_under(spans, ids), spans, [], 0, turn_ends)

    def _judged(self, conversation: Conversation, whole: Encoded) -> Encoded | RowDropped:
        row = conversation.row
        if not whole.trained:
            return RowDropped(row, _why_nothing(conversation), whole)
        if conversation.label is False:
            return RowDropped(row, "its answer is labelled as not wanted", untrained(whole))
        return whole


def _why_nothing(conversation: Conversation) -> str:
    said = [message for message in supervised(conversation).messages if message.role in MODEL_ROLES]
    if said and not any(message.trained for message in said):
        return "all its answers are marked as not to be trained"
    return "the chat template does not let the answers be told from the rest"


def _batches(conversations: Iterable[Conversation]) -> Iterator[list[Conversation]]:
    """Rows in portions that are worth a call of the tokenizer."""
    batch: list[Conversation] = []
    weight = 0
    for conversation in conversations:
        batch.append(conversation)
        weight += _characters(conversation)
        if len(batch) == _MOST_ROWS or weight > _MOST_CHARACTERS:
            yield batch
            batch, weight = [], 0
    if batch:
        yield batch


def _characters(conversation: Conversation) -> int:
    said = sum(len(message.content) for message in conversation.messages)
    return said + len(conversation.text or "")


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
