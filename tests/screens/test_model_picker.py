"""The dialog in which a model is picked."""

from __future__ import annotations

import json
from pathlib import Path

from seeing import seen
from textual.app import App
from textual.pilot import Pilot
from textual.widgets import OptionList
from waiting import wait_for

from screens.widgets.model_picker import ModelPicker

NOTHING_YET = "nothing yet"


class Picking(App[None]):
    picked: str | None = NOTHING_YET

    def on_mount(self) -> None:
        self.push_screen(ModelPicker("Pick"), self.take)

    def take(self, value: str | None) -> None:
        self.picked = value


def make_model(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "config.json").write_text(json.dumps({"model_type": "llama", "dtype": "bfloat16"}))
    (folder / "tokenizer.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(bytes(3 * 1024**2))
    return folder


def make_run(folder: Path, base: Path) -> None:
    (folder / "adapter").mkdir(parents=True)
    (folder / "adapter" / "adapter_config.json").write_text(
        json.dumps({"base_model_name_or_path": str(base)})
    )


async def listed(pilot: Pilot[None]) -> OptionList:
    listing = pilot.app.screen.query_one(OptionList)
    await wait_for(pilot, lambda: listing.option_count)
    return listing


async def test_models_and_runs_are_listed_with_what_they_are_and_narrowed_by_typing(home: Path) -> None:
    base = make_model(home / "models" / "small")
    make_model(home / "models" / "other")
    make_run(home / "runs" / "alpaca-01", base)
    app = Picking()
    async with app.run_test(size=(100, 30)) as pilot:
        assert (await listed(pilot)).option_count == 3
        text = seen(app)
        assert "llama, bfloat16, 3.00 MiB" in text
        assert "alpaca-01  run: adapter on small" in text
        await pilot.press(*"alp")
        assert (await listed(pilot)).option_count == 1
        await pilot.press("enter")
        assert app.picked == "alpaca-01"


async def test_the_list_is_walked_while_the_field_keeps_the_focus(home: Path) -> None:
    for name in ("one", "two"):
        make_model(home / "models" / name)
    app = Picking()
    async with app.run_test(size=(100, 30)) as pilot:
        listing = await listed(pilot)
        second = str(listing.get_option_at_index(1).prompt).split()[0]
        await pilot.press("down", "enter")
        assert app.picked == second


async def test_a_folder_can_be_typed_and_a_bad_one_is_said_at_once(home: Path, tmp_path: Path) -> None:
    good = make_model(tmp_path / "elsewhere")
    bad = tmp_path / "no-weights"
    bad.mkdir()
    (bad / "config.json").write_text("{}")
    app = Picking()
    async with app.run_test(size=(140, 30)) as pilot:
        await wait_for(pilot, lambda: "No model in" in seen(app))
        field = pilot.app.screen.query_one("Input")
        field.value = str(bad)
        await listed(pilot)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "no weights in safetensors" in seen(app))
        assert app.picked == NOTHING_YET
        field.value = str(good)
        await pilot.pause()
        await pilot.press("enter")
        assert app.picked == str(good)


async def test_a_hub_id_is_left_to_whoever_loads_it_and_escape_is_none(home: Path) -> None:
    app = Picking()
    async with app.run_test(size=(100, 30)) as pilot:
        await wait_for(pilot, lambda: "No model in" in seen(app))
        await pilot.press(*"Org/Name-1B")
        assert "from the Hugging Face Hub" in seen(app)
        await pilot.press("enter")
        assert app.picked == "Org/Name-1B"
    app = Picking()
    async with app.run_test(size=(100, 30)) as pilot:
        await pilot.press("escape")
        assert app.picked is None


async def test_names_from_disk_are_no_markup_and_no_escape_sequences(home: Path) -> None:
    make_model(home / "models" / "[red]odd[b]\x1b[31m中文")
    app = Picking()
    async with app.run_test(size=(100, 30)) as pilot:
        await listed(pilot)
        assert "[red]odd[b]中文" in seen(app)


async def test_a_name_that_fits_nothing_is_answered_and_enter_says_why(home: Path) -> None:
    make_model(home / "models" / "small")
    app = Picking()
    async with app.run_test(size=(100, 30)) as pilot:
        await listed(pilot)
        await pilot.press(*"zzz")
        assert "no model here is called zzz" in seen(app)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "no folder, run or model is called 'zzz'" in seen(app))
        assert app.picked == NOTHING_YET
        await pilot.press("backspace", "backspace", "backspace")
        assert "zzz" not in seen(app) and "small" in seen(app)
