"""The Train screen: the recipe as a form, what it stands for, what it needs, and its launch."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import get_current_worker

from screens.messages import ShowRun
from screens.remembered import recall, recent_files, remember, remember_file
from screens.training.form import Form
from screens.training.help_pane import HelpPane
from screens.training.memory_pane import MemoryPane, verdict
from screens.training.recipe_pane import RecipePane
from screens.widgets.room import Room
from workbench.errors import WorkbenchError
from workbench.untrusted import printable

if TYPE_CHECKING:
    from screens.app import WorkbenchApp
    from workbench.recipe.form import Field
    from workbench.recipe.schema import Recipe


class TrainScreen(Room):
    """A recipe is made here, checked as it is typed, and launched."""

    MODE = "train"
    CSS_PATH = "screen.tcss"
    AUTO_FOCUS = "Form"
    HELP = (
        "Train makes a recipe and launches it. Pick the model (m) and the data (d), change what you want "
        "to change, and launch (l): the run goes on by itself, whatever happens to this terminal, and "
        "Monitor follows it. A recipe is an ordinary YAML file with LLaMA-Factory's and transformers' "
        "names: o opens one, w writes one."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("l", "launch", "Launch"),
        Binding("y", "toggle_facts", "YAML, memory"),
        Binding("m", "pick_model", "Model"),
        Binding("d", "pick_data", "Data"),
        Binding("o", "open_recipe", "Open"),
        Binding("w", "save_recipe", "Write"),
        Binding("n", "clear", "All as by default", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._form: Form | None = None
        # What is put into the form before it is there.
        self._early: dict[str, Any] = {}
        self._recipe_file: Path | None = None
        self._launching = False

    def compose_body(self) -> ComposeResult:
        yield Static(id="notice")
        with Horizontal(id="panes"):
            with Vertical(id="form-side"):
                yield Static("reading what a recipe holds…", id="form-waits", classes="pane")
                yield HelpPane()
            with Vertical(id="facts"):
                yield MemoryPane()
                yield RecipePane()

    def on_mount(self) -> None:
        self._read_fields()

    @work(thread=True, group="fields")
    def _read_fields(self) -> None:
        # The schema brings pydantic along: part of a second that must not stall the screen.
        from workbench.recipe import problems  # noqa: F401
        from workbench.recipe.form import fields

        found = fields()
        if not get_current_worker().is_cancelled:
            self.call_later(self._show_form, found)

    async def _show_form(self, fields: Sequence[Field]) -> None:
        form = Form(fields)
        form.values.update(self._early)
        await self.query_one("#form-waits").remove()
        await self.query_one("#form-side").mount(form, before=0)
        self._form = form
        if self.focused is None:
            form.focus()

    def train_on(self, dataset: str, dataset_format: str | None = None) -> None:
        """Put this data file into the form, and what Data looked at it with where nothing else is chosen."""
        values: dict[str, Any] = {"dataset": dataset, "dataset_format": dataset_format}
        shown = self._form.values if self._form else self._early
        if not shown.get("model_name_or_path") and (model := recall("model")):
            values["model_name_or_path"] = str(model)
            if isinstance(cutoff_len := recall("cutoff_len"), int):
                values["cutoff_len"] = cutoff_len
        self._put(values)

    def _put(self, values: dict[str, Any]) -> None:
        if self._form is None:
            self._early.update(values)
        else:
            self._form.put(values)

    # --- what follows from the form

    def on_form_moved(self, message: Form.Moved) -> None:
        self.query_one(HelpPane).explain(message.line.field)

    def on_form_changed(self, message: Form.Changed) -> None:
        if not self._launching:
            self._say("")
        recipe = self._recipe()
        if recipe is None:
            problems = [f"{problem.key} {problem.sentence}" for problem in message.form.problems]
            self.query_one(RecipePane).show_problems(problems)
            self.query_one(MemoryPane).wait_for(_what_is_missing(message.form))
        else:
            self.query_one(RecipePane).show(recipe)
            self.query_one(MemoryPane).consider(recipe)

    def on_memory_pane_estimated(self, message: MemoryPane.Estimated) -> None:
        # On a narrow terminal the memory pane is out of sight, and what it says stands here.
        if self._form and self.has_class("-narrow") and message.estimate:
            self._form.border_subtitle = f"{self._form.figures} · {verdict(message.estimate)}"

    def _recipe(self) -> Recipe | None:
        """The form as a recipe; None while something in it is wrong."""
        if self._form is None or self._form.problems:
            return None
        from workbench.recipe.schema import Recipe

        return Recipe(**self._form.values)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A terminal that is wide enough shows both sides anyway."""
        return action != "toggle_facts" or self.has_class("-narrow")

    # --- picking

    def action_pick_model(self) -> None:
        """Pick the model to start from."""
        from screens.widgets.model_picker import ModelPicker

        def taken(model: str | None) -> None:
            if model:
                remember("model", model)
                self._put({"model_name_or_path": model})

        self.app.push_screen(ModelPicker("The model to start from"), taken)

    def action_pick_data(self) -> None:
        """Pick the training rows."""
        self._pick_file("dataset", "The training rows")

    def on_form_pick_path(self, message: Form.PickPath) -> None:
        if message.field.name == "model_name_or_path":
            self.action_pick_model()
        else:
            self._pick_file(message.field.name, message.field.name)

    def _pick_file(self, key: str, title: str) -> None:
        from screens.widgets.file_picker import FilePicker

        def taken(path: str | None) -> None:
            if path:
                remember_file("data", path)
                self._put({key: path})

        self.app.push_screen(FilePicker(title, recent=recent_files("data")), taken)

    # --- recipe files

    def action_clear(self) -> None:
        """Every key as by default."""
        if self._form:
            self._form.clear()

    def action_open_recipe(self) -> None:
        """Fill the form from a recipe file."""
        from screens.training.recipe_files import open_recipe

        def opened(recipe: Recipe, path: Path) -> None:
            self._recipe_file = path
            self._put(recipe.model_dump())
            self._say(f"{path} is opened.", "good")

        open_recipe(self.app, opened, lambda sentence: self._say(f"✗ {sentence}"))

    def action_save_recipe(self) -> None:
        """Write the form to a recipe file."""
        from screens.training.recipe_files import save_recipe

        recipe = self._recipe_or_say_why("written")
        if recipe:
            save_recipe(self.app, recipe, self._recipe_file, self._saved)

    def _saved(self, sentence: str, well: bool) -> None:
        self._say(sentence if well else f"✗ {sentence}", "good" if well else "problem")

    # --- launching

    def action_launch(self) -> None:
        """Launch the recipe; where it will not fit, ask first."""
        recipe = self._recipe_or_say_why("launched")
        if recipe is None or self._launching:
            return
        estimate = self.query_one(MemoryPane).estimate
        if estimate is None or estimate.fits is not False:
            self._launch(recipe)
            return
        from screens.widgets.dialogs import Question

        def answered(yes: bool | None) -> None:
            if yes:
                self._launch(recipe)

        advice = "".join(f"\n· {line}" for line in estimate.advice)
        self.app.push_screen(
            Question(
                "It will probably not fit",
                f"By the estimate it {verdict(estimate).removeprefix('✗ ')}.{advice}",
                yes="Launch all the same",
                no="Change the recipe",
                danger=True,
            ),
            answered,
        )

    def _launch(self, recipe: Recipe) -> None:
        self._launching = True
        self._say("launching: looking at the model, the rows and the disk…", "warning")
        self._start(recipe)

    @work(thread=True, group="launch")
    def _start(self, recipe: Recipe) -> None:
        from workbench.training.start import start_training

        try:
            run_id, problem = start_training(recipe).id, ""
        except WorkbenchError as error:
            run_id, problem = "", str(error)
        if not get_current_worker().is_cancelled:
            self.call_later(self._started, run_id, problem)

    def _started(self, run_id: str, problem: str) -> None:
        self._launching = False
        if problem:
            self._say(f"✗ Not launched. {problem}")
            return
        self._say(f"✓ {run_id} is launched; Monitor (3) follows it.", "good")
        cast("WorkbenchApp", self.app).look_at_runs()
        self.app.post_message(ShowRun(run_id))

    # --- what is said above the panes

    def _recipe_or_say_why(self, verb: str) -> Recipe | None:
        recipe = self._recipe()
        if recipe is None and self._form and self._form.problems:
            first = self._form.problems[0]
            self._form.go_to(first.key)
            self._say(f"✗ The recipe cannot be {verb} yet: {first.key} {first.sentence}.")
        return recipe

    def _say(self, text: str, kind: str = "problem") -> None:
        notice = self.query_one("#notice", Static)
        notice.update(Content(printable(text)))
        notice.set_classes(kind)
        notice.display = bool(text)

    def action_toggle_facts(self) -> None:
        """On a narrow terminal: the form, or the YAML, the command and the memory."""
        self.toggle_class("-facts")
        shown = self.query_one(RecipePane) if self.has_class("-facts") else self._form
        if shown:
            self.call_after_refresh(shown.focus)


def _what_is_missing(form: Form) -> str:
    missing = {
        "model_name_or_path": "a model (m picks one)",
        "dataset": "a data file (d picks one)",
    }
    wanted = [words for key, words in missing.items() if not form.values[key]]
    if wanted:
        return f"The memory that the run needs is shown here. Still needed: {' and '.join(wanted)}."
    return "The memory that the run needs is shown here when the recipe has nothing to mend."
