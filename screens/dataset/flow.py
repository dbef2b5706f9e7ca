"""Styled text broken into lines of a width, fit for a row of a megabyte."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from workbench.untrusted import display_width

Line = list[tuple[str, str]]

# Words keep together; Chinese and the like may break anywhere but before closing punctuation.
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_CLOSING = "，。、；：？！）》」』】”’…"
_WORDS = re.compile(rf"\n|[^\S\n]+|[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+")


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one kind. A newline in it ends the line.

    With `whole` it is kept on one line where it fits on one; otherwise it breaks between words.
    """

    text: str
    kind: str
    whole: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """A line drawn from edge to edge with words in it."""

    text: str
    kind: str


class FlowStopped(Exception):
    """Nobody waits for these lines any more."""


def flow(pieces: Iterable[Run | Rule], width: int, stopped: Callable[[], bool] = lambda: False) -> list[Line]:
    """The pieces as lines of at most `width` cells; each line is made of (text, kind).

    Raises:
        FlowStopped: `stopped` said so.
    """
    lines: list[Line] = [[]]
    used = 0
    for number, piece in enumerate(pieces):
        if number % 1024 == 1023 and stopped():
            raise FlowStopped
        if isinstance(piece, Rule):
            if lines[-1]:
                lines.append([])
            lines[-1].append((_rule(piece.text, width), piece.kind))
            lines.append([])
            used = 0
            continue
        for text in _parts(piece):
            if text == "\n":
                lines.append([])
                used = 0
                continue
            cells = display_width(text)
            if used and used + cells > width:
                if text.isspace():
                    continue
                lines.append([])
                used = 0
            for chunk, size in _chunks(text, cells, width):
                if used and used + size > width:
                    lines.append([])
                    used = 0
                _append(lines[-1], chunk, piece.kind)
                used += size
    while lines and not lines[-1]:
        lines.pop()
    return lines


def _parts(run: Run) -> Iterator[str]:
    if run.whole:
        head, *rest = run.text.split("\n")
        if head:
            yield head
        for line in rest:
            yield "\n"
            if line:
                yield line
    else:
        yield from _WORDS.findall(run.text)


def _chunks(text: str, cells: int, width: int) -> Iterator[tuple[str, int]]:
    """A word that is longer than a line, in pieces that are not."""
    if cells <= width:
        yield text, cells
        return
    taken, used = "", 0
    for character in text:
        size = display_width(character)
        if taken and used + size > width:
            yield taken, used
            taken, used = "", 0
        taken += character
        used += size
    yield taken, used


def _append(line: Line, text: str, kind: str) -> None:
    if line and line[-1][1] == kind:
        line[-1] = (line[-1][0] + text, kind)
    else:
        line.append((text, kind))


def _rule(text: str, width: int) -> str:
    words = f"── {text} "
    return words + "─" * max(width - display_width(words), 0)
