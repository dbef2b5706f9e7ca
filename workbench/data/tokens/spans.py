"""Which tokens of a rendered conversation belong to which turn, and which of them are trained."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from operator import itemgetter

from workbench.data.tokens.rendering import TEMPLATE, Region, Rendered

_START = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Span:
    """Tokens `start` to `end` (not included) of one message; `message` is -1 for the template's own text."""

    start: int
    end: int
    role: str
    message: int
    trained: bool


@dataclass(frozen=True, slots=True)
class TokenizedText:
    """A rendered conversation's tokens: their ids, and the characters that each stands for."""

    rendered: Rendered
    ids: list[int]
    offsets: list[tuple[int, int]]
    special: frozenset[int]

    def spans(self, *, last_only: bool) -> tuple[tuple[Span, ...], tuple[int, ...]]:
        """The spans, which cover all tokens, and the end-of-turn token of each trained turn (-1 for none).

        Args:
            last_only: train the last answer and none before it.
        """
        answers = [region for region in self.rendered.regions if region.trained]
        if last_only:
            lost = self.rendered.lost
            # Where the last one was not found, another is not to be trained in its place.
            answers = [] if answers and lost and lost[-1] > answers[-1].message else answers[-1:]
        trained = set(map(id, answers))
        spans: list[Span] = []
        turn_ends: list[int] = []
        reached = 0
        for region, first, behind in self._ranges():
            if first > reached:
                spans.append(Span(reached, first, TEMPLATE, -1, False))
            if region.answer:
                behind, turn_end = self._through_end_of_turn(region, first, behind)
                if id(region) in trained:
                    turn_ends.append(turn_end)
            if behind > first:
                spans.append(Span(first, behind, region.role, region.message, id(region) in trained))
            reached = max(first, behind)
        if reached < len(self.ids):
            spans.append(Span(reached, len(self.ids), TEMPLATE, -1, False))
        return tuple(spans), tuple(turn_ends)

    def _ranges(self) -> Iterator[tuple[Region, int, int]]:
        """For each region its first token and the one behind its last."""
        text, offsets = self.rendered.text, self.offsets
        token = 0
        for region in self.rendered.regions:
            first = bisect_left(offsets, region.start, token, key=_START)
            # The space before the first word is part of that word's token in most vocabularies.
            for before in range(first - 1, token - 1, -1):
                start, end = offsets[before]
                if not text[start : region.start].isspace():
                    break
                if text[region.start : end].strip():
                    first = before
            token = bisect_left(offsets, region.end, first, key=_START)
            yield region, first, token

    def _through_end_of_turn(self, region: Region, first: int, behind: int) -> tuple[int, int]:
        """The token behind the turn's end, and its end-of-turn token (-1 if the template writes none).

        That is the first special token behind the content. Where the content's end is not known it is the
        last special one in the region, since a tool call may hold others. Where there is none, all that the
        template puts behind an answer is trained, unless only the beginning of it stands here: that could as
        well be the next turn's.
        """
        if region.content_end is None:
            candidates = range(behind - 1, first - 1, -1)
        else:
            content_end = bisect_left(self.offsets, region.content_end, first, behind, key=_START)
            candidates = range(content_end, behind)
        for token in candidates:
            if self.ids[token] in self.special and self.offsets[token][1] <= region.end:
                return token + 1, token
        if region.content_end is not None and not region.whole:
            while behind > first and self.offsets[behind - 1][0] >= region.content_end:
                behind -= 1
        return behind, -1
