"""Styled text broken into lines of a width, fit for a row of a megabyte."""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from workbench.untrusted import display_width

Line = list[tuple[str, str]]

# With fewer cells than these, two texts stand one below the other and not side by side.
SIDE_BY_SIDE = 72
BETWEEN_SIDES = " │ "

# Words keep together; Chinese and the like may break anywhere but before closing punctuation.
_WIDE = "\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef"
_CLOSING = "，。、；：？！）》」』】”’…"
_WORDS = re.compile(rf"\n|[^\S\n]+|[{_WIDE}][{_CLOSING}]*|[^\s{_WIDE}]+")


@dataclass(frozen=True, slots=True)
class Run:
    """Text of one kind. A newline in it ends the line.

    With `whole` it is kept on one line where it fits on one; otherwise it breaks between words. Lines that
    it is folded onto begin `hang` cells further in.
    """

    text: str
    kind: str
    whole: bool = False
    hang: int = 0

    @property
    def size(self) -> int:
        """How many characters there are to lay out."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Rule:
    """A line drawn from edge to edge with words in it."""

    text: str
    kind: str

    @property
    def size(self) -> int:
        """How many characters there are to lay out."""
        return len(self.text)


@dataclass(frozen=True, slots=True)
class Beside:
    """Two texts side by side where there is room, else one below the other."""

    left: tuple[Run, ...]
    right: tuple[Run, ...]

    @property
    def size(self) -> int:
        """How many characters there are to lay out."""
        return sum(run.size for run in self.left + self.right)


Piece = Run | Rule | Beside


class FlowStopped(Exception):
    """Nobody waits for these lines any more."""


@dataclass(slots=True)
class Places:
    """Where the pieces stand: chunks in order, each with its piece, line, first cell and the cell behind.

    A piece that was folded has several chunks; one that shows nothing has none. `offsets` says where the
    text of each chunk begins in the text of all pieces (`whole_text`). `beside` has the chunks of texts that
    stand side by side.
    """

    pieces: array[int] = field(default_factory=lambda: array("L"))
    lines: array[int] = field(default_factory=lambda: array("L"))
    starts: array[int] = field(default_factory=lambda: array("L"))
    ends: array[int] = field(default_factory=lambda: array("L"))
    offsets: array[int] = field(default_factory=lambda: array("L"))
    beside: Places | None = None

    def add(self, piece: int, line: int, start: int, end: int, offset: int) -> None:
        """A chunk of a piece; one that goes on where the piece's last chunk ended is part of it."""
        if self.pieces and (self.pieces[-1], self.lines[-1], self.ends[-1]) == (piece, line, start):
            self.ends[-1] = end
            return
        self.pieces.append(piece)
        self.lines.append(line)
        self.starts.append(start)
        self.ends.append(end)
        self.offsets.append(offset)

    def add_beside(self, other: Places, piece: int, line: int, cell: int, offset: int) -> None:
        """The chunks of a text that is laid out by itself from this line, cell and offset on."""
        self.beside = self.beside or Places()
        for at, there in enumerate(other.lines):
            start, end = other.starts[at] + cell, other.ends[at] + cell
            self.beside.add(piece, there + line, start, end, other.offsets[at] + offset)

    def of_piece(self, piece: int) -> range:
        """The chunks of a piece."""
        return range(bisect_left(self.pieces, piece), bisect_right(self.pieces, piece))

    def of_line(self, line: int) -> range:
        """The chunks on a line."""
        return range(bisect_left(self.lines, line), bisect_right(self.lines, line))

    def nearest(self, line: int, cell: int) -> int | None:
        """The piece at this cell, or the one that is nearest on this line; None if the line has none."""
        chunks = self.of_line(line)
        if not chunks:
            return None
        number = bisect_right(self.starts, cell, chunks.start, chunks.stop) - 1
        return self.pieces[max(number, chunks.start)]


def flow(pieces: Sequence[Piece], width: int, stopped: Callable[[], bool] = lambda: False) -> list[Line]:
    """The pieces as lines of at most `width` cells; each line is made of (text, kind).

    Raises:
        FlowStopped: `stopped` said so.
    """
    return flow_with_places(pieces, width, stopped)[0]


