"""Rows laid into sequences."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.opening import open_dataset
from workbench.data.tokens.counting import count_rows
from workbench.data.tokens.encode import RowEncoder
from workbench.data.tokens.lost_characters import LostCharacters
from workbench.data.tokens.packing import Packing, pack, packing

capacities = st.integers(1, 80)


@st.composite
def filled(draw: st.DrawFn) -> tuple[list[int], int]:
    capacity = draw(capacities)
    return draw(st.lists(st.integers(1, capacity), max_size=60)), capacity


def best_fit(lengths: list[int], capacity: int) -> int:
    """How many sequences the plainest best-fit decreasing needs."""
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        fitting = [room for room in rooms if room >= length]
        if fitting:
            rooms.remove(min(fitting))
        rooms.append((min(fitting) if fitting else capacity) - length)
    return len(rooms)


def first_fit(lengths: list[int], capacity: int) -> int:
    rooms: list[int] = []
    for length in sorted(lengths, reverse=True):
        at = next((place for place, room in enumerate(rooms) if room >= length), None)
        if at is None:
            rooms.append(capacity - length)
        else:
            rooms[at] -= length
    return len(rooms)


@given(filled())
def test_every_row_is_laid_once_and_none_overflows(made: tuple[list[int], int]) -> None:
    lengths, capacity = made
    groups = pack(lengths, capacity)
    assert sorted(index for group in groups for index in group) == list(range(len(lengths)))
    assert all(0 < sum(lengths[index] for index in group) <= capacity for group in groups)
    assert len(groups) == best_fit(lengths, capacity)
    efficiency = sum(lengths) / (len(groups) * capacity) if groups else 0.0
    assert packing(lengths, capacity) == Packing(len(groups), efficiency)


@pytest.mark.parametrize("wrong", [[0], [11], [3, -1]])
def test_a_length_that_cannot_be_laid(wrong: list[int]) -> None:
    for lay in (pack, packing):
        with pytest.raises(ValueError, match="for sequences of 10"):
            lay(wrong, 10)


def test_a_million_lengths() -> None:
    lengths = np.random.default_rng(0).lognormal(5.5, 1, 1_000_000).astype(np.int64).clip(1, 2048)
    counted = packing(lengths, 2048)
    assert counted.sequences == len(pack(lengths, 2048)) and counted.efficiency > 0.99


@pytest.mark.parametrize("name", ["llamafactory/alpaca_en_demo.json", "llamafactory/c4_demo.jsonl"])
def test_real_lengths_pack_no_worse_than_first_fit(name: str, shared_data: Path, smollm2_tokenizer) -> None:
    conversations = open_dataset(shared_data / name).conversations()
    lost = LostCharacters(smollm2_tokenizer)
    lengths = count_rows(conversations, RowEncoder(smollm2_tokenizer), lost, lambda _: None)
    for capacity in (256, 512, 1024, 2048):
        kept = lengths.under(capacity).kept_lengths
        assert packing(kept, capacity).sequences <= first_fit(kept.tolist(), capacity)
