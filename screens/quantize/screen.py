"""The Quantize screen: what each method costs in size, speed and answers, on one's own rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, ClassVar, cast

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Input, Static
from textual.worker import get_current_worker

from screens.messages import ChatWith
from screens.quantize.answers import AnswersPane
from screens.quantize.comparisons import ComparisonList
from screens.quantize.figures import FiguresTable
from screens.quantize.jobs import (
    Launched,
    Refused,
    ResultsRead,
    Stopping,
    launch_comparison,
    read_comparison,
    stop_comparison,
)
from screens.quantize.progress import progress_line
from screens.quantize.setup import SetupPane
from screens.widgets.room import Room
from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    from screens.app import WorkbenchApp
    from workbench.quantize.results import Results
    from workbench.runs.status import Status


class QuantizeScreen(Room):
    """A form to start comparisons, and the one that is shown: figures and answers."""

    MODE = "quantize"
    AUTO_FOCUS = "#answers"
    CSS_PATH = "screen.tcss"
    HELP = (
        "What quantization does to a model, measured on held-out rows: size in memory, load time, tokens "
        "a second for reading (prefill) and writing (decode), perplexity of the rows' answers, mean KL "
        "divergence from full precision and how often the likeliest token is the same (top-1). Under each "
        "figure stands how it compares with full precision. A comparison is a detached job; this screen "
        "only shows it."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "start", "Start"),
        Binding("f", "form", "Form"),
        Binding("m", "pick_model", "Model"),
        Binding("n", "turn(1)", "Next prompt"),
        Binding("p", "turn(-1)", "Previous", show=False),
        Binding("x", "stop", "Stop it"),
        Binding("c", "chat", "Chat with it"),
        Binding("h", "notes", "How measured"),
        Binding("escape", "leave", "Leave the field", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._shown: str | None = None
        self._status: Status | None = None
        self._results: Results | None = None
        self._said: Stopping | None = None
        self._told = Content("")
        # Until there is a comparison to show, or somebody asks for one, the form is what one needs.
        self._begins_with_form = False

    def compose_body(self) -> ComposeResult:
        with Horizontal():
            with Vertical(id="side"):
                yield SetupPane()
                yield ComparisonList()
            with Vertical(id="results"):
                with VerticalScroll(id="figures", classes="pane"):
                    yield FiguresTable()
                    yield Static(id="progress", markup=False)
                    yield Static(id="notes", markup=False)
                yield AnswersPane()

    def on_mount(self) -> None:
        self.query_one("#figures").border_title = "comparison"
        self.watch(self.app, "runs", self._runs_changed)
        if self._shown is None:
            self._begins_with_form = True
            self.add_class("-setup")
            self.call_after_refresh(self.query_one("#model").focus)

    def on_screen_resume(self) -> None:
        if self.query_one(SetupPane).model is None:
            self._suggest()

    @work(thread=True, exclusive=True, group="suggestion")
    def _suggest(self) -> None:
        from screens.quantize.suggestion import suggestion

        found = suggestion()
        if found and not get_current_worker().is_cancelled:
            self.call_later(self.query_one(SetupPane).suggest, found)

    # -- what the app asks

    def compare(self, model: str) -> None:
        """Set the form up for this model or run."""
        self._begins_with_form = False
        self.query_one(SetupPane).pick_model(model)
        self.add_class("-setup")
        self.query_one("#start").focus()

    def show_comparison(self, run_id: str) -> None:
        """Show this comparison, and follow it while it runs."""
        self.remove_class("-setup")
        self._show(run_id)

    def _show(self, run_id: str) -> None:
        if run_id != self._shown:
            self._shown, self._status, self._results = run_id, None, None
            self.query_one("#figures").border_title = Content(shorten(run_id, 70))
            self._draw_results()
        self._runs_changed()
        self._read(run_id)

    # -- following

    def _comparisons(self) -> list[Status]:
        return [run for run in cast("WorkbenchApp", self.app).runs if run.job == "compare"]

    def _runs_changed(self) -> None:
        comparisons = self._comparisons()
        if self._shown is None and comparisons:
            if self._begins_with_form:
                self._begins_with_form = False
                self.remove_class("-setup")
                self.query_one(AnswersPane).focus()
            self._show(comparisons[0].id)
            return
        self.query_one(ComparisonList).show(comparisons, self._shown)
        status = next((run for run in comparisons if run.id == self._shown), None)
        if status is not None and status != self._status:
            before, self._status = self._status, status
            self._read(status.id)
            if before is None or before.live != status.live:
                self.refresh_bindings()
        self._draw_progress()

    @work(thread=True, exclusive=True, group="results")
    def _read(self, run_id: str) -> None:
        message = read_comparison(run_id)
        if not get_current_worker().is_cancelled:
            self.post_message(message)

    def on_results_read(self, message: ResultsRead) -> None:
        if message.run_id != self._shown:
            return
        if message.problem:
            progress = self.query_one("#progress", Static)
            progress.update(Content.styled(f"✗ {printable(message.problem)}", "$text-error"))
            return
        if message.results != self._results:
            self._results = message.results
            self._draw_results()
            self.refresh_bindings()
        self._draw_progress()

    def _draw_results(self) -> None:
        """Table, notes and answers."""
        results = self._results
        self.query_one(FiguresTable).show(results.methods if results else ())
        notes = self.query_one("#notes", Static)
        notes.update(Content("\n".join(map(printable, results.notes)) if results else ""))
        notes.set_class(not (results and results.notes), "-empty")
        self.query_one(AnswersPane).show(results)

    def _draw_progress(self) -> None:
        """What the comparison is at, under the table."""
        line = self._progress()
        if line == self._told:
            return
        # One line that is told every second: the panes need not be laid out again for it.
        one_line = self._told.plain.count("\n") == line.plain.count("\n") == 0
        live = self._status is not None and self._status.live
        self._told = line
        self.query_one("#progress", Static).update(line, layout=not (one_line and live))

    def _progress(self) -> Content:
        status, said = self._status, self._said
        if self._shown is None:
            return Content.assemble(
                "No comparison yet. The form says what is compared (",
                ("m", "bold $primary"),
                " picks a model or a run); ",
                ("s", "bold $primary"),
                " starts it.\nWhat each method costs in size, speed and answers then comes here.",
            )
        if status is None:
            return Content.styled("reading …", "$text-muted")
        line = progress_line(status, time.time(), self.query_one("#progress").size.width)
        if said and said.run_id == self._shown and (said.failed or status.live):
            line += Content.styled(f"\n{printable(said.sentence)}", "$text-warning")
        return line

    # -- starting and stopping

    def on_setup_pane_wanted(self, message: SetupPane.Wanted) -> None:
        self.query_one(SetupPane).say("Checking model and rows, then starting …")
        launch_comparison(message.values, self.post_message)

    def on_launched(self, message: Launched) -> None:
        self.query_one(SetupPane).say(f"Started {message.run_id}.")
        cast("WorkbenchApp", self.app).look_at_runs()
        self.show_comparison(message.run_id)

    def on_refused(self, message: Refused) -> None:
        self.query_one(SetupPane).say(message.problem, "problem")
        self.add_class("-setup")

    def on_stopping(self, message: Stopping) -> None:
        self._said = message
        cast("WorkbenchApp", self.app).look_at_runs()
        self._draw_progress()

    def on_comparison_list_picked(self, message: ComparisonList.Picked) -> None:
        self._show(message.run_id)
        if message.stay:
            return
        self.remove_class("-setup")
        self.query_one(AnswersPane).focus()

    # -- keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Which keys work now."""
        if action == "stop":
            return self._status is not None and self._status.live
        if action == "turn":
            return self._results is not None and len(self._results.answers) > 1
        if action == "chat":
            return self._results is not None and bool(self._results.model)
        if action == "notes":
            return self._results is not None and bool(self._results.notes)
        if action == "leave":
            return isinstance(self.focused, Input)
        return True

    def action_start(self) -> None:
        """Start the comparison that the form describes."""
        if not self.query_one(SetupPane).start():
            self.add_class("-setup")

    def action_pick_model(self) -> None:
        """Pick the model or run to compare."""
        self.add_class("-setup")
        self.query_one(SetupPane).ask_for_model()

    def action_form(self) -> None:
        """To the form; on a narrow screen, show it or the results."""
        self.toggle_class("-setup")
        if self.has_class("-setup") or not self.has_class("-narrow"):
            self.query_one("#model").focus()
        else:
            self.query_one(AnswersPane).focus()

    def action_turn(self, by: int) -> None:
        """Another prompt."""
        self.query_one(AnswersPane).turn(by)

    def action_notes(self) -> None:
        """Show or hide how it was measured."""
        self.toggle_class("-notes")

    def action_chat(self) -> None:
        """Chat with the model that was compared."""
        if self._results and self._results.model:
            self.app.post_message(ChatWith(self._results.model))

    def action_stop(self) -> None:
        """Stop the comparison that is shown, once the user is sure."""
        run_id = self._shown
        if run_id is None:
            return
        from screens.widgets.dialogs import Question

        def answered(yes: bool | None) -> None:
            if yes:
                stop_comparison(run_id, self.post_message)

        text = f"{run_id} ends after its step. What was measured so far stays."
        self.app.push_screen(Question("Stop the comparison?", text, yes="Stop", no="Go on"), answered)

    def action_leave(self) -> None:
        """Out of the field, so that single letters are keys again."""
        self.query_one("#start").focus()
