"""Texts as sets of shingles: every three successive words, or Chinese characters, as one number.

Many texts are done at once with numpy, since a regular expression and tuples cost several times as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy

Hashes = numpy.ndarray[Any, Any]

# Only the beginning of a very long text is compared; about ten thousand words.
LONGEST = 65_536
# Characters that are done at once: what numpy makes of them stays in the processor's cache.
BATCH = 131_072

_U64 = numpy.uint64
_BASE = 0x9E3779B97F4A7C15
_PLACES = (0xD6E8FEB86659FD93, 0xA0761D6478BD642F, 0xE7037ED1A0B428DB)
_WORD, _ALONE = 1, 2
# Scripts that write no spaces between words: a character counts as a word.
_ALONE_RANGES = (
    (0x0E00, 0x0E7F),  # Thai
    (0x0E80, 0x0EFF),  # Lao
    (0x1000, 0x109F),  # Burmese
    (0x1780, 0x17FF),  # Khmer
    (0x3041, 0x30FF),  # kana
    (0x3400, 0x9FFF),  # Chinese characters
    (0xAC00, 0xD7AF),  # Hangul, whose words carry endings
    (0xF900, 0xFAFF),
    (0x1B000, 0x1B16F),
)


def shingles(texts: Sequence[str]) -> tuple[Hashes, Hashes]:
    """Shingles of all texts one after the other, with repetitions, and where each text's begin (one more
    than there are texts). Letters' case and everything between words are left out; a text of one or two
    words has one shingle, a text without words none.
    """
    flat: list[Hashes] = []
    counts: list[Hashes] = []
    waiting: list[str] = []
    size = 0
    for text in texts:
        text = text[:LONGEST].lower()
        if size + len(text) >= BATCH and waiting:
            _add(waiting, flat, counts)
            waiting, size = [], 0
        waiting.append(text)
        size += len(text) + 1
    _add(waiting, flat, counts)
    offsets = numpy.concatenate([numpy.zeros(1, numpy.int64), *counts]).cumsum()
    return (numpy.concatenate(flat) if flat else numpy.zeros(0, _U64)), offsets


def jaccard(one: Hashes, other: Hashes) -> float:
    """The share of the shingles of both that both have. They are given sorted, each once."""
    both = len(numpy.intersect1d(one, other, assume_unique=True))
    every = len(one) + len(other) - both
    return both / every if every else 0.0


def _add(texts: list[str], flat: list[Hashes], counts: list[Hashes]) -> None:
    if not texts:
        return
    joined = "\n".join(texts)
    points = numpy.frombuffer(joined.encode("utf-32-le", "surrogatepass"), numpy.uint32)
    lengths = numpy.fromiter(map(len, texts), numpy.int64, len(texts))
    begins = numpy.concatenate(([0], numpy.cumsum(lengths + 1)))
    kinds = _kinds()[numpy.minimum(points, 0x1FFFF)]
    in_word = kinds == _WORD
    is_start = kinds == _ALONE
    is_start[:1] |= in_word[:1]
    is_start[1:] |= in_word[1:] & ~in_word[:-1]
    starts = numpy.flatnonzero(is_start)
    if not len(starts):
        counts.append(numpy.zeros(len(texts), numpy.int64))
        return
    words = _hash_words(points, kinds, starts)
    # Tokens of text i are bounds[i] to bounds[i + 1].
    bounds = numpy.searchsorted(starts, begins)
    numbers = numpy.diff(bounds)
    first, second, third = (words * _U64(place) for place in _PLACES)
    made = first.copy()
    made[:-1] ^= second[1:]
    made[:-2] += third[2:]
    keep = numpy.ones(len(words), bool)
    ends = bounds[1:]
    for back, least in ((1, 2), (2, 3)):
        keep[(ends - back)[numbers >= least]] = False
    for count in (1, 2):
        short = bounds[:-1][numbers == count]
        keep[short] = True
        if count == 2:
            keep[short + 1] = False
            made[short] = first[short] ^ second[short + 1]
        else:
            made[short] = first[short]
    made ^= made >> _U64(32)
    made *= _U64(_BASE)
    made ^= made >> _U64(29)
    flat.append(made[keep])
    counts.append(numpy.where(numbers > 2, numbers - 2, numpy.minimum(numbers, 1)))


def _hash_words(points: Hashes, kinds: Hashes, starts: Hashes) -> Hashes:
    """A number for every word: a polynomial over its characters. One power series serves all words; what
    a word's place in it adds is taken out by the inverse power."""
    values = _mixed(points)
    values *= kinds != 0
    powers, inverses = _powers(max(BATCH + LONGEST + 1, len(points)))
    values *= powers[: len(points)]
    sums = numpy.add.reduceat(values, starts)
    sums *= inverses[starts]
    sums ^= sums >> _U64(31)
    sums *= _U64(_BASE)
    sums ^= sums >> _U64(30)
    return sums


def _mixed(points: Hashes) -> Hashes:
    values = points.astype(_U64)
    values *= _U64(0xFF51AFD7ED558CCD)
    values ^= values >> _U64(33)
    return values


@lru_cache(maxsize=2)
def _powers(count: int) -> tuple[Hashes, Hashes]:
    series = []
    for base in (_BASE, pow(_BASE, -1, 2**64)):
        powers = numpy.full(count, base, _U64)
        powers[0] = 1
        series.append(numpy.multiply.accumulate(powers))
    return series[0], series[1]


@lru_cache(maxsize=1)
def _kinds() -> Hashes:
    kinds = numpy.zeros(0x20000, numpy.uint8)
    for point in range(0x20000):
        character = chr(point)
        if character.isalnum() or character == "_":
            kinds[point] = _WORD
    for low, high in _ALONE_RANGES:
        kinds[low : high + 1] = numpy.where(kinds[low : high + 1] == _WORD, _ALONE, 0)
    kinds[0x1FFFF] = _ALONE  # stands for all beyond: the rarer Chinese characters
    return kinds
