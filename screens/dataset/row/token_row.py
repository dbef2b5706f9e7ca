"""A row in tokens, with what can be said of each: its ids, their names, its fate."""

from __future__ import annotations

import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content

from screens.dataset.row.flow import Run
from workbench.figures import count
from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from workbench.data.conversation import Conversation
    from workbench.data.tokens.encode import Encoded, Span
    from workbench.data.tokens.paint import Piece

# The text of a token may be long: a run of spaces, a rule of dashes.
LONGEST_TEXT = 24
MOST_NAMED = 8


@dataclass(frozen=True, eq=False)
class TokenRow:
    """The pieces of an encoded row. Pieces are those of `paint`: a character that spans tokens is one."""

    encoded: Encoded
    pieces: list[Piece]
    tokenizer: PreTrainedTokenizerBase
    starts: array[int]

    @classmethod
    def of(cls, encoded: Encoded, pieces: list[Piece], tokenizer: PreTrainedTokenizerBase) -> TokenRow:
        """With the first token of each piece counted."""
        starts, reached = array("L"), 0
        for piece in pieces:
            starts.append(reached)
            reached += len(piece.ids)
        return cls(encoded, pieces, tokenizer, starts)

    @property
    def tokens(self) -> int:
        """How many tokens the row has before it is cut."""
        return len(self.encoded.input_ids) + len(self.encoded.cut_ids)

    @property
    def first_cut(self) -> int:
        """The first piece that is cut off; how many pieces there are if none is."""
        return bisect_left(self.starts, len(self.encoded.input_ids))

    def next_trained(self, number: int, step: int) -> int:
        """The first piece of the next trained span (`step` 1), or of the one before (-1); itself if none."""
        token = self.starts[number]
        begins = [span.start for span in self.encoded.spans if span.trained]
        if step > 0:
            following = [start for start in begins if start > token][:1]
        else:
            following = [start for start in begins if start < token][-1:]
        return bisect_left(self.starts, following[0]) if following else number

    def describe(self, number: int) -> tuple[Content, Content]:
        """Two lines on a piece: where it stands and what becomes of it; its ids, their names, its text."""
        piece = self.pieces[number]
        first = self.starts[number]
        last = first + len(piece.ids)
        where = f"{count(first + 1)}" if last == first + 1 else f"{count(first + 1)}–{count(last)}"
        place = Content.assemble(
            (f"token {where}" if last == first + 1 else f"tokens {where}", "bold"),
            (f" of {count(self.tokens)} · ", "$text-muted"),
            *_fate(piece, self._span(first)),
        )
        names = self.tokenizer.convert_ids_to_tokens(list(piece.ids))
        parts: list[str | tuple[str, str]] = [("id " if len(names) == 1 else "ids ", "$text-muted")]
        for id_, name in zip(piece.ids, names, strict=True):
            parts += [f"{id_} ", (f"{shorten(str(name), LONGEST_TEXT)}  ", "$primary")]
        parts += [("is ", "$text-muted"), _quoted(piece.text), (_named(piece.text), "$text-muted")]
        return place, Content.assemble(*parts)

    def _span(self, token: int) -> Span:
        spans = self.encoded.spans
        return spans[max(bisect_right(spans, token, key=lambda span: span.start) - 1, 0)]


def lost_runs(conversation: Conversation, tokenizer: PreTrainedTokenizerBase) -> list[Run]:
    """A sentence on the characters of the row that the tokenizer leaves out, if there are any."""
    from workbench.data.tokens.lost_characters import lost_characters

    lost = lost_characters("\n".join(text for _, text in conversation.strings()), tokenizer)
    if not lost:
        return []
    named = "  ".join(f"{printable(sign)} U+{ord(sign):04X}" for sign in lost[:MOST_NAMED])
    more = f" and {count(len(lost) - MOST_NAMED)} more" if len(lost) > MOST_NAMED else ""
    return [Run(f"! The model will not read: {named}{more}. Its vocabulary lacks them.\n\n", "warning")]


def _fate(piece: Piece, span: Span) -> list[str | tuple[str, str]]:
    """Whose turn it is in, and what becomes of it."""
    who = piece.role if span.message < 0 else f"{piece.role}, turn {span.message + 1}"
    words: list[str | tuple[str, str]] = [printable(who, keep_newlines=False), (" · ", "$text-muted")]
    if piece.cut:
        words.append(("cut off, would be trained" if piece.trained else "cut off", "bold $text-error"))
    else:
        words.append(("trained", "bold $text-success") if piece.trained else ("context", "$text-muted"))
        words.append((" · kept", "$text-muted"))
    return [*words, (" · special", "italic $secondary")] if piece.special else words


def _quoted(text: str) -> str:
    return f"“{shorten(text, LONGEST_TEXT)}”" if text else "no text of its own"


def _named(text: str) -> str:
    """The code points, and the name of a single character that is not plain."""
    if not text or len(text) > 2 or (text.isascii() and text.isprintable()):
        return ""
    points = " ".join(f"U+{ord(character):04X}" for character in text)
    name = unicodedata.name(text, "") if len(text) == 1 and not text.isalpha() else ""
    return f"  {points}{' ' + name.lower() if name else ''}"
