"""How Data reads a large file: first rows at once, the rest behind; and which rows it then shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy
import pytest
from textual.message import Message
from textual.widgets import OptionList
from waiting import wait_for

from screens.app import WorkbenchApp
from screens.dataset.messages import ShowRows
from screens.dataset.rows.pane import RowsPane
from screens.dataset.rows.shown_line import ShownLine
from screens.dataset.rows.table import RowTable
from screens.dataset.screen import DataScreen
from screens.dataset.selection.sort_dialog import SortDialog

pytestmark = pytest.mark.usefixtures("home")

LARGE = 60_000


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file of 36 MB: worker processes index it in some seconds."""
    path = tmp_path_factory.mktemp("large") / "large.jsonl"
    filler = "word " * 100
    with path.open("w") as file:
        for row in range(1, LARGE + 1):
            file.write(json.dumps({"instruction": f"row {row}", "output": filler, "input": ""}) + "\n")
    return str(path)


@pytest.fixture
def small(tmp_path: Path) -> str:
    rows = [("b", 30, "x"), ("c", 5, "x"), ("a", 100, "y"), ("b", 30, "x")]
    path = tmp_path / "small.jsonl"
    path.write_text(
        "".join(
            json.dumps({"instruction": name, "input": "", "output": "o" * size, "kind": kind}) + "\n"
            for name, size, kind in rows
        )
    )
    return str(path)


def data_screen(app: WorkbenchApp) -> DataScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, DataScreen)
    return screen


def line(app: WorkbenchApp) -> str:
    shown = data_screen(app).query_one(ShownLine)
    return str(shown.content) if shown.display else ""


def numbers(app: WorkbenchApp) -> list[Any]:
    return list(data_screen(app).query_one(RowTable).get_column_at(0))


async def whole(pilot: Any, app: WorkbenchApp) -> RowTable:
    # The keys work when the screen has heard of it too.
    await wait_for(pilot, lambda: (dataset := data_screen(app).dataset) and dataset.complete)
    return data_screen(app).query_one(RowTable)


class Heard:
    """How many rows each RowsPane.Opened was about, in order."""

    def __init__(self) -> None:
        self.opened: list[tuple[int, bool]] = []

    def __call__(self, message: Message) -> None:
        if isinstance(message, RowsPane.Opened) and message.dataset is not None:
            opened = (message.dataset.rows, message.dataset.complete)
            if opened not in self.opened:
                self.opened.append(opened)


async def test_the_first_rows_are_walked_while_the_rest_is_indexed_and_the_cursor_stays(large: str) -> None:
    heard = Heard()
    app = WorkbenchApp(dataset=large)
    async with app.run_test(size=(120, 36), message_hook=heard) as pilot:
        await wait_for(pilot, lambda: data_screen(app).query(RowTable))
        table = data_screen(app).query_one(RowTable)
        assert table.row_count == 1000
        await pilot.press("pagedown", "pagedown", "down")
        row, scrolled = table.number, table.scroll_y
        assert row and row > 30 and scrolled > 0
        await whole(pilot, app)
        assert heard.opened == [(1000, False), (LARGE, True)]
        assert data_screen(app).query_one(RowTable) is table and table.row_count == LARGE
        assert (table.number, table.scroll_y) == (row, scrolled) and line(app) == ""
        await pilot.press("end")
        await wait_for(pilot, lambda: data_screen(app).row == LARGE)


async def test_indexing_is_stopped_and_taken_up_again(large: str) -> None:
    app = WorkbenchApp(dataset=large)
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "indexing" in line(app))
        assert "escape stops" in line(app)
        await wait_for(pilot, lambda: data_screen(app).dataset)
        assert data_screen(app).check_action("showing", ("find",)) is None, "dim until all rows are there"
        await pilot.press("escape")
        assert "the first 1,000 rows only" in line(app) and "r reads the rest" in line(app)
        for key, name in (("slash", "Find"), ("f", "Filter"), ("S", "Sort"), ("t", "Train")):
            app.clear_notifications()
            await pilot.press(key)
            await wait_for(pilot, lambda: len(app._notifications))
            (said,) = app._notifications
            assert said.message == f"{name} needs all rows: r reads the rest."
            assert app.screen is data_screen(app)
        await pilot.press("down", "down", "r")
        assert "indexing" in line(app)
        table = await whole(pilot, app)
        assert table.number == 3 and table.row_count == LARGE


async def test_another_file_is_opened_while_one_is_indexed(large: str, small: str) -> None:
    heard = Heard()
    app = WorkbenchApp(dataset=large)
    async with app.run_test(size=(120, 36), message_hook=heard) as pilot:
        await wait_for(pilot, lambda: "indexing" in line(app))
        data_screen(app).open_dataset(small)
        await whole(pilot, app)
        assert data_screen(app).query_one(RowTable).row_count == 4
        await pilot.pause(0.5)
        assert heard.opened == [(1000, False), (4, True)], "nothing more is heard of the first file"


