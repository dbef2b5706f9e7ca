"""An encoded row as pieces of text that a screen can paint without knowing tokenizers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from workbench.data.tokens.characters import UNFINISHED
from workbench.data.tokens.encoded import Encoded
from workbench.data.tokens.tokenizer import special_ids

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

# A text may hold UNFINISHED itself, which looks the same; so many tokens at most wait for its end.
_LONGEST = 64


@dataclass(frozen=True, slots=True)
class Piece:
    """One token, or those that make up one character together. `text` is untrusted.

    `cut` pieces lie behind the cutoff. All `ids`, joined, are the row's ids and then those cut off; they
    have a loss where `trained` and not `cut`.
    """

    text: str
    ids: tuple[int, ...]
    trained: bool
    special: bool
    cut: bool
    role: str


def paint(encoded: Encoded, tokenizer: PreTrainedTokenizerBase) -> list[Piece]:
    """The row in pieces, in order. A character of which the cut leaves only a part shows as U+FFFD."""
    ids = encoded.input_ids + encoded.cut_ids
    kept = len(encoded.input_ids)
    special = special_ids(tokenizer)
    pieces: list[Piece] = []
    for span in encoded.spans:
        for start, end in ((span.start, min(span.end, kept)), (max(span.start, kept), span.end)):
            for text, group in _characters(ids, start, end, tokenizer, special):
                is_special = len(group) == 1 and group[0] in special
                pieces.append(Piece(text, group, span.trained, is_special, start >= kept, span.role))
    return pieces


def _characters(
    ids: Sequence[int], start: int, end: int, tokenizer: PreTrainedTokenizerBase, special: frozenset[int]
) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The tokens from `start` to `end` in groups that end with a whole character, with their text."""

    def decode(tokens: Sequence[int]) -> str:
        return str(
            tokenizer.decode(list(tokens), skip_special_tokens=False, clean_up_tokenization_spaces=False)
        )

    # Some decoders drop a space at the start of a text, so what came before is decoded with each group.
    before = tuple(ids[max(0, start - 1) : start])
    group: tuple[int, ...] = ()
    for token in ids[start:end]:
        known = decode(before)
        if known.endswith(UNFINISHED):
            # Together with what follows it could be another character.
            before, known = (), ""
        if token in special and group:
            yield decode(before + group)[len(known) :], group
            before, group = (), ()
        group += (token,)
        text = decode((token,)) if token in special else decode(before + group)[len(known) :]
        if text.endswith(UNFINISHED) and len(group) < _LONGEST:
            continue
        yield text, group
        before, group = group, ()
    if group:
        yield decode(before + group)[len(decode(before)) :], group
