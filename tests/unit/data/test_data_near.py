"""Near duplicates, beside an exact comparison of all pairs."""

from __future__ import annotations

import json
import random
import re
from itertools import combinations
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.data.conftest import write_json_lines
from workbench.data.health import near
from workbench.data.health.near import find_near
from workbench.data.health.shingles import jaccard, shingles
from workbench.data.opening import open_dataset
from workbench.data.workers import WorkStopped

_ALONE = "\u0e00-\u0e7f\u3041-\u30ff\u3400-\u9fff\uac00-\ud7af"
_WORDS = re.compile(rf"[{_ALONE}]|[^\W{_ALONE}]+")


def triples(text: str) -> set[tuple[str, ...]]:
    """What shingles stand for, plainly."""
    words = [word for word in _WORDS.findall(text.lower()) if word.isalnum() or "_" in word]
    return {tuple(words[at : at + 3]) for at in range(max(1, len(words) - 2))} if words else set()


letters = st.text(st.sampled_from("abC1_ ,.\n中文字はカ한\ud800é"), max_size=40)


@given(st.lists(letters, max_size=6))
def test_shingles_are_triples_of_words(texts: list[str]) -> None:
    flat, offsets = shingles(texts)
    assert len(offsets) == len(texts) + 1 and offsets[-1] == len(flat)
    known: dict[int, tuple[str, ...]] = {}
    for text, low, high in zip(texts, offsets, offsets[1:], strict=False):
        expected = triples(text)
        assert len(set(flat[low:high].tolist())) == len(expected)
        alone = {int(shingles([" ".join(words)])[0][0]): words for words in expected}
        assert set(flat[low:high].tolist()) == set(alone), "a triple has one number wherever it stands"
        for number, words in alone.items():
            assert known.setdefault(number, words) == words


def test_many_texts_at_once_are_as_one_by_one() -> None:
    chosen = random.Random(1)
    texts = ["".join(chosen.choices("ab 中文", k=chosen.randint(0, 3_000))) for _ in range(200)]
    texts[5] = "word " * 40_000
    flat, offsets = shingles(texts)
    for text, low, high in zip(texts, offsets, offsets[1:], strict=False):
        assert flat[low:high].tolist() == shingles([text])[0].tolist()


def made(count: int, seed: int) -> list[dict[str, str]]:
    """Rows of random words, a third of them changed a little or much from an earlier one."""
    chosen = random.Random(seed)
    words = ["".join(chosen.choices("abcdefghijklmnop", k=5)) for _ in range(2_000)]
    rows: list[dict[str, str]] = []
    for _ in range(count):
        if rows and chosen.random() < 0.33:
            like = chosen.choice(rows)
            output = like["output"].split()
            for _ in range(chosen.randint(1, 4)):
                output[chosen.randrange(len(output))] = chosen.choice(words)
            rows.append({**like, "output": " ".join(output)})
        else:
            question = " ".join(chosen.choices(words, k=8))
            rows.append({"instruction": question, "output": " ".join(chosen.choices(words, k=60))})
    return rows


@pytest.mark.parametrize("seed", range(4))
def test_near_rows_are_those_of_an_exact_comparison(tmp_path: Path, seed: int) -> None:
    rows = made(180, seed)
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))
    sets = [triples(row["instruction"]) | triples(row["output"]) for row in rows]
    alike = {
        (later + 1, earlier + 1): len(sets[earlier] & sets[later]) / len(sets[earlier] | sets[later])
        for earlier, later in combinations(range(len(rows)), 2)
    }
    expected = {pair[0] for pair, share in alike.items() if share >= 0.8}
    found = find_near(dataset)
    assert found.count >= 10
    assert set(found.row_numbers.tolist()) <= expected
    assert found.count >= 0.97 * len(expected), "candidates miss few"
    for row, earlier, similarity in found.pairs:
        assert alike[row, earlier] == pytest.approx(similarity) and similarity >= 0.8


def test_equal_rows_are_not_near(tmp_path: Path) -> None:
    one = {"instruction": "What is the capital of France?", "output": "It is Paris, on the Seine."}
    loud = {"instruction": "what is the capital of france", "output": "It is Paris — on the Seine!"}
    other = {"instruction": "Name a river.", "output": "The Rhine flows through Basel and Cologne."}
    path = write_json_lines(
        tmp_path / "rows.jsonl", [one, other, one, loud, loud, {"instruction": "!", "output": "?"}]
    )
    found = find_near(open_dataset(path))
    assert list(found.pairs) == [(4, 1, 1.0)]


def test_one_instruction_makes_no_rows_alike(tmp_path: Path) -> None:
    rule = " ".join(f"rule{n} says this" for n in range(60))
    chosen = random.Random(3)
    rows = [
        {
            "instruction": f"{rule}\n{' '.join(chosen.choices('abcdefghijklmnopqrstuvwxyz', k=9))}",
            "output": "yes",
        }
        for _ in range(300)
    ]
    assert find_near(open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))).count == 0
    # Answers that are nearly alike are just that, however many.
    rows = [{"instruction": f"q{n}", "output": f"{rule} number {n}"} for n in range(300)]
    assert find_near(open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))).count == 299


def test_rows_of_unknown_columns_and_bad_rows(tmp_path: Path) -> None:
    text = "a text of some length that two rows have with one difference only at the very end of it"
    rows = [{"x": f"{text} here"}, {"x": 1}, {"x": f"{text} there"}]
    path = write_json_lines(tmp_path / "rows.jsonl", rows)
    path.write_text(path.read_text() + "{broken\n")
    found = find_near(open_dataset(path))
    assert [(row, earlier) for row, earlier, _ in found.pairs] == [(3, 1)]


def test_workers_find_what_this_process_finds(
    tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = made(3_000, 9)
    path = write_json_lines(tmp_path / "rows.jsonl", rows)
    assert path.stat().st_size > 1 << 20
    dataset = open_dataset(path)
    assert dataset.kept_in is not None
    here = find_near(dataset)
    kept = dataset.kept_in / "near.npz"
    assert kept.is_file() and list(find_near(dataset).pairs) == list(here.pairs)
    before = sorted(file.name for file in dataset.kept_in.iterdir())
    kept.write_bytes(kept.read_bytes()[:100])
    monkeypatch.setattr(near, "_FOR_WORKERS", 1_000)
    shares: list[float] = []
    there = find_near(open_dataset(path), progress=shares.append)
    assert list(there.pairs) == list(here.pairs)
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert sorted(file.name for file in dataset.kept_in.iterdir()) == before, (
        "nothing is left but what is kept"
    )
    kept.unlink()
    with pytest.raises(WorkStopped):
        find_near(open_dataset(path), cancelled=lambda: True)
    assert not kept.exists()


def test_a_set_of_copies_is_no_quadratic_work(tmp_path: Path) -> None:
    text = " ".join(f"word{n}" for n in range(50))
    rows = [{"instruction": "tell", "output": f"{text} {n}"} for n in range(5_000)]
    found = find_near(open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows)))
    assert found.count == 4_999


def test_jaccard() -> None:
    assert jaccard(numpy.array([1, 2, 3]), numpy.array([2, 3, 4])) == 0.5
    assert jaccard(numpy.array([]), numpy.array([])) == 0.0
    json.dumps(jaccard(numpy.array([1]), numpy.array([1])))
