"""Where one answer says something else than another, word by word."""

from __future__ import annotations

import difflib
import itertools
import re
from dataclasses import dataclass

# A Chinese, Japanese or Korean character is a word of its own; a run of blanks stands by itself.
_WORDS = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\uac00-\ud7af]|\s+|\w+|[^\w\s]")


@dataclass(frozen=True, slots=True)
class Difference:
    """How a text differs from a reference.

    `pieces` are the text in order, each with whether it stands nowhere in the reference. `changed` of
    `words` words do, the first is number `first` (from 1; the place where words are missing counts too).
    None where both say the same.
    """

    pieces: tuple[tuple[str, bool], ...]
    words: int
    changed: int
    first: int | None

    @property
    def same(self) -> bool:
        """Whether both say the same, blanks aside."""
        return self.first is None


def differing(text: str, reference: str) -> Difference:
    """`text` against `reference`. Quadratic in the worst case: meant for answers, not for books."""
    pieces = _WORDS.findall(text)
    places = [index for index, piece in enumerate(pieces) if not piece.isspace()]
    words = [pieces[index] for index in places]
    other = [piece for piece in _WORDS.findall(reference) if not piece.isspace()]
    # Without the shortcut for frequent words, which would call long texts different throughout.
    matcher = difflib.SequenceMatcher(None, other, words, autojunk=False)
    changed: set[int] = set()
    first: int | None = None
    for kind, _, _, start, end in matcher.get_opcodes():
        if kind != "equal":
            first = start + 1 if first is None else first
            changed.update(places[start:end])
    # Blanks between two changed words are marked with them, so that a changed phrase is one mark.
    for before, after in itertools.pairwise(places):
        if before in changed and after in changed:
            changed.update(range(before + 1, after))
    return Difference(
        tuple((piece, index in changed) for index, piece in enumerate(pieces)),
        len(words),
        sum(index in changed for index in places),
        first,
    )