def flow_with_places(
    pieces: Sequence[Piece], width: int, stopped: Callable[[], bool] = lambda: False
) -> tuple[list[Line], Places]:
    """The lines, and where each piece stands on them.

    Raises:
        FlowStopped: `stopped` said so.
    """
    lines: list[Line] = [[]]
    places = Places()
    used = offset = 0
    for number, piece in enumerate(pieces):
        if number % 1024 == 1023 and stopped():
            raise FlowStopped
        if not isinstance(piece, Run):
            if lines[-1]:
                lines.append([])
            lines.pop()
            if isinstance(piece, Rule):
                lines += _ruled(piece, width)
            else:
                lines += _beside(piece, width, stopped, places, number, len(lines), offset)
            lines.append([])
            used = 0
            offset += len(whole_text([piece]))
            continue
        hang = min(piece.hang, width // 2)
        for text in _parts(piece):
            begin = offset
            offset += len(text)
            if text == "\n":
                lines.append([])
                used = 0
                continue
            cells = display_width(text)
            if used and used + cells > width:
                if text.isspace() and not piece.whole:
                    used = width  # the line ends here: what stands apart is not joined
                    continue
                # A word that no line can hold goes on where it begins.
                if cells <= width - hang:
                    used = _next_line(lines, hang, piece.kind)
            for chunk, size in _chunks(text, cells, width - used, width - hang):
                if used + size > width and used > hang:
                    used = _next_line(lines, hang, piece.kind)
                _append(lines[-1], chunk, piece.kind)
                places.add(number, len(lines) - 1, used, used + size, begin)
                used += size
                begin += len(chunk)
    while lines and not lines[-1]:
        lines.pop()
    return lines, places


def whole_text(pieces: Sequence[Piece]) -> str:
    """The text of all pieces, one after the other; a line break in place of a rule."""
    return "".join(
        piece.text
        if isinstance(piece, Run)
        else "\n"
        if isinstance(piece, Rule)
        else f"{whole_text(piece.left)}\n{whole_text(piece.right)}\n"
        for piece in pieces
    )


def _next_line(lines: list[Line], hang: int, kind: str) -> int:
    lines.append([(" " * hang, kind)] if hang else [])
    return hang


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


def _chunks(text: str, cells: int, first: int, width: int) -> Iterator[tuple[str, int]]:
    """A word that is longer than a line, in pieces that are not; `first` cells are left on this line."""
    if cells <= width:
        yield text, cells
        return
    room = first if first > 0 else width
    start, used = 0, 0
    for index, character in enumerate(text):
        size = display_width(character)
        if used + size > room and index > start:
            yield text[start:index], used
            start, used, room = index, 0, width
        used += size
    yield text[start:], used


def _append(line: Line, text: str, kind: str) -> None:
    if line and line[-1][1] == kind:
        line[-1] = (line[-1][0] + text, kind)
    else:
        line.append((text, kind))


def _ruled(rule: Rule, width: int) -> list[Line]:
    words = f"── {rule.text} "
    return [[(words + "─" * max(width - display_width(words), 0), rule.kind)]]


def _beside(
    piece: Beside,
    width: int,
    stopped: Callable[[], bool],
    places: Places,
    number: int,
    line: int,
    offset: int,
) -> list[Line]:
    """Both texts as lines, of which the first is the line of this number; their chunks join `places`."""
    to_right = offset + len(whole_text(piece.left)) + 1
    room = width if width < SIDE_BY_SIDE else (width - len(BETWEEN_SIDES)) // 2
    left, places_left = flow_with_places(piece.left, room, stopped)
    right, places_right = flow_with_places(piece.right, room, stopped)
    places.add_beside(places_left, number, line, 0, offset)
    if width < SIDE_BY_SIDE:
        places.add_beside(places_right, number, line + len(left) + 1, 0, to_right)
        return [*left, [], *right]
    places.add_beside(places_right, number, line, room + len(BETWEEN_SIDES), to_right)
    lines = []
    for at in range(max(len(left), len(right))):
        first = left[at] if at < len(left) else []
        pad = room - sum(display_width(text) for text, _ in first)
        second = right[at] if at < len(right) else []
        lines.append([*first, (" " * pad + BETWEEN_SIDES, "divide"), *second])
    return lines
