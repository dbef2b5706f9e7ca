"""From a recipe to what is trained and what is held out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.data.formats.mapping_text import parse_mapping
from workbench.data.opening import OpeningStopped, open_dataset
from workbench.data.prepare import Prepared, prepare
from workbench.data.tokens.encode import encode
from workbench.errors import WorkbenchError, WrongUse
from workbench.recipe.schema import Recipe


def write(path: Path, rows: list[Any]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


def numbered(count: int, start: int = 1) -> list[dict[str, str]]:
    return [{"instruction": f"q{n}", "output": f"a{n}"} for n in range(start, start + count)]


def prepared(tokenizer: Any, **keys: Any) -> Prepared:
    return prepare(Recipe(**keys), tokenizer)


def rows(encoded: list[Any]) -> list[int]:
    return [row.row for row in encoded]


def test_all_rows_are_trained_dropped_or_held_out(tmp_path: Path, byte_tokenizer) -> None:
    made: list[Any] = numbered(20)
    made[4] = {"instruction": "q"}
    made[9] = {"instruction": "q" * 200, "output": "a"}
    dataset = write(tmp_path / "data.jsonl", made)
    result = prepared(byte_tokenizer(), dataset=dataset, val_size=0.2, cutoff_len=100)
    accounted = [
        *rows(result.train),
        *rows(result.held_out),
        *[bad.row for bad in result.dropped],
        *[bad.row for bad in result.dropped_held_out],
    ]
    assert sorted(accounted) == list(range(1, 21))
    reasons = {bad.row: bad.reason for bad in result.dropped + result.dropped_held_out}
    assert reasons[5] == "there is no output"
    assert "cuts off all" in reasons[10]
    assert len(result.held_out) + len(result.dropped_held_out) == 4
    assert result.tokens == sum(len(row.input_ids) for row in result.train)


def test_the_split_is_the_seeds(tmp_path: Path, byte_tokenizer) -> None:
    dataset = write(tmp_path / "data.jsonl", numbered(50))
    tokenizer = byte_tokenizer()
    one, same, other = (
        rows(prepared(tokenizer, dataset=dataset, val_size=10, seed=seed).held_out) for seed in (1, 1, 2)
    )
    assert len(one) == 10 and one == same != other


def test_the_first_samples_only_and_a_file_of_held_out_rows(tmp_path: Path, byte_tokenizer) -> None:
    dataset = write(tmp_path / "data.jsonl", numbered(50))
    held_out = write(tmp_path / "held.jsonl", [{"instruction": "q"}, *numbered(20, start=90)])
    result = prepared(byte_tokenizer(), dataset=dataset, eval_dataset=held_out, max_samples=7, val_size=0.5)
    assert rows(result.train) == list(range(1, 8))
    assert rows(result.held_out) == list(range(2, 9))
    assert [bad.row for bad in result.dropped_held_out] == [1]
    assert result.held_out_set is not None and result.held_out_set.rows == 21
    assert prepared(byte_tokenizer(), dataset=dataset).held_out_set is None


def test_the_recipes_keys_reach_the_labels(tmp_path: Path, byte_tokenizer) -> None:
    row = {"instruction": "q", "output": "b", "history": [["p", "a"]]}
    dataset = write(tmp_path / "data.jsonl", [row])
    tokenizer = byte_tokenizer()
    plain = prepared(tokenizer, dataset=dataset).train[0]
    last = prepared(tokenizer, dataset=dataset, mask_history=True).train[0]
    every = prepared(tokenizer, dataset=dataset, train_on_prompt=True).train[0]
    assert plain.trained == 4 and last.trained == 2 and every.trained == len(every.input_ids)
    length = len(plain.input_ids)
    with pytest.raises(WorkbenchError, match="none of the 1 rows can be trained; row 1: it has"):
        prepared(tokenizer, dataset=dataset, cutoff_len=length - 1, cutoff_policy="drop")
    with pytest.raises(WorkbenchError, match="more than cutoff_len") as refused:
        prepared(tokenizer, dataset=dataset, cutoff_len=length - 1, cutoff_policy="error")
    assert refused.value.where == f"{dataset}, row 1"


def test_of_two_answers_the_chosen_one_and_of_labelled_rows_the_wanted_ones(
    tmp_path: Path, byte_tokenizer
) -> None:
    tokenizer = byte_tokenizer()
    plain = prepared(tokenizer, dataset=write(tmp_path / "plain.jsonl", numbered(2)))
    pairs = [{"prompt": f"q{n}", "chosen": f"a{n}", "rejected": "no"} for n in (1, 2)]
    chosen = prepared(tokenizer, dataset=write(tmp_path / "pairs.jsonl", pairs))
    assert list(chosen.train) == list(plain.train) and not chosen.dropped
    labelled = [{"prompt": f"q{n}", "completion": f"a{n}", "label": n == 1} for n in (1, 2)]
    wanted = prepared(tokenizer, dataset=write(tmp_path / "kto.jsonl", labelled))
    assert list(wanted.train) == list(plain.train)[:1]
    assert [(bad.row, bad.reason) for bad in wanted.dropped] == [(2, "its answer is labelled as not wanted")]


@pytest.mark.parametrize(
    ("made", "keys", "sentence"),
    [
        ([{"prompt": "q", "completion": "a", "label": False}], {}, "row 1: its answer is labelled as not"),
        ([{"title": "t", "ask": "q"}], {}, "title, ask belong to no format"),
        ([{"instruction": "q", "output": ""}], {}, "none of its 1 rows can be used; row 1: output is empty"),
        (numbered(3), {"val_size": 3}, "holds out 3 of 3 usable rows and leaves none"),
    ],
)
def test_what_is_refused(
    made: list[Any], keys: dict[str, Any], sentence: str, tmp_path: Path, byte_tokenizer
) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        prepared(byte_tokenizer(), dataset=write(tmp_path / "data.jsonl", made), **keys)


def test_held_out_rows_that_are_all_dropped(tmp_path: Path, byte_tokenizer) -> None:
    dataset = write(tmp_path / "data.jsonl", numbered(3))
    long = write(tmp_path / "held.jsonl", [{"instruction": "q" * 100, "output": "a"}])
    with pytest.raises(WorkbenchError, match="none of the 1 rows can be held out"):
        prepared(byte_tokenizer(), dataset=dataset, eval_dataset=long, cutoff_len=80)


def test_progress_and_stopping(tmp_path: Path, byte_tokenizer) -> None:
    recipe = Recipe(dataset=write(tmp_path / "data.jsonl", numbered(300)), val_size=10)
    told: list[float] = []
    prepare(recipe, byte_tokenizer(), progress=told.append)
    assert told == sorted(told) and len(told) == 2 and told[-1] == 1.0
    with pytest.raises(OpeningStopped):
        prepare(recipe, byte_tokenizer(), cancelled=lambda: True)


def test_rows_kept_in_little_memory_are_a_sequence(tmp_path: Path, byte_tokenizer) -> None:
    dataset = write(tmp_path / "data.jsonl", numbered(6))
    train = prepared(byte_tokenizer(), dataset=dataset).train
    assert [row.row for row in train[1:5:2]] == [2, 4]
    assert train[-1] == train[5] and train[5].row == 6
    for missing in (6, -7):
        with pytest.raises(IndexError):
            train[missing]


@pytest.mark.parametrize("read_as", ["prompt=ask response=reply", "alpaca"])
def test_rows_are_trained_as_the_screen_read_them(tmp_path: Path, byte_tokenizer, read_as: str) -> None:
    renamed = read_as != "alpaca"
    names = ("ask", "reply") if renamed else ("instruction", "output")
    rows = [dict(zip(names, (f"q{n}", f"a{n}"), strict=True)) for n in range(4)]
    path = write(tmp_path / "data.jsonl", rows)
    how = {"mapping": parse_mapping(read_as)} if renamed else {"format": read_as}
    shown = open_dataset(path, **how)

    trained = prepared(byte_tokenizer(), dataset=path, dataset_format=shown.chosen_format)

    assert trained.train_set.format == shown.format
    seen = [encode(shown.conversation(row), byte_tokenizer(), cutoff_len=2048) for row in range(1, 5)]
    assert list(trained.train) == seen


def test_how_rows_are_read_is_checked(tmp_path: Path, byte_tokenizer) -> None:
    path = write(tmp_path / "data.jsonl", [{"ask": "q", "reply": "a"}])
    for read_as in ("alpaka", "prompt=ask answer=reply"):
        with pytest.raises(WrongUse):
            prepared(byte_tokenizer(), dataset=path, dataset_format=read_as)
