"""No escape sequence and no control character gets through; widths are the terminal's."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.untrusted import display_width, printable, shorten

anything = st.text(
    st.characters() | st.sampled_from(list("\x1b[]m;0\x07\x9b\\P_^\r\n\t中文字é̂🙂\u200d\u202e\u2067"))
)
BIDI_CONTROLS = {"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"}


@given(anything)
def test_nothing_a_terminal_obeys_is_left(text: str) -> None:
    for character in printable(text):
        category = unicodedata.category(character)
        assert character == "\n" or category not in ("Cc", "Cs"), repr(character)
        assert unicodedata.bidirectional(character) not in BIDI_CONTROLS, repr(character)
    assert "\n" not in printable(text, keep_newlines=False)
    printable(text).encode("utf-8")


@given(anything)
def test_printable_text_stays_as_it_is(text: str) -> None:
    once = printable(text)
    assert printable(once) == once


@given(anything, st.integers(0, 40))
def test_shortened_text_fits(text: str, width: int) -> None:
    assert display_width(shorten(text, width)) <= width
    assert "\n" not in shorten(text, width)


@pytest.mark.parametrize(
    ("text", "safe"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x9b31mb", "ab"),
        ("never ended \x1b]0;all of this stays", "never ended 0;all of this stays"),
        ("â\x80\x9dquoted wrongâ\x80\x9c, still here", "â\ufffd\ufffdquoted wrongâ\ufffd\ufffd, still here"),
        ("one\u2028line", "one\nline"),
        ("bell\x07", "bell␇"),
        ("a\x00b\x7f", "a␀b␡"),
        ("one\r\ntwo", "one\ntwo"),
        ("tab\there", "tab    here"),
        ("lone \ud800", "lone \ufffd"),
        ("abc\u202edcba", "abc⟨U+202E⟩dcba"),
        ("\u061c\u2066\ufeff\u200b", "⟨U+061C⟩⟨U+2066⟩⟨U+FEFF⟩⟨U+200B⟩"),
        ("👩\u200d👩 می\u200cخواهم", "👩\u200d👩 می\u200cخواهم"),
        ("[red]markup[/red]", "[red]markup[/red]"),
        ("中文 日本語", "中文 日本語"),
    ],
)
def test_examples(text: str, safe: str) -> None:
    assert printable(text) == safe


@pytest.mark.parametrize(
    ("text", "width", "short"),
    [
        ("中文字", 6, "中文字"),
        ("中文字", 5, "中文…"),
        ("中文字", 4, "中…"),
        ("abc", 2, "a…"),
        ("abc", 0, ""),
        ("a\nb", 3, "a⏎b"),
        ("x" * 1_000_000, 5, "xxxx…"),
    ],
)
def test_wide_characters_are_never_halved(text: str, width: int, short: str) -> None:
    assert shorten(text, width) == short
