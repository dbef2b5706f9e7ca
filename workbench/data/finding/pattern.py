"""What is looked for, and whether a text holds it."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from workbench.data.finding.folding import fold, spellings
from workbench.errors import WorkbenchError, WrongUse
from workbench.untrusted import shorten

# One text is looked at for no longer before it is asked whether anybody still waits, and in all.
_AT_ONCE_S = 0.25
_LONGEST_S = 4.0
MOST_SPANS = 2_000


class TooSlow(WorkbenchError):
    """A regular expression takes too long on a text."""

    def __init__(self, row: int | None = None) -> None:
        super().__init__(
            f"the expression takes longer than {_LONGEST_S:.0f} s on {f'row {row:,}' if row else 'a text'}",
            remedy="Repetitions inside repetitions, as in (a+)+, do that: write it without them.",
        )


class Stopped(WorkbenchError):
    """The user stopped the search."""

    def __init__(self) -> None:
        super().__init__("the search was stopped")


def _never() -> bool:
    return False


@dataclass(frozen=True)
class Pattern:
    """A text to look for, or a regular expression.

    Without `match_case`, upper and lower case are the same, and (but in an expression) so are full-width
    and half-width forms. `^` and `$` in an expression stand for the ends of a line; `\\p{Han}` and the
    like are known.

    Raises:
        WrongUse: from `check` and every search: the expression cannot be read, and where.
    """

    text: str
    regex: bool = False
    match_case: bool = False

    @property
    def label(self) -> str:
        """How it is named to a reader: “text” or /expression/."""
        text = shorten(self.text, 40)
        return f"/{text}/" if self.regex else f"“{text}”"

    def check(self) -> None:
        """Nothing, or WrongUse if it cannot be looked for."""
        if not self.text:
            raise WrongUse("there is nothing to look for", remedy="Type a text.")
        if self.regex:
            _ = self._compiled

    @cached_property
    def folded(self) -> str:
        """The text as it is compared."""
        return self.text if self.match_case else fold(self.text)

    @cached_property
    def _compiled(self) -> re.Pattern[str]:
        """For `regex`: the user's expression. Else one that has every spelling of each character."""
        if not self.regex:
            if self.match_case:
                return re.compile(re.escape(self.text))
            return re.compile(
                "".join(f"[{''.join(map(re.escape, spellings(character)))}]" for character in self.folded)
            )
        import regex

        flags = regex.MULTILINE | (0 if self.match_case else regex.IGNORECASE)
        try:
            return regex.compile(self.text, flags)
        except regex.error as error:
            at = f" at character {error.pos + 1:,}" if error.pos is not None else ""
            raise WrongUse(f"the expression cannot be read: {error.msg}{at}") from None
        except (RecursionError, OverflowError, ValueError, MemoryError):
            raise WrongUse("the expression cannot be read: it is too large") from None

    def tester(self, stopped: Callable[[], bool] = _never) -> Callable[[str], bool]:
        """A quick function that says whether a text holds this.

        An expression lets other threads run while it looks, and asks `stopped` now and then.

        Raises:
            WrongUse: the expression cannot be read.
            TooSlow, Stopped: from the function.
        """
        compiled, needle = self._compiled, self.folded
        if self.regex:
            return lambda text: (
                _patiently(lambda limits: compiled.search(text, **limits), stopped) is not None
            )
        if self.match_case or all(len(spellings(character)) == 1 for character in needle):
            return lambda text: needle in text
        ascii_needle = needle.isascii()

        def holds(text: str) -> bool:
            if text.isascii():
                return ascii_needle and needle in text.lower()
            return compiled.search(text) is not None

        return holds

    def spans(self, text: str, *, most: int = MOST_SPANS, seconds: float = 0.05) -> list[tuple[int, int]]:
        """Where it stands in `text`: start and end of each place; what is not found in time is left out."""
        # `regex` knows a time limit, which `re` does not need here.
        limits: dict[str, Any] = {"timeout": seconds, "concurrent": True} if self.regex else {}
        found: list[tuple[int, int]] = []
        try:
            for match in self._compiled.finditer(text, **limits):
                if match.end() > match.start():
                    found.append(match.span())
                    if len(found) == most:
                        break
        except TimeoutError:
            pass
        return found

    def first(self, text: str) -> tuple[int, int] | None:
        """The first place in `text`."""
        return next(iter(self.spans(text, most=1)), None)


def _patiently(search: Callable[[dict[str, Any]], object], stopped: Callable[[], bool]) -> object:
    """The result of a search that may take for ever."""
    seconds = _AT_ONCE_S
    while True:
        try:
            return search({"timeout": seconds, "concurrent": True})
        except TimeoutError:
            if stopped():
                raise Stopped from None
            if seconds >= _LONGEST_S:
                raise TooSlow from None
            seconds *= 2
