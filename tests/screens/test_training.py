"""Train: the form and its check, what it stands for, recipe files, and the launch."""

from __future__ import annotations

import os
import shlex
import signal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from textual.widgets import Input, OptionList, Static
from waiting import wait_for

import screens.app
from screens import messages
from screens.app import WorkbenchApp
from screens.remembered import remember
from screens.training.choice_dialog import ChoiceDialog
from screens.training.form import Form
from screens.training.help_pane import HelpPane
from screens.training.memory_pane import MemoryPane
from screens.training.recipe_pane import RecipePane
from screens.training.screen import TrainScreen
from screens.training.values import as_text, as_value, choices, empty_means
from screens.widgets.dialogs import Question
from screens.widgets.file_picker import FilePicker
from workbench.paths import runs_dir
from workbench.recipe.files import load_recipe
from workbench.recipe.form import fields
from workbench.recipe.schema import Recipe

FIELDS = {field.name: field for field in fields()}


class Asked(WorkbenchApp):
    """The app, but what Train asks of other screens is kept instead of done."""

    CSS_PATH = Path(screens.app.__file__).with_name("app.tcss")

    def __init__(self) -> None:
        super().__init__("train")
        self.shown_runs: list[str] = []

    async def on_show_run(self, message: messages.ShowRun) -> None:
        message.prevent_default()
        self.shown_runs.append(message.run_id)

    @property
    def train(self) -> TrainScreen:
        screen = self.screen_stack[0]
        assert isinstance(screen, TrainScreen)
        return screen

    @property
    def form(self) -> Form:
        return self.train.query_one(Form)

    @property
    def notice(self) -> str:
        return str(self.train.query_one("#notice", Static).render())

    def line(self, name: str) -> str:
        """What the form shows of a key."""
        return self.form._lines[name].render().plain

    def text(self) -> str:
        """The YAML and the command."""
        return self.train.query_one(RecipePane).query_one(Static).render().plain  # type: ignore[union-attr]


@pytest.fixture
def app(home: Path) -> Asked:
    return Asked()


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    path = tmp_path / "rows.jsonl"
    path.write_text('{"instruction": "Say it", "output": "It is said."}\n' * 8)
    return path


async def ready(pilot: Any, app: Asked) -> Form:
    await wait_for(pilot, lambda: app.train.query(Form))
    await wait_for(pilot, lambda: app.form.has_focus)
    return app.form


async def test_the_form_holds_every_key_of_the_recipe_in_its_order(app: Asked) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        assert [line.field.name for line in form.query("FieldLine").results()] == list(FIELDS)  # type: ignore[attr-defined]
        groups = [str(heading.render()).strip() for heading in form.query(".group")]
        assert groups == list(dict.fromkeys(field.group for field in fields()))


async def test_help_follows_the_cursor_with_source_limits_and_default(app: Asked) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        form.go_to("lora_rank")
        await pilot.pause()
        pane = app.train.query_one(HelpPane)
        shown = " ".join(str(pane.render()).split())
        field = FIELDS["lora_rank"]
        assert field.help in shown and field.source in shown
        assert "default 8" in shown and "at least 1" in shown


async def test_what_is_typed_is_checked_at_once_and_escape_takes_it_back(app: Asked) -> None:
    async with app.run_test(size=(80, 24)) as pilot:
        form = await ready(pilot, app)
        form.go_to("cutoff_len")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("3")
        assert "must be at least 8, not 3" in app.line("cutoff_len")
        assert form._lines["cutoff_len"].size.height == 2, "the sentence has a line of its own"
        await pilot.press("escape")
        assert form.values["cutoff_len"] == 2048 and form.has_focus
        assert "must be" not in app.line("cutoff_len")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("5", "1", "2", "enter")
        assert form.values["cutoff_len"] == 512 and form.has_focus
        assert app.line("cutoff_len").startswith("•") and "default 2048" in app.line("cutoff_len")
        await pilot.press("backspace")
        assert form.values["cutoff_len"] == 2048 and not app.line("cutoff_len").startswith("•")


async def test_a_word_where_a_number_belongs_is_kept_and_refused(app: Asked) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        form.go_to("learning_rate")
        await pilot.press("enter")
        await wait_for(pilot, lambda: isinstance(app.focused, Input))
        await pilot.press("a", "b", "down")
        assert form.values["learning_rate"] == "ab"
        assert "must be a number, not 'ab'" in app.line("learning_rate")
        assert form.current.field.name == "num_train_epochs", "down takes what was typed and goes on"


