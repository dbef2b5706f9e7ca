"""The format of a file is overridden, and columns of any name are given their parts."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, OptionList, Static
from waiting import wait_for

from screens.app import WorkbenchApp
from screens.dataset.formats.format_dialog import MAP, FormatDialog
from screens.dataset.formats.mapping_dialog import MappingDialog
from screens.dataset.formats.mapping_lines import LABELS, lines_of, with_label, with_value
from screens.dataset.formats.mapping_preview import RowPreview
from screens.dataset.formats.mapping_saving import SavePrompt, entry_name, registry_for
from screens.dataset.screen import DataScreen
from workbench.data.formats.mapping import Mapping
from workbench.data.registry import own_registry, read_registry

pytestmark = pytest.mark.usefixtures("home")

ROWS = [
    {"department": "心血管科", "title": "高血压", "ask": f"问题{n}？", "answer": f"回答{n}。"}
    for n in range(1, 21)
]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "questions.jsonl"
    lines = [json.dumps(row, ensure_ascii=False) for row in ROWS]
    lines[4] = json.dumps({**ROWS[4], "answer": ""}, ensure_ascii=False)
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def data_screen(app: WorkbenchApp) -> DataScreen:
    screen = app.screen_stack[0]
    assert isinstance(screen, DataScreen)
    return screen


async def opened(pilot: Pilot[Any], app: WorkbenchApp, format: str) -> None:
    screen = data_screen(app)
    await wait_for(
        pilot, lambda: screen.dataset and screen.rows_pane.is_whole and screen.dataset.format == format
    )


def text_of(app: WorkbenchApp) -> str:
    view = app.screen.query_one(RowPreview)
    return "\n".join("".join(text for text, _ in line) for line in view._lines)


def said(app: WorkbenchApp, name: str) -> str:
    return str(app.screen.query_one(name, Static).render())


async def mapping_dialog(pilot: Pilot[Any], app: WorkbenchApp) -> MappingDialog:
    await pilot.press("F")
    await wait_for(pilot, lambda: isinstance(app.screen, FormatDialog))
    dialog: Any = app.screen
    await wait_for(pilot, lambda: dialog._tried)
    listing = dialog.query_one(OptionList)
    listing.highlighted = dialog._names.index(MAP)
    await pilot.press("enter")
    await wait_for(pilot, lambda: isinstance(app.screen, MappingDialog))
    mapping: Any = app.screen
    await wait_for(pilot, lambda: mapping.trial)
    return mapping


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_columns_are_mapped_by_a_guess_that_is_mended_and_saved(
    file: Path, size: tuple[int, int]
) -> None:
    app = WorkbenchApp(dataset=str(file))
    async with app.run_test(size=size) as pilot:
        await opened(pilot, app, "unknown")
        dialog = await mapping_dialog(pilot, app)
        assert dict(dialog.mapping.columns) == {"prompt": "title", "query": "ask", "response": "answer"}
        assert dialog.mapping.labels == ("department",)
        assert "高血压\n问题1？" in text_of(app) and "回答1。" in text_of(app)
        assert said(app, "#usable") == "19 of the first 20 rows can be used; b: row 5: answer is empty"
        await pilot.press("n")
        assert dialog.row == 2 and "问题2？" in text_of(app)
        await pilot.press("b")
        assert dialog.row == 5 and "answer is empty" in text_of(app)
        # The title is taken out: the question alone is left.
        await pilot.press("backspace")
        assert "prompt is mapped to no column" in said(app, "#usable")
        await pilot.press("s")
        assert app.screen is dialog, "there is nothing to save"
        while dialog.mapping.column("prompt") != "ask":
            await pilot.press("right")
        assert dialog.mapping.column("query") is None, "a column has one part to play"
        await wait_for(pilot, lambda: dialog.trial)
        await pilot.press("s")
        await wait_for(pilot, lambda: isinstance(app.screen, SavePrompt))
        assert app.screen.query_one(Input).value == "questions"
        assert str(file.parent / "dataset_info.json") in said(app, "#written").replace("\n", "")
        await pilot.press("enter")
        await opened(pilot, app, "alpaca")
        dataset = data_screen(app).dataset
        assert dataset is not None and len(dataset.bad_rows) == 1
        assert [message.content for message in dataset.conversation(1).messages] == ["问题1？", "回答1。"]
        (entry,) = read_registry(file.parent / "dataset_info.json")
        assert (entry.name, entry.file_name, entry.mapping) == (
            "questions",
            "questions.jsonl",
            dialog.mapping,
        )


async def test_a_mapping_is_used_without_being_saved(file: Path) -> None:
    app = WorkbenchApp(dataset=str(file))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, "unknown")
        await mapping_dialog(pilot, app)
        await pilot.press("u")
        await opened(pilot, app, "alpaca")
        assert not (file.parent / "dataset_info.json").exists()


async def test_a_column_is_picked_from_a_list(file: Path) -> None:
    app = WorkbenchApp(dataset=str(file))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app, "unknown")
        dialog = await mapping_dialog(pilot, app)
        await pilot.press("down", "down", "enter")  # response
        await wait_for(
            pilot, lambda: app.screen is not dialog and app.screen.query_one(OptionList).option_count
        )
        app.screen.query_one(Input).value = "title"
        await pilot.press("enter")
        await wait_for(pilot, lambda: dialog.mapping.column("response") == "title")
        assert dialog.mapping.column("prompt") is None


async def test_a_name_that_other_rows_have_is_refused(file: Path) -> None:
    other = {"questions": {"file_name": "other.json"}}
    (file.parent / "dataset_info.json").write_text(json.dumps(other))
    app = WorkbenchApp(dataset=str(file))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, "unknown")
        await mapping_dialog(pilot, app)
        await pilot.press("s")
        await wait_for(pilot, lambda: isinstance(app.screen, SavePrompt))
        await pilot.press("enter")
        await wait_for(pilot, lambda: 'there is an entry "questions" for other rows' in said(app, "#problem"))
        assert json.loads((file.parent / "dataset_info.json").read_text()) == other


def test_a_folder_that_is_read_only_is_not_written_to(file: Path) -> None:
    assert registry_for(file)[0] == file.parent / "dataset_info.json"
    file.parent.chmod(0o555)
    try:
        assert registry_for(file)[0] == own_registry()
    finally:
        file.parent.chmod(0o755)


async def test_a_format_is_taken_in_place_of_the_detected_one(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    row = {"instruction": "ask", "output": "tell", "text": "both"}
    path.write_text(f"{json.dumps(row)}\n" * 3)
    app = WorkbenchApp(dataset=str(path))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, "alpaca")
        await pilot.press("F")
        dialog: Any = app.screen
        assert said(app, "#why") == "alpaca: the rows have the columns instruction and output"
        await wait_for(pilot, lambda: dialog._tried)
        assert dialog._tried.trials["alpaca"].usable == 3 and dialog._tried.trials["openai"].usable == 0
        listing = dialog.query_one(OptionList)
        listing.highlighted = dialog._names.index("openai")
        await wait_for(pilot, lambda: "row 1 cannot be used so" in said(app, "#note"))
        listing.highlighted = dialog._names.index("text")
        await pilot.press("enter")
        await opened(pilot, app, "text")
        dataset = data_screen(app).dataset
        assert dataset is not None and dataset.conversation(1).text == "both"


async def test_turns_of_unknown_tags_are_mapped(tmp_path: Path) -> None:
    path = tmp_path / "talk.jsonl"
    turns = [{"speaker": "patient", "text": "问"}, {"speaker": "doctor", "text": "答"}]
    path.write_text((json.dumps({"talk": turns}) + "\n") * 3)
    app = WorkbenchApp(dataset=str(path))
    async with app.run_test(size=(120, 36)) as pilot:
        await opened(pilot, app, "unknown")
        dialog = await mapping_dialog(pilot, app)
        assert dialog.mapping.formatting == "sharegpt" and dialog.mapping.column("messages") == "talk"
        keys = lines_of(dialog.mapping)
        for key, value in (
            ("role_tag", "speaker"),
            ("content_tag", "text"),
            ("user_tag", "patient"),
            ("assistant_tag", "doctor"),
        ):
            dialog.query_one(OptionList).highlighted = keys.index(key)
            await pilot.pause()
            for _ in range(4):
                if dialog.mapping.tag(key) != value:
                    await pilot.press("right")
            assert dialog.mapping.tag(key) == value
        await wait_for(pilot, lambda: dialog.trial and dialog.trial.usable == 3)
        assert "user" in text_of(app) and "assistant" in text_of(app)


async def test_toyhom_is_mapped_at_once(shared_data: Path, tmp_path: Path) -> None:
    path = tmp_path / "toyhom.csv"
    shutil.copy(shared_data / "medical" / "toyhom_internal_medicine_gb18030.csv", path)
    app = WorkbenchApp(dataset=str(path))
    async with app.run_test(size=(80, 24)) as pilot:
        await opened(pilot, app, "unknown")
        dialog = await mapping_dialog(pilot, app)
        assert dict(dialog.mapping.columns) == {"prompt": "title", "query": "ask", "response": "answer"}
        assert dialog.mapping.labels == ("department",)
        assert "all of the first 1,000 rows" in said(app, "#usable")
        await pilot.press("s", "enter")
        await opened(pilot, app, "alpaca")
        dataset = data_screen(app).dataset
        assert dataset is not None and dataset.rows == 7644 and not dataset.bad_rows
        assert 'entry "toyhom"' in dataset.why


def test_lines_are_set_one_by_one() -> None:
    mapping = with_value(Mapping(), "response", "a")
    mapping = with_value(mapping, "prompt", "b")
    assert mapping.columns == (("prompt", "b"), ("response", "a")), "in the order of the lines"
    assert with_value(mapping, "query", "a").columns == (("prompt", "b"), ("query", "a"))
    both = with_value(with_value(mapping, "chosen", "c"), "rejected", "d")
    assert both.ranking and not with_value(both, "chosen", None).ranking
    assert with_value(mapping, "formatting", "sharegpt").columns == ()
    labelled = with_label(with_label(mapping, "x"), "y")
    assert labelled.labels == ("x", "y") and with_label(labelled, "x").labels == ("y",)
    assert with_value(labelled, LABELS, None).labels == ()


def test_a_name_for_an_entry_is_made_of_the_files() -> None:
    assert entry_name(Path("/x/my data (1).json.gz")) == "my_data_1"
    assert entry_name(Path("/x/医学 数据.csv")) == "医学_数据"
    assert entry_name(Path("/x/.csv")) == "data"
