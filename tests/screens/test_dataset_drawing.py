"""How the Data screen draws: lines of text, the widths of columns."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screens.dataset.row.flow import FlowStopped, Rule, Run, flow
from screens.dataset.rows.columns import shared_widths
from workbench.untrusted import display_width

TEXTS = st.text(alphabet="ab 中文。，é\n", max_size=60)


@given(st.lists(st.tuples(TEXTS, st.booleans()), max_size=6), st.integers(8, 30))
def test_no_line_is_wider_than_it_may_be_and_nothing_but_blanks_is_lost(
    texts: list[tuple[str, bool]], width: int
) -> None:
    lines = flow([Run(text, "a", whole) for text, whole in texts], width)
    assert all(sum(display_width(text) for text, _ in line) <= width for line in lines)
    shown = "".join(text for line in lines for text, _ in line)
    said = "".join(text for text, _ in texts)
    assert "".join(shown.split()) == "".join(said.split())


def test_closing_punctuation_does_not_begin_a_line() -> None:
    lines = flow([Run("一二三四。五", "text")], 8)
    assert ["".join(text for text, _ in line) for line in lines] == ["一二三", "四。五"]


def test_a_rule_takes_a_line_of_its_own() -> None:
    lines = flow([Run("before", "a"), Rule("cut", "rule"), Run("behind", "a")], 20)
    assert [line[0][1] for line in lines] == ["a", "rule", "a"]
    assert lines[1][0][0] == "── cut ─────────────"


def test_lines_that_nobody_waits_for_are_given_up() -> None:
    with pytest.raises(FlowStopped):
        flow([Run("word ", "a")] * 5000, 20, lambda: True)


@given(st.lists(st.integers(1, 80), min_size=1, max_size=9), st.integers(20, 200))
def test_columns_share_the_width(wanted: list[int], room: int) -> None:
    widths = shared_widths(wanted, room)
    assert all(width >= min(wish, 7) for width, wish in zip(widths, wanted, strict=True))
    if len(wanted) * 8 <= room:
        assert sum(widths) <= room
        # Only oddness for the ellipsis may leave a cell free in each column.
        assert sum(widths) >= room - len(wanted)