async def test_checks_across_fields_stand_in_the_field(app: Asked) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        form.put(
            {"model_name_or_path": "m", "dataset": "d", "finetuning_type": "full", "quantization_bit": 4}
        )
        assert "quantized weights cannot be trained" in " ".join(app.line("quantization_bit").split())


async def test_choices_walk_in_the_line_and_longer_ones_open_a_list(app: Asked) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        form.go_to("finetuning_type")
        await pilot.press("right")
        assert form.values["finetuning_type"] == "full" and "[full]" in app.line("finetuning_type")
        form.go_to("quantization_bit")
        await pilot.press("space")
        assert form.values["quantization_bit"] == 4
        form.go_to("bf16")
        await pilot.press("left")
        assert form.values["bf16"] is True
        form.go_to("optim")
        await pilot.press("enter")
        assert isinstance(app.screen, ChoiceDialog)
        assert app.screen.query_one(OptionList).option_count == len(choices(FIELDS["optim"]))
        await pilot.press("end", "enter")
        assert form.values["optim"] == "sgd"


async def test_yaml_and_command_stand_for_the_same_recipe(app: Asked, tmp_path: Path) -> None:
    changed = {
        "model_name_or_path": "some model's",
        "dataset": "数据 [b].json",
        "learning_rate": 2.5e-5,
        "lora_alpha": 32,
        "bf16": False,
        "val_size": 0.1,
    }
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        assert "dataset is needed" in app.text()
        form.put(changed)
        await pilot.pause()
        text, _, command = app.text().partition("\n$ ")
        assert yaml.safe_load(text) == changed
        (tmp_path / "r.yaml").write_text(text, encoding="utf-8")
        recipe = Recipe(**changed)  # type: ignore[arg-type]
        assert load_recipe(tmp_path / "r.yaml") == recipe
        words = shlex.split(command)
        assert words[:2] == ["workbench", "train"] and load_recipe(None, words[2:]) == recipe


async def test_a_data_file_may_come_before_the_form(app: Asked) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        app.train.train_on("/somewhere/rows.json")
        form = await ready(pilot, app)
        assert form.values["dataset"] == "/somewhere/rows.json"
        assert "rows.json" in app.line("dataset")


async def test_what_data_looked_with_is_trained_with(app: Asked) -> None:
    remember("model", "the model of the tokens")
    remember("cutoff_len", 300)
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        app.train.train_on("/somewhere/rows.json")
        assert form.values["model_name_or_path"] == "the model of the tokens"
        assert form.values["cutoff_len"] == 300
        form.put({"model_name_or_path": "another", "cutoff_len": 64})
        app.train.train_on("/somewhere/else.json")
        assert (form.values["model_name_or_path"], form.values["cutoff_len"]) == ("another", 64)


async def test_a_tall_terminal_shows_the_whole_recipe(app: Asked) -> None:
    async with app.run_test(size=(200, 60)) as pilot:
        form = await ready(pilot, app)
        form.put({"model_name_or_path": "m", "dataset": "d"})
        await pilot.pause()
        assert all(f"{name}:" in app.text() for name in FIELDS)


async def test_what_is_missing_is_said_and_gone_to_before_a_launch(app: Asked) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        form.put({"model_name_or_path": "m"})
        await pilot.press("l")
        assert "dataset is needed" in app.notice
        assert form.current.field.name == "dataset"
        assert not runs_dir().exists()


