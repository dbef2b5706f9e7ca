"""Rows of different lengths laid into sequences of one length, with little room left over.

Best-fit decreasing: the longest row first, each into the sequence whose room it fills best. It needs at
most 11/9 of the fewest sequences possible, and one (D. S. Johnson, 1973). Rows of the same length are laid
together, so that the work grows with the number of different lengths.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Packing:
    """How many sequences there are, and the share of their room that rows fill, 0 to 1."""

    sequences: int
    efficiency: float


def pack(lengths: Sequence[int] | np.ndarray, capacity: int) -> list[list[int]]:
    """The indices of `lengths` in groups whose lengths add up to at most `capacity` tokens; each index once.

    Raises:
        ValueError: a length is not between 1 and `capacity`.
    """
    values = np.asarray(lengths, dtype=np.int64)
    order = np.argsort(-values, kind="stable").tolist()
    sequences: list[list[int]] = []
    # The sequences by the room they have left.
    having: defaultdict[int, list[int]] = defaultdict(list)
    reached = 0
    for length, room, count, each in _moves(values, capacity):
        for _ in range(count):
            if room == capacity:
                sequences.append([])
                place = len(sequences) - 1
            else:
                place = having[room].pop()
            sequences[place] += order[reached : reached + each]
            having[room - each * length].append(place)
            reached += each
    return sequences


def packing(lengths: Sequence[int] | np.ndarray, capacity: int) -> Packing:
    """What `pack` comes to, only counted. Without rows there is no sequence, and nothing is filled.

    Raises:
        ValueError: a length is not between 1 and `capacity`.
    """
    values = np.asarray(lengths, dtype=np.int64)
    sequences = sum(count for _, room, count, _ in _moves(values, capacity) if room == capacity)
    return Packing(sequences, int(values.sum()) / (sequences * capacity) if sequences else 0.0)


def _moves(lengths: np.ndarray, capacity: int) -> Iterator[tuple[int, int, int, int]]:
    """Steps of (length, room, count, each): `count` sequences with that room take `each` rows of the length.

    A sequence whose room is the capacity is a new one.
    """
    if not len(lengths):
        return
    if lengths.min() < 1 or lengths.max() > capacity:
        raise ValueError(f"lengths from {lengths.min()} to {lengths.max()} for sequences of {capacity}")
    amounts = np.bincount(lengths)
    having: defaultdict[int, int] = defaultdict(int)
    rooms: list[int] = []

    def put(count: int, room: int) -> None:
        if not having[room]:
            insort(rooms, room)
        having[room] += count

    for length in np.flatnonzero(amounts)[::-1].tolist():
        left = int(amounts[length])
        while left:
            # One that still has room for the length after it took some has the least room of all, so it
            # goes on taking.
            at = bisect_left(rooms, length)
            room = rooms[at] if at < len(rooms) else capacity
            each = min(room // length, left)
            count = left // each
            if room != capacity:
                count = min(count, having[room])
                having[room] -= count
                if not having[room]:
                    rooms.pop(at)
            yield length, room, count, each
            put(count, room - each * length)
            left -= count * each
