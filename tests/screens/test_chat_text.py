"""A model's text on its way to the screen: cleaned piece by piece, parsed as it was written."""

from __future__ import annotations

import itertools
import re

from hypothesis import example, given
from hypothesis import strategies as st

from screens.chat.answer_text import _parser
from screens.chat.cleaning import CleanText
from workbench.untrusted import printable

SEQUENCES = ["\x1b[31m", "\x1b]0;t\x07", "\x1b]8;;x\x1b\\", "\x1b", "\x9b1m", "\r\n", "\r"]
PARTS = st.sampled_from([*SEQUENCES, "\n", "a", "中", "é", "[", "\t"])


def cleaned(pieces: list[str]) -> str:
    clean = CleanText()
    return "".join([*map(clean.push, pieces), clean.flush()])


@given(st.lists(PARTS, max_size=8).map("".join), st.data())
@example("a\x1b[31mb", None)
def test_how_a_text_is_cut_into_pieces_makes_no_difference(text: str, data: st.DataObject | None) -> None:
    cuts = data.draw(st.lists(st.integers(0, len(text)), max_size=6)) if data else range(len(text))
    edges = [0, *sorted(cuts), len(text)]
    pieces = [text[start:end] for start, end in itertools.pairwise(edges)]
    assert cleaned(pieces) == printable(text)


@given(st.lists(st.text(max_size=6), max_size=8))
def test_no_control_character_but_a_line_break_is_ever_shown(pieces: list[str]) -> None:
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029]", cleaned(pieces))


def test_a_sequence_without_end_does_not_hold_the_text_back_for_ever() -> None:
    clean = CleanText()
    clean.push("\x1b]" + "x" * 300)
    assert clean.push("seen") == "seen"


def tokens(text: str) -> list[tuple[str, str]]:
    return [
        (child.type, child.content)
        for token in _parser().parse(text)
        for child in token.children or ()
        if child.content or child.type == "hardbreak"
    ]


def test_nothing_that_a_model_wrote_is_swallowed() -> None:
    for text in (
        "<div>html</div>",
        "[a link](http://x.example)",
        "![a picture](file:///etc/passwd)",
        "<think>hm</think>",
        "[ref]: http://x.example",
        "http://x.example",
        "&amp;",
    ):
        assert "".join(content for _, content in tokens(text)) == text


def test_a_line_break_is_a_line_break() -> None:
    assert tokens("one\ntwo") == [("text", "one"), ("hardbreak", ""), ("text", "two")]


def test_code_without_a_language_is_not_guessed_at() -> None:
    (fence,) = (token for token in _parser().parse("```\nx = 1\n```") if token.type == "fence")
    assert fence.info == "text"
