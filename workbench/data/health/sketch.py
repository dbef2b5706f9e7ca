"""Rows as MinHash sketches, by which likely near duplicates are found without comparing all pairs.

A sketch is 64 numbers; two rows agree in each with the probability that is their Jaccard similarity
(Broder, On the resemblance and containment of documents, 1997). Rows that agree in all four numbers of one
of sixteen bands are looked at, and are candidates if they agree in enough of all: 99.9 % of the pairs of
similarity 0.8 are, and 1 % of those of similarity 0.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice, pairwise
from typing import Any

import numpy

from workbench.data.health.halves import Halves
from workbench.data.health.shingles import shingles

Array = numpy.ndarray[Any, Any]

PERMUTATIONS = 64
_BAND = 4
_SEED = 42
# What a row without a word has in place of a sketch.
_EMPTY = numpy.uint32(0xFFFFFFFF)
_AT_ONCE = 512
# Pairs that agree in fewer are not compared: three standard deviations below the 0.8 that is wanted.
_LEAST_EQUAL = 41
# Candidates of a row that are kept, the likeliest ones; one that is near enough makes it near.
MOST_CANDIDATES = 4
_CHUNK = 1 << 15
# A prompt's shingles that a tenth of all rows have are an instruction given again and again.
_COMMON = 0.1
LEAST_FOR_COMMON = 200


def common_shingles(asked: Sequence[str]) -> Array:
    """Shingles that at least a tenth of these prompts have, ascending; none where they are few."""
    if len(asked) < LEAST_FOR_COMMON:
        return numpy.zeros(0, numpy.uint64)
    flat, offsets = shingles(asked)
    each = [numpy.unique(flat[start:end]) for start, end in pairwise(offsets)]
    values, counts = numpy.unique(numpy.concatenate(each), return_counts=True)
    return values[counts >= _COMMON * len(asked)]


def row_shingles(halves: Sequence[Halves], common: Array) -> tuple[Array, Array]:
    """Shingles of all rows one after the other, and where each row's begin (one more than rows).

    Those in `common` are left out of what is asked, so that one instruction makes no rows alike.
    """
    flat, offsets = shingles([half for row in halves for half in row])
    if len(common):
        places = numpy.searchsorted(common, flat)
        places[places == len(common)] = 0
        left_out = common[places] == flat
        # Halves alternate: what is asked has the even places.
        left_out &= numpy.repeat(numpy.arange(len(offsets) - 1) % 2 == 0, numpy.diff(offsets))
        kept = numpy.concatenate(([0], numpy.cumsum(~left_out)))
        flat, offsets = flat[~left_out], kept[offsets]
    return flat, offsets[::2]


def sketches(rows: Iterable[Halves], common: Array) -> Iterator[Array]:
    """Sketches of rows in order, [n, 64] uint32, some hundred rows at a time."""
    from rensa import RMinHash

    remaining = iter(rows)
    while halves := list(islice(remaining, _AT_ONCE)):
        flat, offsets = row_shingles(halves, common)
        made = RMinHash.digest_matrix_from_flat_token_hashes(
            flat, offsets.astype(numpy.uint64), PERMUTATIONS, _SEED
        )
        matrix = numpy.array(made.to_rows(), numpy.uint32).reshape(len(halves), PERMUTATIONS)
        matrix[numpy.diff(offsets) == 0] = _EMPTY
        yield matrix


def candidates(matrix: Array, included: Array, look: Callable[[float], None]) -> tuple[Array, Array]:
    """Pairs of rows that are likely near: (row, earlier row), as indices into `matrix`.

    Args:
        matrix: the sketches of all rows, [n, 64] uint32.
        included: indices of the rows that are compared, ascending.
        look: told the share that is done; may raise to stop.

    Returns:
        Pairs by row, the likeliest ones of a row first. In a group of rows that agree, each is paired with
        the first and the three before it, so that a set of nothing but copies is no quadratic work.
    """
    included = included[_in_chunks(partial(_has_words, matrix), included)]
    best = (numpy.zeros(0, numpy.int64),) * 3
    for band in range(0, PERMUTATIONS, _BAND):
        keys = _in_chunks(partial(_band_keys, matrix, band), included)
        order = numpy.argsort(keys, kind="stable")
        later, earlier = _neighbours(keys[order], order)
        later, earlier = included[later], included[earlier]
        equal = _in_chunks(partial(_equal, matrix, later, earlier), numpy.arange(len(later)))
        near = equal >= _LEAST_EQUAL
        best = _best(best, (later[near], earlier[near], equal[near]))
        look((band + _BAND) / PERMUTATIONS)
    return best[0], best[1]


def _has_words(matrix: Array, rows: Array) -> Array:
    return (matrix[rows] != _EMPTY).any(axis=1)


def _equal(matrix: Array, later: Array, earlier: Array, pairs: Array) -> Array:
    """In how many of the 64 numbers the rows of each pair agree."""
    return (matrix[later[pairs]] == matrix[earlier[pairs]]).sum(axis=1)


def ranks(values: Array) -> Array:
    """How many equal values stand before each, where equal ones stand side by side."""
    places = numpy.arange(len(values))
    is_first = numpy.ones(len(values), bool)
    is_first[1:] = values[1:] != values[:-1]
    firsts: Array = numpy.maximum.accumulate(numpy.where(is_first, places, 0))
    return places - firsts


def _band_keys(matrix: Array, band: int, rows: Array) -> Array:
    numbers = matrix[rows, band : band + _BAND].astype(numpy.uint64)
    keys = numpy.zeros(len(rows), numpy.uint64)
    for column in range(_BAND):
        keys ^= numbers[:, column]
        keys *= numpy.uint64(0x9E3779B97F4A7C15)
        keys ^= keys >> numpy.uint64(29)
    return keys


def _neighbours(keys: Array, order: Array) -> tuple[Array, Array]:
    """Pairs with equal keys, the later one first; `keys` are sorted, and `order` says whose they are."""
    places = numpy.arange(len(keys))
    depth = ranks(keys)
    later, earlier = [], []
    for back in (1, 2, 3):
        found = places[depth >= back]
        later.append(order[found])
        earlier.append(order[found - back])
    found = places[depth > 3]
    later.append(order[found])
    earlier.append(order[found - depth[found]])
    return numpy.concatenate(later), numpy.concatenate(earlier)


def _best(one: tuple[Array, ...], other: tuple[Array, ...]) -> tuple[Array, Array, Array]:
    """Pairs of both, each once, by row and then by likeness; of a row no more than are kept."""
    later, earlier, equal = (numpy.concatenate(parts) for parts in zip(one, other, strict=True))
    order = numpy.lexsort((earlier, -equal, later))
    later, earlier, equal = later[order], earlier[order], equal[order]
    fresh = numpy.ones(len(later), bool)
    # Of one pair all copies have the same likeness, so they stand side by side.
    fresh[1:] = (later[1:] != later[:-1]) | (earlier[1:] != earlier[:-1])
    later, earlier, equal = later[fresh], earlier[fresh], equal[fresh]
    kept = ranks(later) < MOST_CANDIDATES
    return later[kept], earlier[kept], equal[kept]


def _in_chunks(made: Callable[[Array], Array], rows: Array) -> Array:
    """`made` of all rows, a share at a time, so that what lies between stays small."""
    parts = [made(rows[start : start + _CHUNK]) for start in range(0, len(rows), _CHUNK)]
    return numpy.concatenate(parts) if parts else made(rows)
