"""The figures of a whole data set: how they are drawn, what they count, which rows they open."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from seeing import seen
from textual.app import App, ComposeResult
from textual.content import Content
from waiting import wait_for

from screens.app import WorkbenchApp
from screens.dataset.figures.bars import bar_of, draw_bars, share
from screens.dataset.figures.distribution import Distribution, distribution
from screens.dataset.figures.entry_list import Entry
from screens.dataset.figures.health_pane import HealthLine, draw_findings
from screens.dataset.figures.histogram import draw_histogram
from screens.dataset.figures.length_figures import length_figures
from screens.dataset.figures.panel import FiguresPanel
from screens.dataset.figures.spread import Ranges, Spread, ranges
from screens.dataset.messages import ShowRows
from screens.dataset.screen import DataScreen
from screens.remembered import remember
from workbench.untrusted import display_width

pytestmark = pytest.mark.usefixtures("home")


def spread(*lengths: int) -> Spread:
    return Spread(numpy.arange(1, len(lengths) + 1), numpy.array(lengths, numpy.int64))


def widths(lines: Sequence[Content]) -> set[int]:
    return {display_width(line.plain) for line in lines}


# --- lengths


@given(
    st.lists(st.integers(0, 5000) | st.just(1_000_000), min_size=1, max_size=80),
    st.integers(2, 90),
    st.none() | st.integers(8, 100_000),
)
def test_every_row_lies_in_one_range_and_opens_from_it(
    lengths: list[int], columns: int, cutoff_len: int | None
) -> None:
    lengths_of = spread(*lengths)
    found = ranges(lengths_of, columns, cutoff_len)
    assert sum(found.counts) == len(lengths)
    assert list(found.edges) == sorted(set(found.edges)) and len(found.edges) == len(found.counts) + 1
    assert len(found.columns) == columns and list(found.columns) == sorted(found.columns)
    # Every range that has rows can be seen.
    shown = set(found.columns)
    assert all(place in shown for place, count in enumerate(found.counts) if count)
    last = len(found.counts) - 1
    for place, count in enumerate(found.counts):
        low = 0 if place == 0 else found.edges[place]
        assert len(lengths_of.between(low, None if place == last else found.edges[place + 1])) == count


def test_figures_of_a_spread_are_those_of_numpy() -> None:
    lengths_of = spread(*range(1, 101))
    assert (lengths_of.at(0.5), lengths_of.at(0.95), lengths_of.longest, lengths_of.mean) == (
        50,
        95,
        100,
        50.5,
    )
    assert spread().longest == 0 and spread().at(0.5) == 0 and length_figures(spread(), "tokens") == []
    longest = next(figure for figure in length_figures(lengths_of, "tokens") if figure.name == "longest")
    assert longest.entry.rows is not None and longest.entry.rows().tolist() == [100]


def test_one_far_outlier_does_not_press_all_bars_into_one() -> None:
    found = ranges(spread(*([100] * 500 + [200] * 300 + [150] * 100 + [90_000])), 50)
    assert found.log
    used = [place for place, count in enumerate(found.counts) if count]
    assert len(used) >= 4, "what lies close together has bars of its own"
    assert not ranges(spread(*range(100, 400)), 50).log


def drawn(found: Ranges, width: int, **more: Any) -> list[str]:
    return [line.plain for line in draw_histogram(found, width, 8, **more)]


def test_the_cutoff_is_drawn_where_it_falls_and_said_where_it_does_not() -> None:
    lengths_of = spread(*([10] * 90 + [100] * 10))
    cut = drawn(ranges(lengths_of, 56, 50), 60, cutoff_len=50)
    assert len({line.index("│") for line in cut[:-1]}) == 1
    assert "cutoff 50" in cut[-1] and "100" in cut[-1]
    assert cut[0].strip().startswith("90"), "the highest bar is labelled"
    beyond = drawn(ranges(lengths_of, 56, 2048), 60, cutoff_len=2048)
    assert "cuts none" in beyond[-1] and not any("│" in line for line in beyond)
    room = drawn(ranges(lengths_of, 56, 120), 60, cutoff_len=120)
    assert any("│" in line for line in room), "a cutoff a little beyond the longest row is drawn"


def test_bars_behind_the_cutoff_are_told_from_those_before_it() -> None:
    lines = draw_histogram(ranges(spread(*([10] * 9 + [100] * 9)), 50, 50), 54, 6, cutoff_len=50)
    styles = {str(span.style) for line in lines for span in line.spans}
    assert "$error" in styles and "$primary" in styles


def test_a_single_long_row_is_still_seen() -> None:
    lengths_of = spread(*([100] * 100_000 + [450]))
    assert drawn(ranges(lengths_of, 50), 58)[-2].rstrip().endswith("▁")


@pytest.mark.parametrize("lengths", [[5], [0], [0, 0], [7] * 1000, [1, 10_000_000], list(range(3000))])
@pytest.mark.parametrize("width", [20, 44, 160])
def test_any_lengths_fill_any_width(lengths: list[int], width: int) -> None:
    found = ranges(spread(*lengths), width - 6, 2048)
    lines = draw_histogram(found, width, 6, cutoff_len=2048, chosen=0)
    assert len(lines) == 6 and widths(lines) == {width}


def test_too_little_room_draws_nothing_and_ascii_draws_no_blocks() -> None:
    found = ranges(spread(1, 2, 3), 30, 2)
    assert draw_histogram(found, 10, 8) == [] and draw_histogram(found, 36, 2) == []
    assert "\n".join(drawn(found, 36, cutoff_len=2, ascii_only=True)).isascii()


# --- labels


def counted(counts: dict[str, int], **more: Any) -> Distribution:
    return distribution(
        "label", list(counts), list(counts.values()), lambda places: numpy.array(list(places)), **more
    )


def test_the_rarest_values_are_summed_up() -> None:
    few = counted({"a": 90, "b": 6, "c": 2, "d": 1, "e": 1})
    assert [bar.label for bar in few.bars] == ["a", "b", "c", "d", "e"]
    assert few.tail is not None and few.tail.label == "3 rarest values" and few.tail.count == 4
    assert few.tail.rows().tolist() == [2, 3, 4]
    many = counted({"most": 1000, **{f"v{n}": 10 for n in range(24)}, **{f"w{n}": 1 for n in range(28)}})
    assert many.tail is not None and len(many.bars) + many.tail.values == 53
    assert sum(bar.count for bar in many.bars) + many.tail.count == many.rows
    assert counted({"a": 5, "b": 5}).tail is None


def test_rows_without_a_value_are_counted_too() -> None:
    found = counted({"a": 5, "": 3}, missing=2)
    assert found.rows == 10
    assert [(bar.label, bar.count) for bar in found.bars] == [("a", 5), ("(empty)", 3), ("no value", 2)]
    assert found.bars[-1].rows().tolist() == [-1]


@given(
    st.dictionaries(
        st.text("心血管科 ab[/]\x1b", max_size=30), st.integers(1, 10**7), min_size=1, max_size=30
    ),
    st.integers(30, 160),
)
def test_bars_keep_their_columns_in_any_script(counts: dict[str, int], width: int) -> None:
    found = counted(dict(sorted(counts.items(), key=lambda pair: -pair[1])))
    lines = draw_bars(found.bars, found.rows, width)
    assert all(display_width(line.plain) <= width for line in lines)
    assert len({display_width(line.plain[: line.plain.rindex("%")]) for line in lines}) == 1
    assert not any("\x1b" in line.plain for line in lines)


def test_a_share_is_never_rounded_to_none_or_all() -> None:
    assert [share(*pair) for pair in ((0, 10), (1, 10**6), (1, 8), (999_999, 10**6), (5, 5), (0, 0))] == [
        "0.0 %", "<0.1 %", "12.5 %", ">99.9 %", "100.0 %", "–",
    ]  # fmt: skip
    assert bar_of(0.0001, 10) == "▏" and bar_of(1, 10) == "█" * 10 and bar_of(0.5, 10, True) == "#####"
    assert draw_bars((), 0, 40) == []


# --- health


def test_what_is_serious_is_marked_and_nothing_found_is_dim() -> None:
    lines = draw_findings(
        [
            HealthLine("bad rows", 3, True, Entry(explanation="They are broken.")),
            HealthLine("repeated prompts", 12_000, False, Entry()),
            HealthLine("empty turns", 0, True, Entry()),
            HealthLine("near duplicates", None, False, Entry(), "43 %"),
        ],
        60,
    )
    plain = [line.plain for line in lines]
    assert plain[0].startswith("✗      3  bad rows") and plain[1].startswith("! 12,000  repeated")
    assert plain[2].startswith("       0  empty turns") and plain[3].endswith("near duplicates: 43 %")
    assert (
        "They are broken."
        in draw_findings([HealthLine("bad", 1, True, Entry(explanation="They are broken."))], 120)[0].plain
    )


# --- on the screen

DEPARTMENTS = ["心血管科"] * 6 + ["内科"] * 3 + ["儿科"]


def write(path: Path, rows: Sequence[Any]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def file(tmp_path: Path) -> str:
    rows = [
        {"instruction": f"第{n}个问题？", "input": "", "output": "很好。" * (n + 1), "department": department}
        for n, department in enumerate(DEPARTMENTS * 4)
    ]
    rows[7] = dict(rows[2])
    rows[9]["output"] = "{{name}} " * 60
    return write(tmp_path / "rows.jsonl", [*rows, {"instruction": "no output"}])


class Shown:
    """Hears which rows are asked for."""

    def __init__(self) -> None:
        self.messages: list[ShowRows] = []

    def hear(self, message: object) -> None:
        if isinstance(message, ShowRows) and message not in self.messages:
            self.messages.append(message)

    @property
    def last(self) -> tuple[str, list[int]]:
        """Title and row numbers."""
        rows = self.messages[-1].rows
        assert rows is not None
        return self.messages[-1].title, rows.tolist()


async def panel_of(pilot: Any, app: WorkbenchApp) -> FiguresPanel:
    """The panel with its facts, asked for with s."""
    screen = app.screen_stack[0]
    assert isinstance(screen, DataScreen)
    await wait_for(pilot, lambda: screen.dataset is not None and screen.dataset.complete)
    await wait_for(pilot, lambda: screen.query(FiguresPanel))
    panel = screen.query_one(FiguresPanel)
    if not panel.display:
        await pilot.press("s")
    await wait_for(pilot, lambda: panel.health.lines and not panel.counting)
    return panel


def last_line(panel: FiguresPanel) -> str:
    """What stands below the figures of the lengths."""
    entries = panel.lengths.entries
    return str(entries.get_option_at_index(entries.option_count - 1).prompt) if entries.option_count else ""


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_each_figure_opens_its_rows(file: str, size: tuple[int, int]) -> None:
    app, shown = WorkbenchApp(dataset=file), Shown()
    async with app.run_test(size=size, message_hook=shown.hear) as pilot:
        panel = await panel_of(pilot, app)
        wide = size[0] >= 170
        panel.focus_front()
        await pilot.pause()
        assert panel.lengths.entries.has_focus
        assert panel.labels.is_on_screen == panel.health.is_on_screen == wide
        # The bars: left and right walk them.
        await pilot.press("right", "enter")
        await wait_for(pilot, lambda: shown.messages)
        title, rows = shown.last
        assert "characters" in title and rows
        dataset = panel._dataset
        assert dataset is not None
        facts = dataset.facts
        low, high = int(facts.chars[rows[0] - 1].min()), max(int(facts.chars[row - 1]) for row in rows)
        assert len(rows) == int(((facts.chars >= low) & (facts.chars <= high) & (facts.flags & 1 == 0)).sum())
        table = app.screen.query_one("RowTable")
        await wait_for(pilot, lambda: table.has_focus and table.is_on_screen)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_escape_leads_from_the_figures_back_to_the_rows(file: str, size: tuple[int, int]) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=size) as pilot:
        panel = await panel_of(pilot, app)
        panel.focus_front()
        await wait_for(pilot, lambda: "Back" in seen(app).splitlines()[-1])
        await pilot.press("z", "escape")
        table = app.screen.query_one("RowTable")
        await wait_for(pilot, lambda: table.has_focus and table.is_on_screen)
        assert panel.is_on_screen == (size[0] >= 170), "a wide terminal shows them all the time"


async def test_labels_and_health_open_their_rows(file: str) -> None:
    app, shown = WorkbenchApp(dataset=file), Shown()
    async with app.run_test(size=(120, 50), message_hook=shown.hear) as pilot:
        panel = await panel_of(pilot, app)
        await pilot.press("tab")
        await wait_for(pilot, lambda: panel.labels.entries.has_focus)
        assert "department" in str(panel.labels._border_title)
        assert "心血管科" in seen(app) and "内科" in seen(app)
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: shown.messages)
        title, rows = shown.last
        assert title == "department: 内科"
        assert len(rows) == 11 and all(row % 10 in (7, 8, 9) for row in rows) and 8 not in rows
        await wait_for(pilot, lambda: not panel.has_focus_within)
        panel.focus_front()
        await pilot.press("right")
        assert "turns" in str(panel.labels._border_title)
        await pilot.press("right", "right")
        assert "department" in str(panel.labels._border_title)
        await pilot.press("tab")
        await wait_for(pilot, lambda: panel.health.entries.has_focus)
        found = {line.title: line.number for line in panel.health.lines}
        assert found["bad rows"] == 1 and found["unreplaced placeholders"] == 1
        assert found["rows equal to an earlier one"] == 1 and found["near duplicates"] is not None
        await pilot.press("home", "enter")
        await wait_for(pilot, lambda: shown.last[0] == "bad rows")
        assert shown.last[1] == [41]
        await wait_for(pilot, lambda: not panel.has_focus_within)
        panel.focus_front()
        # Behind the last figure tab leaves, and comes back to the first one.
        await pilot.press("tab")
        await wait_for(pilot, lambda: not panel.has_focus_within)
        await pilot.press("shift+tab")
        await wait_for(pilot, lambda: panel.has_focus_within)


async def test_without_a_model_everything_but_tokens_is_shown(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        panel = await panel_of(pilot, app)
        assert panel.statistics is None and "in characters" in str(panel.lengths._border_title)
        shown = " ".join(seen(app).split())
        assert "m picks a model" in shown and "median" in shown
        await pilot.press("w")
        assert "user" in str(panel.lengths._border_title)
        assert panel.lengths.roles == ["all", "user", "assistant"]


async def test_tokens_are_those_of_inspect_and_a_new_cutoff_is_not_counted_again(
    file: str, tiny_model: Path
) -> None:
    from workbench.data.inspection import inspect

    remember("model", str(tiny_model))
    remember("cutoff_len", 60)
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen_stack[0]
        assert isinstance(screen, DataScreen)
        panel = await panel_of(pilot, app)
        await wait_for(pilot, lambda: panel.statistics)
        assert (
            panel.statistics is not None
            and panel.statistics.as_dict()
            == (inspect(file, model=str(tiny_model), cutoff_len=60, near=False)["tokens"])
        )
        lengths = panel.token_lengths
        assert "cutoff 60" in seen(app) and "rows cut" in seen(app) and "│" in seen(app)
        assert {line.title: line.number for line in panel.health.lines}[
            "rows cut off"
        ] == panel.statistics.rows_cut
        screen.cutoff_len = 100_000
        screen.change_lens()
        assert panel.statistics.cutoff_len == 100_000, "at once"
        assert not panel.counting and panel.token_lengths is lengths
        assert panel.statistics.rows_cut == 0
        await wait_for(pilot, lambda: "cutoff 100,000 cuts none" in seen(app))
        await pilot.press("u")
        assert "in characters" in str(panel.lengths._border_title)
        await pilot.press("u", "w")
        assert "in tokens, user" in str(panel.lengths._border_title)


async def test_escape_stops_the_counting(tmp_path: Path, tiny_model: Path) -> None:
    remember("model", str(tiny_model))
    many = [{"instruction": f"row {n}", "output": f"word {n} " * 60} for n in range(20_000)]
    app = WorkbenchApp(dataset=write(tmp_path / "many.jsonl", many))
    async with app.run_test(size=(120, 40)) as pilot:
        screen = app.screen_stack[0]
        assert isinstance(screen, DataScreen)
        await wait_for(pilot, lambda: screen.dataset is not None and screen.dataset.complete, 60)
        await wait_for(pilot, lambda: screen.query(FiguresPanel))
        panel = screen.query_one(FiguresPanel)
        await pilot.press("s")
        await wait_for(pilot, lambda: panel.counting and "%, escape stops" in last_line(panel), 60)
        await pilot.press("escape")
        assert not panel.counting and panel.statistics is None
        await wait_for(pilot, lambda: "stopped" in last_line(panel))


async def test_the_figures_of_an_older_file_are_dropped(file: str, tmp_path: Path) -> None:
    other = write(tmp_path / "other.jsonl", [{"instruction": "a", "output": "b"}] * 3)
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        panel = await panel_of(pilot, app)
        screen = app.screen_stack[0]
        assert isinstance(screen, DataScreen)
        screen.open_dataset(other)
        await wait_for(pilot, lambda: screen.dataset is not None and screen.dataset.rows == 3)
        await wait_for(pilot, lambda: panel.health.lines and not panel.counting)
        found = {line.title: line.number for line in panel.health.lines}
        assert found["rows equal to an earlier one"] == 2 and found["bad rows"] == 0
        assert [shown.name for shown in panel.labels.distributions] == ["turns", "scripts"]


class Alone(App[None]):
    """The panel by itself."""

    def compose(self) -> ComposeResult:
        yield FiguresPanel()


async def test_before_all_rows_are_read_the_figures_say_so(file: str) -> None:
    from workbench.data.opening import first_rows, open_dataset

    async with Alone().run_test(size=(100, 30)) as pilot:
        panel = pilot.app.query_one(FiguresPanel)
        panel.look(first_rows(file, most=5), None)
        await wait_for(pilot, lambda: "they come when the last one is read" in seen(pilot.app))
        assert not panel.counting
        panel.look(open_dataset(file), None)
        await wait_for(pilot, lambda: panel.health.lines and "median" in seen(pilot.app))


async def test_a_file_that_vanished_costs_a_sentence_only(tmp_path: Path) -> None:
    from workbench.data.opening import open_dataset

    path = tmp_path / "rows.jsonl"
    write(path, [{"instruction": f"question {n}", "output": "yes " * n} for n in range(9)])
    dataset = open_dataset(path)
    path.unlink()
    async with Alone().run_test(size=(100, 30)) as pilot:
        panel = pilot.app.query_one(FiguresPanel)
        panel.look(dataset, None)
        await wait_for(pilot, lambda: panel.health.lines and not panel.counting)
        (near,) = [line for line in panel.health.lines if line.title == "near duplicates"]
        assert near.number is not None or near.state.startswith("✗")
