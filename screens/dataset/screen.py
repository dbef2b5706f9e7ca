"""The Data screen: the rows of a file, and of the selected one exactly what will be trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.timer import Timer
from textual.worker import get_current_worker

from screens.dataset.file_line import FileLine
from screens.dataset.rows_pane import RowsPane
from screens.messages import TrainOn
from screens.remembered import recall, recent_files, remember, remember_file
from screens.widgets.room import Room
from workbench.figures import count

if TYPE_CHECKING:
    from screens.dataset.lens import Lens
    from screens.dataset.row_side import RowSide
    from screens.dataset.statistics_pane import StatisticsPane
    from workbench.data.dataset import Dataset

SETTLE_S = 0.04
OF_A_FILE = ("turn_view", "statistics", "train", "go_to", "bad_rows", "cutoff", "zoom")
LEAST_CUTOFF, MOST_CUTOFF = 8, 1_048_576


class DataScreen(Room):
    """Rows on the left, the selected one on the right, figures of the whole file below."""

    MODE = "data"
    AUTO_FOCUS = "RowTable, OptionList"
    # From -roomy on a tall terminal shows the row both as a conversation and as tokens.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-normal"), (136, "-roomy"), (170, "-wide")]  # noqa: RUF012
    HELP = (
        "Data shows what will be trained before it is trained. Open a file (o): its format, encoding and "
        "bad rows are found by its content. The selected row stands beside the table as a conversation "
        "or, with v, as the tokens of the chosen model (m) under the cutoff (c): which are trained, which "
        "are context, and where the cutoff cuts. s shows the whole file's figures; b lists the rows that "
        "cannot be used; t opens the form with this file."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "open", "Open"),
        Binding("v", "turn_view", "View", tooltip="Row as tokens or as a conversation"),
        Binding("s", "statistics", "Statistics", tooltip="Show or hide the figures of the file"),
        Binding("t", "train", "Train", tooltip="Train on this file"),
        Binding("g", "go_to", "Go to", tooltip="Go to a row by its number"),
        Binding("b", "bad_rows", "Bad rows"),
        Binding("m", "pick_model", "Model", tooltip="Pick the model whose tokens are shown"),
        Binding("c", "cutoff", "Cutoff", tooltip="Set cutoff_len"),
        Binding("z", "zoom", "Zoom", tooltip="Show the focused pane alone, or all again"),
        Binding("escape", "stop", "Stop what is being read or counted", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.dataset: Dataset | None = None
        self.row = 1
        self.lens: Lens | None = None
        self._model: str | None = None
        # Until it is known which model to begin with, nobody is told that there is none.
        self._model_known = False
        self._cutoff_len = 2048
        self._settled: Timer | None = None
        self._row_side: RowSide | None = None
        self._statistics: StatisticsPane | None = None

    def compose_body(self) -> ComposeResult:
        yield FileLine()
        with Horizontal(id="panes"), Vertical(id="file-side"):
            yield RowsPane()

    def on_mount(self) -> None:
        self.call_after_refresh(self._after_first_paint)

    async def _after_first_paint(self) -> None:
        self._find_model()
        await self.query_one(RowsPane).offer(recent_files("data"))

    @work(thread=True, group="model")
    def _find_model(self) -> None:
        from screens.dataset.lens import model_to_begin_with

        model = model_to_begin_with(recall("model"))
        if not get_current_worker().is_cancelled:
            self.call_later(self._begin_with, model, recall("cutoff_len"))

    def _begin_with(self, model: str | None, cutoff_len: object) -> None:
        self._model_known = True
        self._model = self._model or model
        if isinstance(cutoff_len, int) and cutoff_len >= LEAST_CUTOFF:
            self._cutoff_len = cutoff_len
        self._change_lens()

    def open_dataset(self, path: str) -> None:
        """Open this file in place of what is open."""
        self.query_one(RowsPane).open(path)

    # --- looking

    async def on_rows_pane_opened(self, message: RowsPane.Opened) -> None:
        if self._row_side is None:
            await self._mount_panes()
        self.dataset = message.dataset
        self.row = 1
        self.set_class(self.dataset is not None, "-open")
        if self.dataset is not None:
            remember_file("data", str(self.dataset.path.absolute()))
        self.refresh_bindings()
        self._change_lens()

    async def _mount_panes(self) -> None:
        """The panes of an open file: without one, nobody waits for them to be imported and laid out."""
        from screens.dataset.row_side import RowSide
        from screens.dataset.statistics_pane import StatisticsPane

        self._row_side, self._statistics = RowSide(recall("data_view")), StatisticsPane()
        await self.query_one("#panes").mount(self._row_side)
        await self.query_one("#file-side").mount(self._statistics)

    def on_rows_pane_selected(self, message: RowsPane.Selected) -> None:
        self.row = message.row
        # Walking fast through the rows, one does not want each of them read.
        if self._settled:
            self._settled.stop()
        self._settled = self.set_timer(SETTLE_S, self._look_at_row)

    def _look_at_row(self) -> None:
        if self.dataset is not None and self._row_side is not None:
            self._row_side.look(self.dataset, self.row)
            if self._model_known:
                self._row_side.look_through(self.dataset, self.row, self.lens)

    def _change_lens(self) -> None:
        """Model, cutoff or file changed: look at everything again."""
        from screens.dataset.lens import Lens

        if self.dataset is not None and self._model:
            template = self.dataset.format != "text"
            if self.lens and (self.lens.model, self.lens.template) == (self._model, template):
                self.lens = self.lens.with_cutoff(self._cutoff_len)
            else:
                self.lens = Lens.on(self._model, self._cutoff_len, template=template)
        self.query_one(FileLine).show(self.dataset, self.lens)
        if self.dataset is not None and self._statistics is not None and self._model_known:
            self._statistics.look(self.dataset, self.lens)
            self._look_at_row()

    # --- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not shown."""
        return self.dataset is not None or action not in OF_A_FILE

    def action_open(self) -> None:
        """Pick a file and open it."""
        from screens.widgets.file_picker import FilePicker

        def taken(path: str | None) -> None:
            if path:
                self.open_dataset(path)

        self.app.push_screen(FilePicker("Open a data file", recent=recent_files("data")), taken)

    def action_turn_view(self) -> None:
        """Row as conversation, as tokens, as JSON."""
        assert self._row_side is not None
        self._rearrange(self._row_side.turn)
        remember("data_view", self._row_side.view)

    def action_statistics(self) -> None:
        """Show or hide the figures of the whole file."""
        self._rearrange(lambda: self.toggle_class("-statistics"))

    def action_zoom(self) -> None:
        """The focused pane alone, or all of them again."""
        if self.has_class("-zoom-row") or self.has_class("-zoom-rows"):
            self._rearrange(lambda: self.remove_class("-zoom-row", "-zoom-rows"))
        else:
            self.add_class("-zoom-row" if self._on_row_side else "-zoom-rows")

    @property
    def _on_row_side(self) -> bool:
        return self._row_side is not None and self._row_side.has_focus_within

    def _rearrange(self, change: Callable[[], object]) -> None:
        """Show other panes; the focus stays on the same side, and never on what is out of sight."""
        on_row = self._on_row_side
        change()

        def focus() -> None:
            panes = [pane for pane in self.query("LinesView") if pane.is_on_screen]
            tables = [table for table in self.query("RowTable") if table.is_on_screen]
            wanted = panes + tables if on_row else tables + panes
            if wanted and self.focused not in wanted:
                wanted[0].focus()

        self.call_after_refresh(focus)

    def action_train(self) -> None:
        """Open the form with this file, and with the model and cutoff it was looked at with."""
        assert self.dataset is not None
        refusal = self.dataset.why_not_trained()
        if refusal:
            self.notify(refusal, title="Not trained", severity="warning", timeout=12, markup=False)
            return
        if self._model:
            remember("model", self._model)
            remember("cutoff_len", self._cutoff_len)
        self.app.post_message(TrainOn(str(self.dataset.path.absolute())))

    async def action_stop(self) -> None:
        """Stop reading or counting."""
        await self.query_one(RowsPane).stop()
        if self._statistics is not None:
            self._statistics.stop()

    def action_go_to(self) -> None:
        """Ask for a row's number and go there."""
        from screens.widgets.dialogs import TextPrompt

        assert self.dataset is not None
        rows = self.dataset.rows

        def check(text: str) -> str | None:
            row = _whole(text)
            return None if row and 1 <= row <= rows else f"give a number from 1 to {count(rows)}"

        def taken(text: str | None) -> None:
            if text is not None:
                self.query_one(RowsPane).go_to(_whole(text) or 1)

        self.app.push_screen(TextPrompt("Go to row", hint=f"1 to {count(rows)}", check=check), taken)

    def action_bad_rows(self) -> None:
        """List the rows that cannot be used."""
        from screens.dataset.bad_rows import BadRowsDialog

        assert self.dataset is not None and self._statistics is not None
        statistics = self._statistics.statistics
        dropped = statistics.dropped if statistics else []
        bad_rows = sorted([*self.dataset.bad_rows, *dropped], key=lambda bad: bad.row)
        if not bad_rows:
            self.notify("Every row of this file can be used.")
            return

        def taken(row: int | None) -> None:
            if row:
                self.query_one(RowsPane).go_to(row)

        self.app.push_screen(BadRowsDialog(bad_rows, self.dataset.rows), taken)

    def action_pick_model(self) -> None:
        """Pick the model whose tokens are shown."""
        from screens.widgets.model_picker import ModelPicker

        def taken(model: str | None) -> None:
            if model:
                remember("model", model)
                self._model = model
                self._change_lens()

        self.app.push_screen(ModelPicker("The model whose tokens are shown"), taken)

    def action_cutoff(self) -> None:
        """Set the most tokens that are kept of a row."""
        from screens.widgets.dialogs import TextPrompt

        def check(text: str) -> str | None:
            cutoff_len = _whole(text)
            if cutoff_len is not None and LEAST_CUTOFF <= cutoff_len <= MOST_CUTOFF:
                return None
            return f"give a whole number from {LEAST_CUTOFF} to {count(MOST_CUTOFF)}"

        def taken(text: str | None) -> None:
            if text is not None:
                self._cutoff_len = _whole(text) or self._cutoff_len
                remember("cutoff_len", self._cutoff_len)
                self._change_lens()

        hint = "The most tokens of a row that are trained; what lies behind is cut."
        prompt = TextPrompt("cutoff_len", value=str(self._cutoff_len), hint=hint, check=check)
        self.app.push_screen(prompt, taken)


def _whole(text: str) -> int | None:
    digits = text.strip().replace(",", "").replace("_", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None
