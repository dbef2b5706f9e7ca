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
from dataclasses import replace
from typing import TYPE_CHECKING

from workbench.data.conversation import MODEL_ROLES, Conversation
from workbench.data.tokens.encoded import Encoded, RowDropped, cut, labels_under, untrained
from workbench.data.tokens.rendering import Rendered, Renderer, TemplateRefusal
from workbench.data.tokens.spans import Span, TokenizedText
from workbench.data.tokens.tokenizer import special_ids, special_texts

if TYPE_CHECKING:
    from tokenizers import Encoding
    from transformers import PreTrainedTokenizerBase

# What is tokenized at once: enough that the calls cost little, and little enough to be stopped soon.
_MOST_ROWS = 32
_MOST_CHARACTERS = 1_000_000
# Python's own part of the work keeps no more of them busy.
_MOST_THREADS = 4


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
        self.special_texts = special_texts(tokenizer)
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
        lost = 0 if self._mask_history else len(tokenized.rendered.lost)
        if self._train_on_prompt:
            spans, lost = tuple(replace(span, trained=True) for span in spans), 0
        ids = tokenized.ids
        return Encoded(row, ids, labels_under(spans, ids), spans, [], 0, turn_ends, lost)

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
