"""The Monitor screen: every run, and the chosen one as it goes on."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical

from screens.messages import ChatWith, CompareModel, ShowComparison
from screens.monitor.acting import Told, resume_run, stop_run
from screens.monitor.feed import Feed, News, Target
from screens.monitor.log_pane import LogPane
from screens.monitor.loss_plot import SMOOTHINGS, MetricPlot
from screens.monitor.machine_pane import MachinePane
from screens.monitor.notice import Notice
from screens.monitor.portrait import Portrait
from screens.monitor.recipe_dialog import RecipeDialog
from screens.monitor.runs_list import RunsList
from screens.monitor.small_curves import METRICS, SmallCurves
from screens.monitor.summary import Summary
from screens.widgets.dialogs import Question
from screens.widgets.room import Room
from screens.widgets.status_line import current_run
from workbench.paths import runs_dir
from workbench.runs.directory import RunDirectory

if TYPE_CHECKING:
    from screens.app import WorkbenchApp
    from workbench.runs.status import Status

_RESUMABLE = ("stopped", "failed", "crashed")


class MonitorScreen(Room):
    """Lists the runs and follows the chosen one; runs go on whether or not this screen looks."""

    MODE = "monitor"
    CSS_PATH = "screen.tcss"
    AUTO_FOCUS = "RunsList"
    HELP = (
        "Monitor follows runs. They belong to the disk, not to this program: quit, close the terminal or "
        "lose the line, and they go on; start the workbench again and it follows them.\n\n"
        "The plot shows each step dim, the smoothed loss bright, held-out rows as diamonds; checkpoints "
        "(▲), warnings (!) and losses that are no number (×) stand on its axis. What is empty at the right "
        "is what is left of the run."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("x", "stop", "Stop"),
        Binding("r", "resume", "Resume"),
        Binding("c", "chat", "Chat"),
        Binding("v", "compare", "Compare"),
        Binding("a", "runs_view", "Runs"),
        Binding("l", "log_view", "Log"),
        Binding("m", "metric(1)", "Metric"),
        Binding("M", "metric(-1)", "Metric before", show=False),
        Binding("g", "log_scale", "Log scale"),
        Binding("z", "smoothing", "Smoothing"),
        Binding("y", "recipe", "Recipe"),
        Binding("left_square_bracket", "neighbour(-1)", "Newer run", show=False, key_display="["),
        Binding("right_square_bracket", "neighbour(1)", "Older run", show=False, key_display="]"),
        Binding("escape", "back", "Back to the curve", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._chosen = ""
        self._portrait = Portrait()
        self._keys_for: object = None
        self._feed = Feed(self.post_message)

    @property
    def _workbench(self) -> WorkbenchApp:
        return cast("WorkbenchApp", self.app)

    def compose_body(self) -> ComposeResult:
        with Horizontal(id="panes"):
            with Vertical(id="side"):
                yield RunsList(classes="pane")
                yield SmallCurves()
                yield MachinePane(classes="pane")
            with Vertical(id="main"):
                yield Summary(classes="pane")
                yield Notice()
                yield MetricPlot(id="plot", classes="pane")
                yield LogPane(classes="pane")

    def on_mount(self) -> None:
        self.watch(self.app, "runs", self._runs_changed)
        self.watch(self.app, "machine", self._show_machine)
        self.set_interval(1.0, self._second_passed)
        self._feed.start()

    def on_unmount(self) -> None:
        self._feed.stop()

    def on_screen_suspend(self) -> None:
        self._feed.pause(True)

    def on_screen_resume(self) -> None:
        self._feed.pause(False)
        if self.is_mounted:
            self._show_everything()

    def show_run(self, run_id: str) -> None:
        """Choose this run and follow it; it may not be in the list yet."""
        self._workbench.look_at_runs()
        self._choose(run_id)
        self.remove_class("-runs-view", "-log-view")

    # What came in

    def _runs_changed(self) -> None:
        if not self._chosen and (current := current_run(self._workbench.runs)):
            self._chosen = current.id
        self._show_everything()

    def on_news(self, message: News) -> None:
        if message.portrait.run_id == self._chosen:
            self._portrait = message.portrait
            self._show_run()

    def on_told(self, message: Told) -> None:
        self.query_one(Notice).take(message)
        self._workbench.look_at_runs()
        self._show_run()

    def on_runs_list_chosen(self, message: RunsList.Chosen) -> None:
        self._choose(message.run_id)

    def on_runs_list_opened(self, message: RunsList.Opened) -> None:
        if self._status and self._status.job == "compare":
            self.app.post_message(ShowComparison(message.run_id))
        self.remove_class("-runs-view")

    def _second_passed(self) -> None:
        """Times go on while the run is live."""
        if self.is_current and self._status and self._status.live:
            self.query_one(Summary).redraw()
            self._plot.show_run(self._status, self._portrait)

    # What is shown

    @property
    def _status(self) -> Status | None:
        return next((run for run in self._workbench.runs if run.id == self._chosen), None)

    @property
    def _run(self) -> RunDirectory:
        status = self._status
        return RunDirectory(Path(status.path) if status else runs_dir() / self._chosen)

    @property
    def _plot(self) -> MetricPlot:
        return self.query_one(MetricPlot)

    def _choose(self, run_id: str) -> None:
        if run_id != self._chosen:
            self._chosen = run_id
            self._portrait = Portrait(run_id)
        self._show_everything()

    def on_resize(self) -> None:
        # Legends and warnings are cut to the width there is.
        self.call_after_refresh(self._show_run)

    def _show_everything(self) -> None:
        self.query_one(RunsList).show(self._workbench.runs, self._chosen)
        self._follow()
        self._show_run()

    def _follow(self) -> None:
        status = self._status
        metrics = {"loss", "torch_allocated_gib", self._plot.metric, *METRICS}
        pid = status.pid if status and status.live else None
        self._feed.follow(Target(self._run, pid, frozenset(metrics)) if self._chosen else None)

    def _show_run(self) -> None:
        status, portrait = self._status, self._portrait
        self.query_one(Summary).show(status, portrait)
        self._plot.show_run(status, portrait)
        self.query_one(SmallCurves).show(status, portrait)
        self.query_one(LogPane).show(portrait.log)
        width = self.query_one("#main").size.width - 4
        self.query_one(Notice).show(status, portrait, width)
        self._show_machine()
        keys_for = (status and (status.state, status.job), portrait.saved)
        if keys_for != self._keys_for:
            self._keys_for = keys_for
            self.refresh_bindings()

    def _show_machine(self) -> None:
        busy = any(run.live for run in self._workbench.runs)
        self.query_one(MachinePane).show(self._workbench.machine, self._status, self._portrait, busy=busy)

    # What the keys do

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing for the chosen run are not offered."""
        status = self._status
        match action:
            case "stop":
                return status is not None and status.live
            case "resume":
                return status is not None and status.state in _RESUMABLE
            case "chat" | "compare":
                return self._portrait.saved
            case "recipe":
                return bool(self._chosen)
        return True

    def action_stop(self) -> None:
        """Ask whether to stop the run, and stop it."""
        status, run = self._status, self._run
        if status is None:
            return
        account = self.query_one(Notice).account(run.id)
        hurry = account.busy

        def answered(yes: bool | None) -> None:
            if yes:
                account.begin()
                stop_run(run, self.post_message, at_once=hurry)

        if hurry:
            text = (
                f"{run.id} was asked and has not ended yet. End it at once? "
                "What it did since its last checkpoint is lost."
            )
        else:
            text = f"Stop {run.id} at step {status.step}? It saves a checkpoint first; r resumes it."
        question = Question("Stop the run", text, yes="Stop", no="Let it go on", danger=True)
        self.app.push_screen(question, answered)

    def action_resume(self) -> None:
        """Go on from the last whole checkpoint."""
        run = self._run
        account = self.query_one(Notice).account(run.id)
        if not account.busy:
            account.begin()
            resume_run(run, self.post_message)

    def action_chat(self) -> None:
        """Chat with what the run has saved, beside its base."""
        self.app.post_message(ChatWith(self._chosen))

    def action_compare(self) -> None:
        """Compare quantizations of what the run has saved."""
        self.app.post_message(CompareModel(self._chosen))

    def action_recipe(self) -> None:
        """Show the recipe of the run."""
        self.app.push_screen(RecipeDialog(self._run))

    def action_metric(self, by: int) -> None:
        """Show another metric in the large plot."""
        metrics = self._portrait.metrics or ("loss",)
        plot = self._plot
        index = metrics.index(plot.metric) if plot.metric in metrics else 0
        plot.metric = metrics[(index + by) % len(metrics)]
        self._follow()
        plot.show_run(self._status, self._portrait)

    def action_log_scale(self) -> None:
        """Switch between linear and logarithmic values."""
        self._plot.log_scale = not self._plot.log_scale
        self._plot.show_run(self._status, self._portrait)

    def action_smoothing(self) -> None:
        """More smoothing, none, or the usual."""
        plot = self._plot
        plot.half_life = SMOOTHINGS[(SMOOTHINGS.index(plot.half_life) + 1) % len(SMOOTHINGS)]
        plot.show_run(self._status, self._portrait)

    def action_neighbour(self, by: int) -> None:
        """Choose the next run without going to the list."""
        self.query_one(RunsList).action_move(by)

    def action_runs_view(self) -> None:
        """Go to the list of runs; on a narrow terminal it takes the place of the curve."""
        self.remove_class("-log-view")
        self.toggle_class("-runs-view")
        self.query_one(RunsList).focus()

    def action_log_view(self) -> None:
        """The log in place of the curve, and back."""
        self.remove_class("-runs-view")
        self.toggle_class("-log-view")
        self.query_one(LogPane if self.has_class("-log-view") else RunsList).focus()

    def action_back(self) -> None:
        """Back to the curve."""
        self.remove_class("-runs-view", "-log-view")
