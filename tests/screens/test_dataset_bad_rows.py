"""Bad rows on Data: listed by reason, looked at, gone to, and saved."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.widgets import Button, Input, OptionList
from waiting import wait_for

from screens.app import WorkbenchApp
from screens.dataset.bad_rows import BadRowsDialog
from screens.dataset.rows.table import RowTable
from screens.dataset.screen import DataScreen
from screens.widgets.dialogs import Question, TextPrompt

pytestmark = pytest.mark.usefixtures("home")


@pytest.fixture
def file(tmp_path: Path) -> str:
    """1,500 rows: rows 3, 6, 9 … lack an answer, rows 500 and 1,000 are no JSON."""
    lines = []
    for row in range(1, 1501):
        if row % 500 == 0 and row < 1500:
            lines.append('{"instruction": "[/x] \\u001b[31mred", "output"')
        elif row % 3 == 0:
            lines.append(json.dumps({"instruction": f"row {row}"}))
        else:
            lines.append(json.dumps({"instruction": f"row {row}", "output": "yes"}))
    path = tmp_path / "rows.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def data_screen(app: WorkbenchApp) -> DataScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, DataScreen)
    return screen


async def listed(pilot: Any, app: WorkbenchApp) -> RowTable:
    await wait_for(pilot, lambda: (dataset := data_screen(app).dataset) and dataset.complete)
    await pilot.press("b")
    await wait_for(pilot, lambda: isinstance(app.screen, BadRowsDialog) and isinstance(app.focused, RowTable))
    return app.screen.query_one(RowTable)


async def test_every_bad_row_is_listed_by_its_reason_and_can_be_gone_to(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        table = await listed(pilot, app)
        assert table.row_count == 502
        reasons = app.screen.query_one(OptionList)
        shown = [str(option.prompt).split(None, 1) for option in reasons.options]
        assert [number for number, _ in shown] == ["502", "500", "2"]
        assert shown[1][1] == "there is no output" and "not JSON" in shown[2][1]
        await pilot.press("shift+tab", "end")
        await wait_for(pilot, lambda: table.row_count == 2)
        await pilot.press("tab", "end")
        raw: Any = app.screen.query_one("#raw")
        await wait_for(pilot, lambda: "row 1,000" in str(raw.border_title))
        assert '{"instruction": "[/x] \\u001b[31mred"' in str(raw.content)
        await pilot.press("enter")
        await wait_for(pilot, lambda: data_screen(app).row == 1000)


async def test_bad_rows_are_saved_and_nothing_is_replaced_unasked(file: str, tmp_path: Path) -> None:
    app = WorkbenchApp(dataset=file)
    saved = tmp_path / "saved.jsonl"
    async with app.run_test(size=(120, 36)) as pilot:
        await listed(pilot, app)

        async def save() -> None:
            await pilot.press("w")
            await wait_for(
                pilot, lambda: isinstance(app.screen, TextPrompt) and isinstance(app.focused, Input)
            )
            app.screen.query_one(Input).value = str(saved)
            await pilot.press("enter")

        await save()
        await wait_for(pilot, saved.exists)
        rows = [json.loads(line) for line in saved.read_text().splitlines()]
        assert [row["row"] for row in rows] == sorted([*range(3, 1500, 3), 1500, 500, 1000])
        assert rows[0] == {"row": 3, "reason": "there is no output", "raw": '{"instruction": "row 3"}'}
        saved.write_text("mine")
        await save()
        await wait_for(pilot, lambda: isinstance(app.screen, Question) and app.screen.query(Button))
        await pilot.press("n")
        assert saved.read_text() == "mine"
        await save()
        await wait_for(pilot, lambda: isinstance(app.screen, Question) and app.screen.query(Button))
        await pilot.press("y")
        await wait_for(pilot, lambda: saved.read_text() != "mine")


async def test_where_it_cannot_be_saved_is_a_sentence(file: str, tmp_path: Path) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(80, 24)) as pilot:
        await listed(pilot, app)
        await pilot.press("w")
        await wait_for(pilot, lambda: isinstance(app.screen, TextPrompt) and isinstance(app.focused, Input))
        app.screen.query_one(Input).value = str(tmp_path / "nowhere" / "x.jsonl")
        await pilot.press("enter")
        hint: Any = app.screen.query_one("#hint")
        assert "there is no folder" in str(hint.content)
