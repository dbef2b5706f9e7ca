"""Finding and filtering rows on Data: what is shown then, and what is marked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from seeing import seen
from textual.pilot import Pilot
from textual.widgets import Input, Static
from waiting import wait_for

from screens.app import WorkbenchApp
from screens.dataset.row.panes import ConversationPane
from screens.dataset.rows.pane import RowsPane
from screens.dataset.screen import DataScreen
from screens.dataset.selection.filters import FilterDialog
from screens.dataset.selection.find import FindPrompt
from screens.dataset.selection.length_prompt import LengthPrompt, read_range

pytestmark = pytest.mark.usefixtures("home")

DEPARTMENTS = ["心血管科", "内科", "内科", "外科"]


def rows(count: int = 40) -> list[dict[str, str]]:
    return [
        {
            "instruction": f"第{n}个问题：胸口疼怎么办？" + ("我的心脏不好。" * (n % 10 == 0)),
            "input": "",
            "output": f"answer {n}: " + ("CT " if n % 7 == 0 else "") + "word " * n,
            "department": DEPARTMENTS[n % 4],
        }
        for n in range(1, count + 1)
    ]


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "rows.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in rows()]
    path.write_text("\n".join([*lines, '{"instruction": "no output"}']), encoding="utf-8")
    return str(path)


def data_screen(app: WorkbenchApp) -> DataScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, DataScreen)
    return screen


def pane(app: WorkbenchApp) -> RowsPane:
    return data_screen(app).rows_pane


async def opened(pilot: Pilot[Any], app: WorkbenchApp) -> None:
    await wait_for(pilot, lambda: pane(app).is_whole and data_screen(app).dataset)


def shown(app: WorkbenchApp) -> list[int]:
    """The numbers of the rows in the table."""
    backend: Any = data_screen(app).query_one("RowTable").backend  # type: ignore[attr-defined]
    return [backend.number(position) for position in range(backend.row_count)]


def state(app: WorkbenchApp, name: str = "#state") -> str:
    return str(app.screen.query_one(name, Static).render())


async def type_in(pilot: Pilot[Any], app: WorkbenchApp, text: str) -> None:
    app.screen.query_one(Input).value = text
    await pilot.pause()


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_found_rows_are_shown_and_marked_and_all_come_back(file: str, size: tuple[int, int]) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press("slash")
        assert isinstance(app.screen, FindPrompt)
        await type_in(pilot, app, "心脏")
        await wait_for(pilot, lambda: state(app).startswith("4 rows hold it"))
        assert "心脏" in state(app, "#glimpses") and "10" in state(app, "#glimpses")
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == [10, 20, 30, 40])
        conversation = data_screen(app).query_one(ConversationPane)
        await wait_for(pilot, lambda: conversation._found.count == 1)
        await pilot.press("x")
        await wait_for(pilot, lambda: len(shown(app)) == 41)
        assert conversation._found.count == 0


async def test_expression_case_and_column_are_set_by_keys(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("slash")
        await type_in(pilot, app, "ct")
        await wait_for(pilot, lambda: state(app).startswith("5 rows hold it"))
        await pilot.press("ctrl+t")
        await wait_for(pilot, lambda: "No row holds it" in state(app))
        await pilot.press("enter")
        assert isinstance(app.screen, FindPrompt), "there is nothing to show"
        await pilot.press("ctrl+t", "ctrl+r")
        await type_in(pilot, app, r"answer 1\d: ct")
        await wait_for(pilot, lambda: state(app).startswith("1 row holds it"))
        await pilot.press("tab")
        await wait_for(pilot, lambda: "No row holds it" in state(app))
        assert "in instruction" in state(app, "#toggles")
        await type_in(pilot, app, "answer (")
        await wait_for(pilot, lambda: "the expression cannot be read" in state(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is data_screen(app))
        assert len(shown(app)) == 41


async def test_enter_waits_for_the_search_and_searches_are_remembered(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        await pilot.press("slash")
        await type_in(pilot, app, "answer 2")
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == [2, *range(20, 30)])
        await pilot.press("slash")
        assert app.screen.query_one(Input).value == "answer 2", "what was found is offered again"
        await type_in(pilot, app, "")
        await pilot.press("up")
        assert app.screen.query_one(Input).value == "answer 2"
        await type_in(pilot, app, "")
        await pilot.press("enter")
        await wait_for(pilot, lambda: len(shown(app)) == 41)


async def test_a_catastrophic_expression_is_left_at_once(tmp_path: Path) -> None:
    path = tmp_path / "bad.jsonl"
    path.write_text(json.dumps({"instruction": "a" * 60 + "b", "output": "x"}) + "\n")
    app = WorkbenchApp(dataset=str(path))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        await pilot.press("slash", "ctrl+r")
        await type_in(pilot, app, r"(a|a)+$|(a|aa)+c")
        await wait_for(pilot, lambda: "searching" in state(app))
        await pilot.press("escape")
        await wait_for(pilot, lambda: app.screen is data_screen(app), 2)


async def test_values_and_health_are_filtered_and_combine(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("f")
        assert isinstance(app.screen, FilterDialog)
        dialog: Any = app.screen
        await wait_for(pilot, lambda: dialog._entries is not None)
        names = {(entry.group, entry.name): entry.rows for entry in dialog._entries}
        assert names[("department", "内科")] == 20 and names[("department", "外科")] == 10
        assert names[("health", "bad rows")] == 1
        await type_in(pilot, app, "外科")
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == list(range(3, 41, 4)))
        await pilot.press("slash")
        await type_in(pilot, app, "ct")
        await wait_for(pilot, lambda: "2 of them among those" in state(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == [7, 35])
        # One of the two is taken away again.
        await pilot.press("f")
        dialog = app.screen
        await wait_for(pilot, lambda: dialog._entries is not None)
        assert dialog._entries[0].name == "✕ department = 外科"
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == [7, 14, 21, 28, 35])


async def test_a_value_that_is_not_listed_is_looked_for_whole(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        await pilot.press("f")
        dialog: Any = app.screen
        await wait_for(pilot, lambda: dialog._entries is not None)
        await type_in(pilot, app, "output=nothing")
        await pilot.press("enter")
        await wait_for(pilot, lambda: "no row has exactly" in state(app, "#note"))
        await type_in(pilot, app, f"instruction={rows()[4]['instruction']}")
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == [5])


async def test_rows_are_filtered_by_length(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("f")
        dialog: Any = app.screen
        await wait_for(pilot, lambda: dialog._entries is not None)
        await type_in(pilot, app, "length assistant")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, LengthPrompt))
        await type_in(pilot, app, "what")
        assert "not a range" in state(app)
        longest = len(rows()[39]["output"].strip())
        await type_in(pilot, app, f">={longest}")
        await wait_for(pilot, lambda: "1 of 41 rows" in state(app))
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == [40])


async def test_rows_are_filtered_by_tokens_once_they_are_counted(file: str, smollm2: Path) -> None:
    from screens.dataset.figures.panel import FiguresPanel
    from screens.remembered import remember

    remember("model", str(smollm2))
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(200, 60)) as pilot:
        await opened(pilot, app)
        await wait_for(pilot, lambda: data_screen(app).query_one(FiguresPanel).token_lengths, 60)
        counted = data_screen(app).query_one(FiguresPanel).token_lengths
        assert counted is not None
        longest = int(counted.lengths.max())
        wanted = [
            int(row) for row, length in zip(counted.rows, counted.lengths, strict=True) if length == longest
        ]
        await pilot.press("s")
        panel = data_screen(app).query_one(FiguresPanel)
        await wait_for(pilot, lambda: not panel.counting)
        await pilot.press("f")
        dialog: Any = app.screen
        await wait_for(pilot, lambda: dialog._entries is not None)
        assert not any(entry.pending for entry in dialog._entries)
        offered = {entry.name for entry in dialog._entries if entry.group == "health"}
        assert offered == {line.title for line in panel.health.lines if line.number}
        await type_in(pilot, app, f"tokens>={longest}")
        assert f"tokens from {longest}" in str(dialog._highlighted().name)
        await type_in(pilot, app, "length tokens")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, LengthPrompt))
        await type_in(pilot, app, str(longest))
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == wanted)


async def test_what_is_not_counted_yet_is_listed_with_what_counts_it(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app)
        await pilot.press("f")
        dialog: Any = app.screen
        await wait_for(pilot, lambda: dialog._entries is not None)
        pending = [entry.name for entry in dialog._entries if entry.pending]
        assert pending[0] == "near duplicates" and pending[-1] == "tokens" and "rows cut off" in pending
        for text in ("near", "tokens>600", "cut off"):
            await type_in(pilot, app, text)
            assert "s counts them" in seen(app)
            await pilot.press("enter")
            assert app.screen is dialog and "not counted yet" in state(app, "#note")
        await type_in(pilot, app, "turns>900")
        assert "no row is of such a length" in state(app, "#note")
        longest = len(rows()[39]["output"].strip())
        await type_in(pilot, app, f"assistant_chars>={longest}")
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == [40])


async def test_near_duplicates_are_offered_once_they_are_counted(tmp_path: Path) -> None:
    from screens.dataset.figures.panel import FiguresPanel

    words = [" ".join(f"w{n}{m}" for m in range(40)) for n in range(3)]
    texts = [*words, words[1] + " and more"]
    path = tmp_path / "near.jsonl"
    path.write_text("\n".join(json.dumps({"instruction": "say", "output": text}) for text in texts))
    app = WorkbenchApp(dataset=str(path))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        await pilot.press("s")
        panel = data_screen(app).query_one(FiguresPanel)
        await wait_for(pilot, lambda: panel.health.counted)
        await pilot.press("f")
        dialog: Any = app.screen
        await wait_for(pilot, lambda: dialog._entries is not None)
        await type_in(pilot, app, "near")
        await pilot.press("enter")
        await wait_for(pilot, lambda: shown(app) == [4])


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("100-500", (100, 500)),
        ("1,000..2_000", (1000, 2000)),
        (">20", (21, None)),
        (">= 20", (20, None)),
        ("<20", (None, 19)),
        ("<=20", (None, 20)),
        ("20-", (20, None)),
        ("-20", (None, 20)),
        ("7", (7, 7)),
        ("10 20", (10, 20)),
        ("", None),
        ("-", None),
        ("a", None),
        ("1-2-3", None),
    ],
)
def test_ranges_are_read_as_people_write_them(text: str, wanted: object) -> None:
    assert read_range(text) == wanted


def test_marks_stand_on_the_characters_that_were_found() -> None:
    from hypothesis import given
    from hypothesis import strategies as st

    from screens.dataset.row.flow import Beside, Rule, Run, flow_with_places
    from screens.dataset.row.highlight import Highlight
    from workbench.data.finding.pattern import Pattern
    from workbench.untrusted import display_width

    words = st.text("ab 心脏，\n", max_size=30)
    runs = st.builds(Run, words, st.sampled_from(["x", "y"]))
    pieces = st.lists(
        runs
        | st.builds(Rule, st.just("rule"), st.just("r"))
        | st.builds(lambda a, b: Beside((a,), (b,)), runs, runs),
        max_size=6,
    )

    @given(pieces, st.integers(8, 30) | st.integers(80, 100), st.sampled_from(["心脏", "a", "ab", "心"]))
    def check(parts: list[Any], width: int, text: str) -> None:
        lines, places = flow_with_places(parts, width)
        highlight = Highlight(Pattern(text, match_case=True))
        highlight.look(parts, places)
        marked = ""
        for number in range(len(lines)):
            line = "".join(part for part, _ in lines[number])
            for start, end, _ in highlight.on(number):
                cell = 0
                for character in line:
                    if start <= cell < end:
                        marked += character
                    cell += display_width(character)
        assert sorted(marked) == sorted(text * highlight.count)

    check()
