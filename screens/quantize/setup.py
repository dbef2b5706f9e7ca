"""What to compare: a model, the methods, the held-out rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.events import DescendantFocus
from textual.message import Message
from textual.widgets import Button, Input, Static

from screens.quantize.lines import MethodBox, NumberLine, PickLine
from workbench.quantize.methods import BASELINE, METHODS, unavailable
from workbench.untrusted import printable

if TYPE_CHECKING:
    from screens.quantize.suggestion import Suggestion


class SetupPane(VerticalScroll, can_focus=False):
    """The form of a comparison; `Wanted` carries what it says."""

    HELP = (
        "Pick a model or a finished run, the methods and a file of held-out rows (none: the rows that the "
        "run itself held out), and start. The comparison is a job of its own: it goes on when the app is "
        "closed."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("down", "app.focus_next", "Next line", show=False),
        Binding("up", "app.focus_previous", "Previous line", show=False),
    ]

    @dataclass
    class Wanted(Message):
        """A comparison with these values of a `ComparisonPlan` is to be started."""

        values: dict[str, Any]

    def __init__(self) -> None:
        super().__init__(id="setup", classes="pane")
        self.border_title = "new comparison"

    def compose(self) -> ComposeResult:
        yield PickLine("model", "enter picks one", id="model")
        yield PickLine("rows", "the run's own held-out rows", id="rows")
        yield Static("methods", classes="heading", markup=False)
        for method in METHODS.values():
            yield MethodBox(method, unavailable(method), always=method.name == BASELINE)
        yield Static("measured on", classes="heading", markup=False)
        yield NumberLine("held-out rows", 32, "scored", key="count")
        yield NumberLine("prompts", 3, "answered", key="prompts")
        yield NumberLine("answers", 64, "tokens each", key="max_new_tokens")
        yield Button("Start (s)", id="start", compact=True, variant="primary")
        yield Static(id="said", markup=False)

    @property
    def model(self) -> str | None:
        """The model or run that is picked."""
        return self.query_one("#model", PickLine).value

    def ask_for_model(self) -> None:
        """Let a model or a run be picked."""
        from screens.widgets.model_picker import ModelPicker

        def chosen(model: str | None) -> None:
            if model:
                self.pick_model(model)

        self.app.push_screen(ModelPicker("Compare a model or a run"), chosen)

    def on_pick_line_asked(self, message: PickLine.Asked) -> None:
        message.stop()
        if message.line.id == "model":
            self.ask_for_model()
            return
        from screens.widgets.file_picker import FilePicker

        def chosen(path: str | None) -> None:
            if path:
                self.pick_rows(path)

        start = Path(message.line.value).parent if message.line.value else None
        self.app.push_screen(FilePicker("Held-out rows", start), chosen)

    def pick_model(self, model: str) -> None:
        """Compare this model or run."""
        self.query_one("#model", PickLine).set(model)
        self.say("")

    def suggest(self, suggestion: Suggestion) -> None:
        """Begin with this, unless something else was picked meanwhile."""
        model, rows = self.query_one("#model", PickLine), self.query_one("#rows", PickLine)
        if model.value is None and rows.value is None:
            model.set(suggestion.model)
            rows.set(suggestion.rows)

    def pick_rows(self, path: str) -> None:
        """Score the rows of this file."""
        self.query_one("#rows", PickLine).set(path)
        self.say("")

    def say(self, text: str, kind: str = "dim") -> None:
        """A sentence under the form: what is being done (`dim`), or what is wrong (`problem`)."""
        said = self.query_one("#said", Static)
        said.set_classes(kind)
        said.update(Content(printable(text)))
        if text:
            self.call_after_refresh(said.scroll_visible, animate=False)

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        self.say(event.widget.about if isinstance(event.widget, MethodBox) else "")

    def values(self) -> dict[str, Any]:
        """What the form says, as values of a `ComparisonPlan`.

        Raises:
            ValueError: with a sentence, where something is missing or is no number.
        """
        if self.model is None:
            raise ValueError("Pick a model or a run first: enter on the first line.")
        values: dict[str, Any] = {
            "model": self.model,
            "rows": self.query_one("#rows", PickLine).value,
            "methods": [box.method.name for box in self.query(MethodBox) if box.checked],
        }
        for key in ("count", "prompts", "max_new_tokens"):
            text = self.query_one(f"#{key}", Input).value.strip()
            try:
                values[key] = int(text)
            except ValueError:
                raise ValueError(f"{key} is {text!r}, and must be a whole number.") from None
        return values

    def start(self) -> bool:
        """Ask for the comparison; if something is missing, say so and give False."""
        try:
            self.post_message(self.Wanted(self.values()))
        except ValueError as error:
            self.say(str(error), "problem")
            return False
        return True

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.start()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.screen.focus_next()
