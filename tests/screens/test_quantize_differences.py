"""Which words of an answer differ, and how figures stand to the baseline's."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screens.quantize.columns import COLUMNS
from screens.quantize.differences import differing
from workbench.quantize.results import MethodResult

TEXTS = st.lists(st.sampled_from(["a", "bee", "中", "文", " ", "\n", ".", "é"]), max_size=20).map("".join)


@given(TEXTS, TEXTS)
def test_the_pieces_are_the_text(text: str, reference: str) -> None:
    assert "".join(piece for piece, _ in differing(text, reference).pieces) == text


@given(TEXTS, TEXTS)
def test_same_means_the_same_but_for_blanks(text: str, reference: str) -> None:
    assert differing(text, text).same
    if "".join(text.split()) != "".join(reference.split()):
        assert not differing(text, reference).same


def marked(text: str, reference: str) -> list[str]:
    return [piece for piece, changed in differing(text, reference).pieces if changed]


def test_words_characters_and_places() -> None:
    assert marked("The town is Paris.", "The capital is Paris.") == ["town"]
    assert marked("应该多喝热水", "应该多喝水") == ["热"]
    # Two changed words are one phrase, blank and all; the blank before an unchanged one is not marked.
    assert "".join(marked("a big old dog", "a dog")) == "big old"
    difference = differing("one two four", "one two three four")
    assert (difference.changed, difference.first, difference.same) == (0, 3, False)
    assert differing("", "words were here").first == 1


@pytest.mark.parametrize(
    ("key", "value", "base", "words"),
    [
        ("size_mib", 128.0, 512.0, "4.0x smaller"),
        ("size_mib", 520.0, 512.0, "equal"),
        ("decode_tok_s", 7.0, 14.0, "2.0x slower"),
        ("load_s", 30.0, 1.0, "30x longer"),
        ("perplexity", 6.45, 6.45, "equal"),
        ("perplexity", 6.4, 6.45, "-0.78 %"),
        ("kl_mean", 0.1, 0.0, ""),
        ("top1", None, 1.0, ""),
    ],
)
def test_relations(key: str, value: float | None, base: float, words: str) -> None:
    column = next(column for column in COLUMNS if column.key == key)
    result, baseline = MethodResult("nf4", "NF4", **{key: value}), MethodResult("full", "full", **{key: base})
    assert column.related(result, baseline, brief=False) == words
    assert column.related(baseline, baseline, brief=False) == ""
