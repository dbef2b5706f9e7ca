"""The file picker: completion, folders, recent files, and what is not there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from textual.app import App
from textual.widgets import Input, OptionList, Static
from waiting import wait_for

from screens.widgets.file_picker import FilePicker
from screens.widgets.folder_list import Entry, completed, list_folder, matching
from screens.widgets.registry_picker import RegistryPicker

FILES = ("rows.jsonl", "rows_held_out.jsonl", "notes.txt", ".hidden.json")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in FILES:
        (tmp_path / name).write_text("{}\n")
    (tmp_path / "deeper").mkdir()
    (tmp_path / "deeper" / "inside.csv").write_text("a\n")
    return tmp_path


class Picking(App[None]):
    """An app that does nothing but pick."""

    def __init__(self, picker: FilePicker) -> None:
        super().__init__()
        self.picker = picker
        self.taken: list[str | None] = []

    def on_mount(self) -> None:
        self.push_screen(self.picker, self.taken.append)

    @property
    def offered(self) -> list[str]:
        options = self.picker.query_one(OptionList).options
        return [str(option.prompt).split()[0] if str(option.prompt).strip() else "" for option in options]

    @property
    def hint(self) -> str:
        return str(self.picker.query_one("#hint", Static).content)


async def type_text(pilot: Any, text: str) -> None:
    pilot.app.picker.query_one(Input).insert_text_at_cursor(text)
    await pilot.pause()


async def test_the_folder_is_listed_folders_first_and_hidden_files_left_out(folder: Path) -> None:
    app = Picking(FilePicker("Data", folder))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        assert app.offered == [
            str(folder)[: len(app.offered[0])],
            "deeper/",
            "notes.txt",
            "rows.jsonl",
            *FILES[1:2],
        ]


async def test_tab_completes_as_far_as_it_is_clear_and_enter_takes(folder: Path) -> None:
    app = Picking(FilePicker("Data", folder))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        await type_text(pilot, "ro")
        await pilot.press("tab")
        assert app.picker.query_one(Input).value == "rows"
        await type_text(pilot, "_")
        await pilot.press("tab", "enter")
        assert app.taken == [str(folder / "rows_held_out.jsonl")]


async def test_a_folder_is_entered_and_not_taken(folder: Path) -> None:
    app = Picking(FilePicker("Data", folder))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        await pilot.press("down", "enter")
        await wait_for(pilot, lambda: app.offered == ["inside.csv"])
        assert app.picker.query_one(Input).value == "deeper/"
        await pilot.press("down", "enter")
        assert app.taken == [str(folder / "deeper" / "inside.csv")]


async def test_recent_files_come_first_and_those_that_are_gone_are_left_out(folder: Path) -> None:
    recent = [str(folder / "deeper" / "inside.csv"), str(folder / "gone.csv")]
    app = Picking(FilePicker("Data", folder, recent=recent))
    async with app.run_test(size=(160, 40)) as pilot:
        await wait_for(pilot, lambda: app.picker.query_one(OptionList).option_count > 4)
        prompts = [str(option.prompt) for option in app.picker.query_one(OptionList).options]
        assert prompts[0] == "recent" and prompts[1].endswith("deeper/inside.csv")
        assert not any("gone" in prompt for prompt in prompts)
        await pilot.press("down", "enter")
        assert app.taken == [recent[0]]


async def test_what_is_not_there_is_said_and_escape_gives_none(folder: Path) -> None:
    app = Picking(FilePicker("Data", folder))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        await type_text(pilot, "nowhere/at_all.json")
        await pilot.press("enter")
        assert "no file" in app.hint and "nowhere/at_all.json" in app.hint
        assert not app.taken
        await pilot.press("escape")
        assert app.taken == [None]


def test_an_unreadable_folder_is_a_sentence(tmp_path: Path) -> None:
    listing = list_folder(tmp_path / "missing")
    assert not listing.entries and "no such file" in listing.problem


def test_names_that_hold_what_was_typed_come_after_those_that_begin_with_it() -> None:
    entries = [Entry("data.csv", 1), Entry("my_data.csv", 1), Entry("other", None)]
    assert [entry.name for entry in matching(entries, "DATA")] == ["data.csv", "my_data.csv"]
    assert completed("x/oth", entries) == "x/other/"
    assert completed("my", entries) == "my_data.csv"
    assert completed("zz", entries) == "zz"


async def test_a_folder_is_taken_as_one_set_by_its_own_key(folder: Path) -> None:
    app = Picking(FilePicker("Data", folder, sets=True))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        await pilot.press("ctrl+o")
        assert app.taken == [str(folder)]


async def test_the_folder_under_the_cursor_is_taken_before_the_one_that_is_listed(folder: Path) -> None:
    app = Picking(FilePicker("Data", folder, sets=True))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        await pilot.press("down", "ctrl+o")
        assert app.taken == [str(folder / "deeper")]


async def test_a_pattern_shows_what_it_stands_for_and_is_given_whole(folder: Path) -> None:
    app = Picking(FilePicker("Data", folder, sets=True))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        await type_text(pilot, "rows*.jsonl")
        assert app.offered == ["rows.jsonl", "rows_held_out.jsonl"] and "all 2 as one set" in app.hint
        await pilot.press("enter")
        assert app.taken == [str(folder / "rows*.jsonl")]


async def test_a_hub_id_is_given_where_sets_will_do_and_refused_where_not(folder: Path) -> None:
    app = Picking(FilePicker("Data", folder, sets=True))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        await type_text(pilot, "tatsu-lab/alpaca:train")
        await pilot.press("enter")
        assert app.taken == ["tatsu-lab/alpaca:train"]
    app = Picking(FilePicker("Data", folder))
    async with app.run_test() as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 5)
        await type_text(pilot, "tatsu-lab/alpaca:train")
        await pilot.press("enter")
        assert not app.taken and "no file" in app.hint


async def test_a_registry_lists_its_entries_and_says_why_one_cannot_be_had(folder: Path) -> None:
    entries = {
        "gone": {"file_name": "gone.json"},
        "elsewhere": {"ms_hub_url": "org/set"},
        "here": {"file_name": "rows.jsonl", "formatting": "sharegpt"},
    }
    (folder / "dataset_info.json").write_text(json.dumps(entries))
    app = Picking(FilePicker("Data", folder, sets=True))
    async with app.run_test(size=(120, 36)) as pilot:
        await wait_for(pilot, lambda: len(app.offered) == 6)
        await type_text(pilot, "dataset_info.json")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.screen, RegistryPicker))
        listed = app.screen.query_one(OptionList)
        await wait_for(pilot, lambda: listed.option_count == 3)
        shown = [str(option.prompt) for option in listed.options]
        assert shown[0].startswith("here") and "sharegpt" in shown[0]
        assert "there is no gone.json" in shown[1] and "ModelScope" in shown[2]
        await pilot.press("down", "enter")
        assert "there is no gone.json" in str(app.screen.query_one("#note", Static).content)
        await pilot.press("up", "enter")
        assert app.taken == [f"{folder / 'dataset_info.json'}#here"]
