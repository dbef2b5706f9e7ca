"""Characters that a reader takes for the same: upper and lower case, full and half width."""

from __future__ import annotations

import unicodedata
from functools import cache

# Full-width forms and half-width katakana, and the full-width space.
_WIDTHS = (*range(0xFF01, 0xFFEF), 0x3000)


def fold(text: str) -> str:
    """`text` in lower case and common width, character by character: `ＧＰＴ－４，` is `gpt-4,`.

    A character whose other form is several characters (ß) stays as it is, so that positions are kept.
    """
    return text.lower() if text.isascii() else text.translate(_table())


@cache
def spellings(character: str) -> str:
    """All characters that fold to the folded `character`, itself first."""
    return character + "".join(_spellings().get(character, ()))


@cache
def _table() -> dict[int, str]:
    """What each character of the Basic Multilingual Plane that does not stand for itself folds to."""
    table = {}
    for code in range(0x10000):
        character = chr(code)
        common = unicodedata.normalize("NFKC", character) if code in _WIDTHS else character
        folded = common.casefold()
        folded = folded if len(folded) == 1 else common
        if len(folded) == 1 and folded != character:
            table[code] = folded
    return table


@cache
def _spellings() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for code, folded in _table().items():
        found.setdefault(folded, []).append(chr(code))
    return found
