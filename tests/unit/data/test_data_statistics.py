"""Counts over whole files, and what `inspect` says."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.data.dataset import Dataset
from workbench.data.inspection import inspect
from workbench.data.opening import open_dataset
from workbench.data.tokens.counting import count_rows
from workbench.data.tokens.encode import RowEncoder, encode
from workbench.data.tokens.lost_characters import LostCharacters
from workbench.data.tokens.statistics import TokenStatistics, histogram
from workbench.errors import WrongUse


def write(path: Path, rows: list[Any]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def token_statistics(dataset: Dataset, tokenizer: Any, cutoff_len: int) -> TokenStatistics:
    lost = LostCharacters(tokenizer)
    counted = count_rows(dataset.conversations(), RowEncoder(tokenizer), lost, lambda _: None)
    return counted.under(cutoff_len)


def test_tokens_are_counted_as_they_are_trained(tmp_path: Path, byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    outputs = ["a", "a" * 50, "a"]
    made = [{"instruction": "q" if n < 2 else "q" * 90, "output": text} for n, text in enumerate(outputs)]
    dataset = open_dataset(write(tmp_path / "data.jsonl", made))
    whole = [encode(conversation, tokenizer, cutoff_len=10_000) for conversation in dataset.conversations()]
    lengths = [len(row.input_ids) for row in whole]
    cutoff = lengths[0] + 10
    counted = token_statistics(dataset, tokenizer, cutoff)
    assert list(counted.lengths) == lengths
    assert list(counted.trained_lengths) == [2, 51, 2]
    kept = encode(dataset.conversation(2), tokenizer, cutoff_len=cutoff)
    assert counted.as_dict() == {
        "cutoff_len": cutoff,
        "rows_counted": 3,
        "total": sum(lengths),
        "trained": 2 + kept.trained,
        "rows_cut": 2,
        "tokens_lost": lengths[1] + lengths[2] - 2 * cutoff,
        "eos_lost": 1,
        "untrained_rows": 1,
        "packing": {"sequences": 2, "efficiency": round((lengths[0] + cutoff) / (2 * cutoff), 4)},
        "lossless_cutoff": max(lengths),
        "lost_characters": 0,
        "special_text": 0,
        "partly_trained": 0,
    }
    assert counted.cut_rows.tolist() == [2, 3]
    assert (counted.eos_lost_rows.tolist(), counted.untrained_rows_numbers.tolist()) == ([2], [3])
    assert [bad.row for bad in counted.dropped] == [3]


def test_a_special_token_in_a_text_is_counted(tmp_path: Path, byte_tokenizer) -> None:
    outputs = ["a", "it ends with <|im_end|>", "<|im_ end|>", "<b>"]
    made = [{"instruction": "q", "output": text} for text in outputs]
    made.append({"instruction": "what is <|im_start|>?", "output": "a"})
    dataset = open_dataset(write(tmp_path / "data.jsonl", made))
    counted = token_statistics(dataset, byte_tokenizer(), 2048)
    assert counted.special_text_rows.tolist() == [2, 5]
    assert counted.as_dict()["special_text"] == 2


def test_a_template_without_an_end_loses_it_everywhere(tmp_path: Path, byte_tokenizer) -> None:
    dataset = open_dataset(write(tmp_path / "data.jsonl", [{"instruction": "q", "output": "a"}]))
    tokenizer = byte_tokenizer(
        "{% for m in messages %}{{ m.role + ': ' + m.content + '\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
    )
    assert token_statistics(dataset, tokenizer, 2048).eos_lost == 1


def test_inspect_with_a_model(tmp_path: Path, smollm2: Path) -> None:
    made: list[Any] = [{"instruction": "q", "output": "a"}, {"instruction": "q"}]
    path = write(tmp_path / "data.jsonl", made)
    facts = inspect(path, model=str(smollm2), cutoff_len=16)
    assert facts["bad_rows"] == [{"row": 2, "reason": "there is no output"}]
    assert facts["tokens"]["cutoff_len"] == 16
    assert (facts["tokens"]["rows_cut"], facts["tokens"]["untrained_rows"]) == (1, 1)
    assert inspect(path, model=str(smollm2))["tokens"]["trained"] == 2
    assert json.loads(json.dumps(facts)) == facts
    with pytest.raises(WrongUse):
        inspect(path, cutoff_len=16)


def test_inspect_can_always_be_printed(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"instruction": "q", "output": "a", "\\ud800": "\\ud800"}\n')
    json.dumps(inspect(path), ensure_ascii=False).encode()


def test_inspect_of_rows_that_cannot_be_trained(tmp_path: Path, smollm2: Path) -> None:
    path = write(tmp_path / "data.jsonl", [{"title": "t", "ask": "q"}])
    facts = inspect(path, model=str(smollm2))
    assert facts["format"] == "unknown" and "tokens" not in facts
    assert "rename the columns" in facts["not_trained"]


@given(st.lists(st.integers(0, 5_000), max_size=50), st.integers(1, 30))
def test_the_histogram_holds_every_value_once(values: list[int], bins: int) -> None:
    ranges = histogram(values, bins)
    assert sum(count for _, _, count in ranges) == len(values)
    assert len(ranges) <= bins
    for low, high, count in ranges:
        assert count == sum(low <= value < high for value in values)
    assert all(one[1] == other[0] for one, other in pairwise(ranges))
