"""A quick look at a file's bytes: which rows can hold a text at all.

A row whose bytes are passed over cannot hold the text; one that is not passed over may still not.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from workbench.data.finding.folding import spellings
from workbench.data.finding.pattern import Pattern

JSON, CSV, PLAIN = "json", "csv", "plain"
# How a text is spelled in the files that have it as text.
SPELLED = {"JSON list": JSON, "JSON Lines": JSON, "CSV": CSV, "TSV": CSV, "text": PLAIN}
# What these may be written as in a file is not always what they are.
_ESCAPED = {JSON: '"\\/', CSV: '"', PLAIN: ""}
_NUMBERS = frozenset("0123456789.e+-")


@dataclass(frozen=True)
class Anchor:
    """Bytes of which at least one kind stands in every row that holds the text."""

    needle: bytes
    # Upper-case ASCII counts as lower.
    lower: bool
    # Other spellings, any of which makes a row worth reading.
    others: tuple[re.Pattern[bytes], ...]

    def rows(self, block: bytes, begins: Sequence[int]) -> list[int]:
        """Which of the rows that begin at these places in the block can hold the text, ascending."""
        haystack = block.lower() if self.lower else block
        found = _rows_at(lambda start: haystack.find(self.needle, start), begins)
        for other in self.others:
            found |= _rows_at(partial(_place, other, block), begins)
        return sorted(found)


def _rows_at(place: Callable[[int], int], begins: Sequence[int]) -> set[int]:
    """The rows in which something stands; `place` tells where it does from a start on, or -1."""
    found: set[int] = set()
    at = place(begins[0])
    while at >= 0:
        row = bisect_right(begins, at) - 1
        found.add(row)
        if row + 1 == len(begins):
            break
        at = place(begins[row + 1])
    return found


def _place(expression: re.Pattern[bytes], block: bytes, start: int) -> int:
    match = expression.search(block, start)
    return match.start() if match else -1


def anchor(pattern: Pattern, spelled: str) -> Anchor | None:
    """What to look for in bytes; None where every row has to be read."""
    text = pattern.folded
    if pattern.regex or any(not character.isprintable() and character != "\u3000" for character in text):
        return None
    if any(character in _ESCAPED[spelled] for character in text) or "\ufffd" in text:
        return None
    # A number may be written in several ways: 1000.0 as 1e3.
    if spelled == JSON and (_NUMBERS.issuperset(text.lower()) or text.lower() in "infinity"):
        return None
    escape = [rb"\\u"] if spelled == JSON else []
    if pattern.match_case:
        return Anchor(text.encode(), False, _compiled(escape))
    # A stretch that can be written in one way only, as Chinese can, or else one of ASCII.
    plain = max(re.split(_many_spellings(text), text), key=len) if text else ""
    if plain:
        return Anchor(plain.encode(), False, _compiled(escape))
    ascii_only = max(re.findall(r"[\x20-\x7e]+", text), key=len, default="")
    if not ascii_only:
        return None
    foreign = {other for character in ascii_only for other in spellings(character) if not other.isascii()}
    return Anchor(ascii_only.encode(), True, _compiled([*escape, *_grouped(foreign)]))


def _many_spellings(text: str) -> str:
    many = "".join(re.escape(character) for character in set(text) if len(spellings(character)) > 1)
    return f"[{many}]+" if many else "(?!)"


def _compiled(expressions: Sequence[bytes]) -> tuple[re.Pattern[bytes], ...]:
    return tuple(map(re.compile, expressions))


def _grouped(characters: set[str]) -> list[bytes]:
    """Expressions for the UTF-8 of these, one for each first byte.

    One that begins with a plain byte is looked for many times as quickly as one that may begin with several.
    """
    groups: dict[bytes, list[bytes]] = {}
    for character in sorted(characters):
        spelled = character.encode()
        groups.setdefault(spelled[:1], []).append(re.escape(spelled[1:]))
    return [re.escape(first) + b"(?:" + b"|".join(rest) + b")" for first, rest in groups.items()]
