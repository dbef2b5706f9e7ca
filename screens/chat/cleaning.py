"""A model's text, piece by piece, as what a terminal may show."""

from __future__ import annotations

import re

from workbench.untrusted import printable

# The beginning of an escape sequence or of a line break whose rest may be in the next piece.
_UNFINISHED = re.compile(
    r"(?:\x1b(?:\[[0-?]*[ -/]*|[\]PX^_][^\x07\x1b\x9c]*\x1b?|[ -/]*)"
    r"|\x9b[0-?]*[ -/]*|\r)\Z"
)
_LONGEST = 256


class CleanText:
    """Takes untrusted pieces and gives printable ones; what is split over two pieces is seen whole."""

    def __init__(self) -> None:
        self._held = ""

    def push(self, piece: str) -> str:
        """What can be shown of all pieces so far, less what was given before."""
        text = self._held + piece
        unfinished = _UNFINISHED.search(text, max(len(text) - _LONGEST, 0))
        cut = unfinished.start() if unfinished else len(text)
        self._held = text[cut:]
        return printable(text[:cut])

    def flush(self) -> str:
        """The rest, once no more pieces come."""
        rest, self._held = self._held, ""
        return printable(rest)
