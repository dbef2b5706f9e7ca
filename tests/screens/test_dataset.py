"""Data on real files: what it shows of them, and what its keys do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from textual.widget import Widget
from textual.widgets import Input, OptionList
from waiting import wait_for

from screens.app import WorkbenchApp
from screens.dataset.bad_rows import BadRowsDialog
from screens.dataset.file_line import FileLine
from screens.dataset.row.lines_view import LinesView
from screens.dataset.row.panes import ConversationPane
from screens.dataset.row.tokens_pane import TokensPane
from screens.dataset.rows.pane import RowsPane
from screens.dataset.rows.table import RowTable
from screens.dataset.screen import DataScreen
from screens.remembered import recent_files, remember, remember_file
from workbench.untrusted import display_width

pytestmark = pytest.mark.usefixtures("home")

ROWS: list[Any] = [
    {"instruction": "名字叫什么？", "input": "", "output": "我叫小明，今年三岁。"},
    {
        "instruction": "Say [/b] \x1b[31mred\x1b[0m",
        "input": "",
        "output": "It is [bold]not[/bold] red.\nReally.",
    },
    {"instruction": "no output here"},
    {"instruction": "How many?", "input": "", "output": "one two three four five six seven eight nine ten"},
]


def write_rows(path: Path, rows: Sequence[Any] = ROWS) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)


@pytest.fixture
def file(tmp_path: Path) -> str:
    return write_rows(tmp_path / "rows.jsonl")


def data_screen(app: WorkbenchApp) -> DataScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, DataScreen)
    return screen


def said(app: WorkbenchApp) -> str:
    """What the pane of rows says in place of rows."""
    return str(data_screen(app).query_one("#rows-say").render())


def text_of(view: LinesView) -> str:
    """What the pane would draw, all lines."""
    return "\n".join("".join(text for text, _ in line) for line in view._lines)


def title_of(view: Widget) -> str:
    return str(view._border_title)


async def opened(pilot: Any, app: WorkbenchApp) -> RowTable:
    await wait_for(pilot, lambda: data_screen(app).query(RowTable))
    await wait_for(pilot, lambda: any(text_of(pane) for pane in data_screen(app).query(ConversationPane)))
    return data_screen(app).query_one(RowTable)


async def test_a_file_is_opened_and_its_first_row_shown(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        table = await opened(pilot, app)
        assert table.row_count == 4
        assert table.has_focus
        line = data_screen(app).query_one(FileLine).render().plain
        assert "rows.jsonl" in line and "alpaca" in line and "4 rows" in line and "1 bad" in line
        conversation = text_of(data_screen(app).query_one(ConversationPane))
        assert conversation.startswith("user\n名字叫什么？") and "我叫小明，今年三岁。" in conversation
        assert recent_files("data") == [file]


async def test_walking_shows_each_row_and_g_goes_to_one(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        conversation = data_screen(app).query_one(ConversationPane)
        await pilot.press("down", "down")
        await wait_for(pilot, lambda: "cannot be used" in text_of(conversation))
        assert "there is no output" in text_of(conversation)
        assert '"no output here"' in text_of(conversation), "the row as it stands in the file"
        await pilot.press("g", "9", "enter")
        assert isinstance(app.screen.query_one(Input), Input), "there is no row 9: the dialog stays"
        await pilot.press("backspace", "4", "enter")
        await wait_for(pilot, lambda: "nine ten" in text_of(conversation))
        assert data_screen(app).row == 4


async def test_escape_sequences_and_markup_of_a_row_are_only_text(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        await pilot.press("down")
        conversation = data_screen(app).query_one(ConversationPane)
        await wait_for(pilot, lambda: "Say [/b] red" in text_of(conversation))
        assert "It is [bold]not[/bold] red.\nReally." in text_of(conversation)
        drawn = "".join(strip.text for strip in app.screen._compositor.render_strips())
        assert "\x1b" not in drawn and "Say [/b] red" in drawn


async def test_chinese_columns_keep_their_alignment(tmp_path: Path) -> None:
    rows = [
        {"instruction": text, "input": "x", "output": "标点。"}
        for text in ("短", "长" * 90, "mixed 中文", "abc")
    ]
    app = WorkbenchApp(dataset=write_rows(tmp_path / "zh.jsonl", rows))
    async with app.run_test(size=(120, 36)) as pilot:
        table = await opened(pilot, app)
        strips = [table.render_line(y) for y in range(1, 5)]
        assert len({strip.cell_length for strip in strips}) == 1
        starts = {display_width(strip.text[: strip.text.index(" x ")]) for strip in strips}
        assert len(starts) == 1


async def test_bad_rows_are_marked_listed_and_gone_to(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        table = await opened(pilot, app)
        assert list(table.get_column_at(1)) == ["", "^", "✗", ""]
        await pilot.press("b")
        assert isinstance(app.screen, BadRowsDialog)
        await wait_for(pilot, lambda: app.screen.query(RowTable))
        assert list(app.screen.query_one(RowTable).get_column_at(0)) == [3]
        await pilot.press("enter")
        await wait_for(pilot, lambda: data_screen(app).row == 3)


async def test_a_file_that_cannot_be_read_is_a_sentence_and_another_can_be_opened(
    file: str, tmp_path: Path
) -> None:
    empty = tmp_path / "empty.json"
    empty.touch()
    app = WorkbenchApp(dataset=str(empty))
    async with app.run_test(size=(80, 24)) as pilot:
        await wait_for(pilot, lambda: "the file is empty" in said(app))
        assert str(empty) in said(app).replace("\n", "")
        data_screen(app).open_dataset(file)
        await opened(pilot, app)
        data_screen(app).open_dataset(str(tmp_path / "gone.json"))
        await wait_for(pilot, lambda: "there is no such file" in said(app))
        # The screen hears of it by a message, a moment after the sentence stands.
        await wait_for(pilot, lambda: data_screen(app).dataset is None)
        assert not data_screen(app).query(RowTable)


async def test_columns_of_no_format_are_shown_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "odd.csv"
    path.write_text("department,ask [/x]\n心血管科,为什么？\n", encoding="gb18030")
    app = WorkbenchApp(dataset=str(path))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        shown = text_of(data_screen(app).query_one(ConversationPane))
        assert "belong to no format" in " ".join(shown.split()) and "心血管科" in shown
        assert "unknown" in data_screen(app).query_one(FileLine).render().plain


async def test_recent_files_are_offered_while_nothing_is_open(file: str) -> None:
    remember_file("data", file)
    app = WorkbenchApp()
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: data_screen(app).query(OptionList))
        assert "o opens one" in said(app)
        await pilot.press("enter")
        await opened(pilot, app)


async def test_t_opens_the_form_with_the_file(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        await pilot.press("t")
        await wait_for(pilot, lambda: app.screen.query("Form"))
        form: Any = app.screen.query_one("Form")
        await wait_for(pilot, lambda: form.values["dataset"] == file)


@pytest.mark.parametrize("gone", [True, False])
async def test_t_opens_no_form_with_a_file_that_is_another_by_now(file: str, gone: bool) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        if gone:
            Path(file).unlink()
        else:
            write_rows(Path(file), ROWS[::-1] + ROWS)
        await pilot.press("t")
        await wait_for(pilot, lambda: len(app._notifications))
        assert "after it was opened" in next(iter(app._notifications)).message
        await pilot.pause(0.1)
        assert app.current_mode == "data"
        line = data_screen(app).query_one(FileLine)
        assert "changed or gone since it was opened" in str(line.render())


async def test_without_a_model_the_tokens_say_which_key_picks_one(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        await pilot.press("v")
        tokens = data_screen(app).query_one(TokensPane)
        await wait_for(pilot, lambda: "m picks one" in " ".join(text_of(tokens.lines).split()))


async def test_tab_goes_from_pane_to_pane(file: str) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        table = await opened(pilot, app)
        await pilot.press("tab")
        assert data_screen(app).query_one(ConversationPane).has_focus
        await pilot.press("tab")
        assert table.has_focus


async def test_tokens_are_those_of_the_trainer_and_the_cut_is_drawn(file: str, smollm2: Path) -> None:
    from workbench.data.opening import open_dataset
    from workbench.data.tokens.encode import encode
    from workbench.data.tokens.tokenizer import load_tokenizer

    remember("model", str(smollm2))
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app)
        await pilot.press("v", "end")
        tokens = data_screen(app).query_one(TokensPane)
        await wait_for(pilot, lambda: "trained" in title_of(tokens), 60)
        conversation = open_dataset(file).conversation(4)
        tokenizer = load_tokenizer(smollm2)
        whole = encode(conversation, tokenizer, cutoff_len=2048)
        assert f"{len(whole.input_ids)} tokens, {whole.trained} trained" in title_of(tokens)
        trained = "".join(
            text for line in tokens.lines._lines for text, kind in line if kind.startswith("trained")
        )
        assert trained == tokenizer.decode([label for label in whole.labels if label != -100])
        # Not by colour alone: the lines that hold trained tokens are marked at their edge.
        marks = [
            tokens.lines.render_line(y).text.startswith("▎") == any(k.startswith("trained") for _, k in line)
            for y, line in enumerate(tokens.lines._lines)
        ]
        assert all(marks)

        cutoff = len(whole.input_ids) - 5
        await pilot.press("c")
        app.screen.query_one(Input).value = str(cutoff)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "cut off" in title_of(tokens))
        cut = encode(conversation, tokenizer, cutoff_len=cutoff)
        (rule,) = (text for line in tokens.lines._lines for text, kind in line if kind == "rule")
        assert f"cut at {cutoff}: 5 tokens lost, {cut.cut_trained} of them trained" in rule
        lost = "".join(text for line in tokens.lines._lines for text, kind in line if kind.startswith("cut"))
        assert lost.replace("⏎", "\n") == tokenizer.decode(cut.cut_ids)


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_every_key_works_at_every_size(file: str, size: tuple[int, int]) -> None:
    app = WorkbenchApp(dataset=file)
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app)
        await pilot.press("v", "s", "z", "z", "s", "v", "tab", "z", "down", "z", "shift+tab", "end", "home")
        assert data_screen(app).query_one(RowsPane).display
        assert data_screen(app).row == 1


def test_the_first_screen_imports_nothing_heavy() -> None:
    heavy = "torch transformers pyarrow numpy pydantic psutil yaml textual_fastdatatable workbench.data"
    code = (
        "import sys, screens.app, screens.dataset.screen; "
        f"print([name for name in {heavy.split()!r} if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