async def test_a_file_that_breaks_off_while_it_is_indexed_keeps_its_first_rows(
    large: str, tmp_path: Path
) -> None:
    path = tmp_path / "vanishing.jsonl"
    path.write_bytes(Path(large).read_bytes())
    app = WorkbenchApp(dataset=str(path))
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: "indexing" in line(app))
        with path.open("r+b") as file:
            file.truncate(5_000_000)
        await wait_for(pilot, lambda: "✗" in line(app))
        assert "r reads the rest" in line(app)
        assert data_screen(app).query_one(RowTable).row_count == 1000


async def test_rows_are_sorted_by_a_column_and_x_gives_the_order_of_the_file(small: str) -> None:
    app = WorkbenchApp(dataset=small)
    async with app.run_test(size=(120, 36)) as pilot:
        table = await whole(pilot, app)
        await pilot.press("S")
        await wait_for(
            pilot, lambda: isinstance(app.screen, SortDialog) and isinstance(app.focused, OptionList)
        )
        offered = [str(option.prompt).split("  ")[0] for option in app.screen.query_one(OptionList).options]
        assert offered[0] == "file order" and "characters" in offered and "instruction" in offered
        await pilot.press(*["down"] * offered.index("instruction"), "enter")
        await wait_for(pilot, lambda: numbers(app) == [3, 1, 4, 2])
        assert "instruction▲" in "".join(segment.text for segment in table.render_line(0))
        assert "4 rows: by instruction" in line(app) and "x file order" in line(app)
        assert table.number == 3, "the cursor is on the first one"
        await pilot.press("S")
        await wait_for(
            pilot, lambda: isinstance(app.screen, SortDialog) and isinstance(app.focused, OptionList)
        )
        await pilot.press("enter")
        await wait_for(pilot, lambda: numbers(app) == [2, 1, 4, 3])
        await pilot.press("x")
        await wait_for(pilot, lambda: numbers(app) == [1, 2, 3, 4])
        assert line(app) == "" and table.number == 2, "the cursor stays on its row"


async def test_rows_behind_a_figure_are_shown_with_what_they_are(small: str) -> None:
    app = WorkbenchApp(dataset=small)
    async with app.run_test(size=(120, 36)) as pilot:
        table = await whole(pilot, app)
        data_screen(app).post_message(ShowRows(numpy.array([2, 4]), "repeated [/x] \x1b[31mprompts"))
        await wait_for(pilot, lambda: numbers(app) == [2, 4])
        assert "2 of 4 rows: repeated [/x] prompts" in line(app) and "x all rows" in line(app)
        await wait_for(pilot, lambda: data_screen(app).row == 2)
        # A row that is not among them is gone to all the same.
        await pilot.press("g", "3", "enter")
        await wait_for(pilot, lambda: table.number == 3)
        assert numbers(app) == [1, 2, 3, 4]


async def test_marks_lengths_and_empty_columns(small: str) -> None:
    app = WorkbenchApp(dataset=small)
    async with app.run_test(size=(120, 36)) as pilot:
        table = await whole(pilot, app)
        await wait_for(pilot, lambda: "!" in table.column_names)
        assert table.column_names == ["#", "!", "chars", "instruction", "output", "kind"]
        assert list(table.get_column_at(1)) == ["", "", "", "DP"]
        assert list(table.get_column_at(2)) == [31, 6, 101, 31]
        assert "empty: input" in str(data_screen(app).rows_pane.border_title)


async def test_rows_of_a_held_out_file_are_found(small: str, tmp_path: Path) -> None:
    held_out = tmp_path / "held_out.jsonl"
    held_out.write_text(json.dumps({"instruction": "c", "input": "", "output": "other"}) + "\n")
    app = WorkbenchApp(dataset=small)
    async with app.run_test(size=(120, 36)) as pilot:
        await whole(pilot, app)
        data_screen(app).rows_pane.compare(str(held_out))
        await wait_for(pilot, lambda: numbers(app) == [2])
        assert "in held_out.jsonl too: 0 of its rows, 1 of its prompts" in line(app)


async def test_notes_and_what_was_detected_are_told(small: str, tmp_path: Path) -> None:
    (tmp_path / "readme.xyz").write_text("nothing")
    app = WorkbenchApp(dataset=str(tmp_path))
    async with app.run_test(size=(120, 36)) as pilot:
        await whole(pilot, app)
        await pilot.press("i")
        await wait_for(pilot, lambda: app.screen.query("VerticalScroll Static"))
        told = "\n".join(str(fact.render()) for fact in app.screen.query("VerticalScroll Static"))
        assert "alpaca" in told and "4 good, 0 bad" in told and "readme.xyz" in told