async def test_a_refused_launch_says_why_in_full_and_leaves_nothing(
    app: Asked, rows: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "hollow"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        form.put({"model_name_or_path": str(folder), "dataset": str(rows)})
        await pilot.press("l")
        await wait_for(pilot, lambda: "Not launched" in app.notice)
        assert "no weights in safetensors" in app.notice and "Copy or download" in app.notice
        assert not list(runs_dir().glob("*"))
        assert not app.shown_runs


async def test_memory_is_estimated_and_what_does_not_fit_is_asked_about(
    app: Asked, rows: Path, smollm2: Path
) -> None:
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        pane = app.train.query_one(MemoryPane)
        assert "a model (m picks one)" in str(pane.query_one(Static).render())
        form.put({"model_name_or_path": str(smollm2), "dataset": str(rows), "cutoff_len": 256})
        await wait_for(pilot, lambda: pane.estimate is not None)
        assert pane.estimate is not None
        shown = str(pane.query_one(Static).render())
        assert all(name.replace("_", " ") in shown for name in pane.estimate.parts)
        before = pane.estimate.total_gib
        form.put({"per_device_train_batch_size": 4096, "cutoff_len": 8192})
        await wait_for(pilot, lambda: pane.estimate is not None and pane.estimate.total_gib > before)
        assert pane.estimate.fits is False and "✗ does not fit" in str(pane.border_subtitle)
        await pilot.press("l")
        assert isinstance(app.screen, Question)
        await pilot.press("n")
        assert not runs_dir().exists()


async def test_a_launch_makes_a_run_and_shows_it(app: Asked, rows: Path, tiny_model: Path) -> None:
    from workbench.runs.directory import find_run
    from workbench.runs.status import read_status

    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        form.put({"model_name_or_path": str(tiny_model), "dataset": str(rows), "max_steps": 2})
        await pilot.press("l")
        await wait_for(pilot, lambda: app.shown_runs, 30)
        run = find_run(app.shown_runs[0])
        try:
            assert run.id in app.notice
            assert load_recipe(run.recipe_file).max_steps == 2
            assert read_status(run).state in ("starting", "running")
        finally:
            pid = read_status(run).pid
            assert pid
            os.killpg(pid, signal.SIGKILL)


async def test_a_recipe_is_written_opened_again_and_not_overwritten_unasked(
    app: Asked, rows: Path, tmp_path: Path
) -> None:
    path = tmp_path / "my recipe.yaml"
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        form.put({"model_name_or_path": "m", "dataset": str(rows), "lora_rank": 64})

        async def write() -> None:
            await pilot.press("w")
            app.screen.query_one(Input).value = str(path)
            await pilot.press("enter")

        await write()
        await wait_for(pilot, lambda: "is written" in app.notice)
        assert load_recipe(path).lora_rank == 64
        form.put({"lora_rank": 16})
        await write()
        assert isinstance(app.screen, Question)
        await pilot.press("n")
        assert load_recipe(path).lora_rank == 64
        form.clear()
        assert form.values["lora_rank"] == 8
        await pilot.press("o")
        assert isinstance(app.screen, FilePicker)
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await wait_for(pilot, lambda: form.values["lora_rank"] == 64)


async def test_a_broken_recipe_file_changes_nothing_and_names_the_line(app: Asked, tmp_path: Path) -> None:
    path = tmp_path / "broken.yaml"
    path.write_text("lora_rank: 4\nlearning_rat: 1\n")
    async with app.run_test(size=(120, 36)) as pilot:
        form = await ready(pilot, app)
        await pilot.press("o")
        app.screen.query_one(Input).value = str(path)
        await pilot.press("enter")
        await wait_for(pilot, lambda: "line 2" in " ".join(app.notice.split()))
        assert "did you mean learning_rate?" in " ".join(app.notice.split())
        assert form.values["lora_rank"] == 8


@pytest.mark.parametrize("size", [(80, 24), (120, 36), (200, 60)])
async def test_the_facts_are_beside_the_form_or_behind_a_key(app: Asked, size: tuple[int, int]) -> None:
    async with app.run_test(size=size) as pilot:
        form = await ready(pilot, app)
        facts = app.train.query_one(RecipePane)
        narrow = size[0] < 110
        assert facts.is_on_screen is not narrow
        if not narrow:
            return
        assert form.size.height >= 14
        await pilot.press("y")
        await pilot.pause()
        assert facts.is_on_screen and not form.is_on_screen
        await pilot.press("y")
        await pilot.pause()
        assert form.has_focus


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_the_same_after_it_was_written_and_read(number: float) -> None:
    assert as_value(FIELDS["learning_rate"], as_text(number)) == number


def test_numbers_are_written_as_one_types_them() -> None:
    assert [as_text(value) for value in (1e-4, 2.5e-5, 3.0, 0.1, 0.0, 0.001, 512, True, None)] == [
        "1e-4",
        "2.5e-5",
        "3",
        "0.1",
        "0",
        "0.001",
        "512",
        "true",
        "",
    ]


def test_an_empty_field_says_what_that_means() -> None:
    assert empty_means(FIELDS["lora_alpha"]) == "twice the rank"
    assert as_value(FIELDS["lora_alpha"], "  ") is None
    assert as_value(FIELDS["dataset"], "") == ""
    # Every key that may be empty says in its help what it then does.
    assert all(empty_means(field) != "empty" for field in fields() if field.optional)
