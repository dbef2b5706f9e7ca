"""The Data screen: the rows of a file, and of the selected one exactly what will be trained."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.events import Key
from textual.timer import Timer
from textual.worker import get_current_worker

from screens.dataset.file_line import FileLine
from screens.dataset.rows.pane import RowsPane
from screens.remembered import recall, recent_files, remember, remember_file
from screens.widgets.room import Room

if TYPE_CHECKING:
    from screens.dataset.figures.panel import FiguresPanel
    from screens.dataset.lens import Lens
    from screens.dataset.messages import ShowRows
    from screens.dataset.row.side import RowSide
    from workbench.data.dataset import Dataset

SETTLE_S = 0.04
OF_A_FILE = ("turn_view", "statistics", "go_to", "bad_rows", "ask_cutoff", "zoom", "choose_format", "tell")
# Half an answer to these would be a wrong one.
OF_ALL_ROWS = ("find", "filter_rows", "sort", "train_on", "compare_held_out")
LEAST_CUTOFF = 8


class DataScreen(Room):
    """Rows on the left, the selected one on the right, figures of the whole file below."""

    MODE = "data"
    AUTO_FOCUS = "RowTable, OptionList"
    # From -roomy on a tall terminal shows the row both as a conversation and as tokens.
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (110, "-normal"), (136, "-roomy"), (170, "-wide")]  # noqa: RUF012
    HELP = (
        "Data shows what will be trained before it is trained. Open a file, a folder or a pattern (o): "
        "format, encoding and bad rows are found by its content, and F says why and takes another format. "
        "The first rows stand there at once while the rest is indexed. / finds, f filters, S sorts, x shows "
        "all rows again. The selected row stands beside the table as a conversation or, with v, as the "
        "tokens of the chosen model (m) under the cutoff (c), or as JSON. s shows the whole file's figures, "
        "and each figure the rows behind it; b lists the rows that cannot be used; e looks for rows of a "
        "held-out file among these; t opens the form with this file."
    )
    # What a key does is a function of the module after which its action is called.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "filing('open_file')", "Open"),
        Binding("r", "read_rest", "Read the rest"),
        Binding("x", "showing('all_rows')", "All rows", tooltip="Show every row again, in the file's order"),
        Binding("slash", "showing('find')", "Find", key_display="/", tooltip="Find rows by what they say"),
        Binding("f", "showing('filter_rows')", "Filter", tooltip="Show rows with a value, a mark, a length"),
        Binding("v", "turn_view", "View", tooltip="Row as a conversation, as tokens, as JSON"),
        Binding("s", "statistics", "Figures", tooltip="Show or hide the figures of the file"),
        Binding("t", "filing('train_on')", "Train", tooltip="Train on this file"),
        Binding("S", "showing('sort')", "Sort", key_display="S", tooltip="Sort by a column"),
        Binding("g", "showing('go_to')", "Go to", tooltip="Go to a row by its number"),
        Binding("b", "showing('bad_rows')", "Bad rows", tooltip="List the rows that cannot be used"),
        Binding("m", "lens('pick_model')", "Model", tooltip="Pick the model whose tokens are shown"),
        Binding("c", "lens('ask_cutoff')", "Cutoff", tooltip="Set cutoff_len"),
        Binding(
            "F", "filing('choose_format')", "Format", key_display="F", tooltip="Format: what, why, another"
        ),
        Binding("i", "filing('tell')", "About", tooltip="What is known of the file, and what was left out"),
        Binding("e", "filing('compare_held_out')", "Held-out", tooltip="Look for held-out rows in this file"),
        Binding("z", "zoom", "Zoom", tooltip="Show the focused pane alone, or all again"),
        Binding("escape", "stop", "Stop what is being read or counted", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.dataset: Dataset | None = None
        self.row = 1
        self.lens: Lens | None = None
        self.model: str | None = None
        # Until it is known which model to begin with, nobody is told that there is none.
        self._model_known = False
        self.cutoff_len = 2048
        self._settled: Timer | None = None
        self._row_side: RowSide | None = None
        self._statistics: FiguresPanel | None = None

    def compose_body(self) -> ComposeResult:
        yield FileLine()
        with Horizontal(id="panes"), Vertical(id="file-side"):
            yield RowsPane()

    def on_mount(self) -> None:
        self.call_after_refresh(self._after_first_paint)

    async def _after_first_paint(self) -> None:
        self._find_model()
        await self.rows_pane.offer(recent_files("data"))

    @work(thread=True, group="model")
    def _find_model(self) -> None:
        from screens.dataset.lens import model_to_begin_with

        model = model_to_begin_with(recall("model"))
        if not get_current_worker().is_cancelled:
            self.call_later(self._begin_with, model, recall("cutoff_len"))

    def _begin_with(self, model: str | None, cutoff_len: object) -> None:
        self._model_known = True
        self.model = self.model or model
        if isinstance(cutoff_len, int) and cutoff_len >= LEAST_CUTOFF:
            self.cutoff_len = cutoff_len
        self.change_lens()

    def open_dataset(self, path: str) -> None:
        """Open this in place of what is open: a file, a folder, a pattern, an entry of a registry."""
        self.rows_pane.open(path)

    @property
    def rows_pane(self) -> RowsPane:
        """The pane with the rows."""
        return self.query_one(RowsPane)

    # --- looking

    async def on_rows_pane_opened(self, message: RowsPane.Opened) -> None:
        if self._row_side is None:
            await self._mount_panes()
        # The row of the file before may not be among these.
        self.dataset, self.row = message.dataset, self.rows_pane.row
        view = self.rows_pane.view
        if self._row_side is not None:
            self._row_side.highlight(view.pattern if view else None)
        self.set_class(self.dataset is not None, "-open")
        if self.dataset is not None:
            remember_file("data", self.dataset.spec)
        elif self._statistics is not None:
            self._statistics.look(None, None)
        self.refresh_bindings()
        self.change_lens()

    async def _mount_panes(self) -> None:
        """The panes of an open file: without one, nobody waits for them to be imported and laid out."""
        from screens.dataset.figures.panel import FiguresPanel
        from screens.dataset.row.side import RowSide

        self._row_side, self._statistics = RowSide(recall("data_view")), FiguresPanel()
        await self.query_one("#panes").mount(self._row_side)
        await self.mount(self._statistics, after="#panes")

    def on_rows_pane_shown(self, message: RowsPane.Shown) -> None:
        self.refresh_bindings()
        if self._row_side is not None:
            self._row_side.highlight(message.view.pattern)

    def on_show_rows(self, message: ShowRows) -> None:
        from screens.dataset.rows import showing

        showing.these_rows(self.rows_pane, message)
        if not self.rows_pane.is_on_screen:
            # The figures stand where the rows are to be seen now.
            self._leave_figures()
        elif self._statistics is not None and self._statistics.has_focus_within:
            self._focus_rows()

    def _leave_figures(self) -> None:
        self._rearrange(lambda: self.remove_class("-statistics", "-zoom-figures", "-zoom-row"))
        self.call_after_refresh(self._focus_rows)

    def _focus_rows(self) -> None:
        for table in self.query("RowTable"):
            table.focus()

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

    def change_lens(self) -> None:
        """Model, cutoff or file changed: look at everything again."""
        from screens.dataset.lens import Lens

        if self.dataset is not None and self.model:
            template = self.dataset.format != "text"
            if self.lens and (self.lens.model, self.lens.template) == (self.model, template):
                self.lens = self.lens.with_cutoff(self.cutoff_len)
            else:
                self.lens = Lens.on(self.model, self.cutoff_len, template=template)
        self.query_one(FileLine).show(self.dataset, self.lens)
        if self.dataset is not None and self._statistics is not None and self._model_known:
            self._statistics.look(self.dataset, self.lens)
            self._look_at_row()

    # --- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that would do nothing now are not shown; those that will soon do something are dim."""
        does = parameters[0] if parameters else action
        if does == "read_rest":
            return self.rows_pane.can_read_rest
        if does == "all_rows":
            return bool(self.rows_pane.view and self.rows_pane.view.title)
        if does in OF_ALL_ROWS and self.dataset is not None:
            return True if self.rows_pane.is_whole else None
        return self.dataset is not None or does not in (*OF_A_FILE, *OF_ALL_ROWS)

    def on_key(self, event: Key) -> None:
        """Say why a key that is dim does nothing."""
        active = self.active_bindings.get(event.key)
        if active is not None and not active.enabled:
            how = "r reads the rest" if self.rows_pane.can_read_rest else "they are being read"
            self.notify(f"{active.binding.description} needs all rows: {how}.", severity="warning")

    def action_filing(self, does: str) -> None:
        """One of the keys that are about the file as a whole."""
        from screens.dataset import filing

        getattr(filing, does)(self)

    def action_showing(self, does: str) -> None:
        """One of the keys that change which rows are shown."""
        from screens.dataset.rows import showing

        getattr(showing, does)(self.rows_pane)

    def action_lens(self, does: str) -> None:
        """One of the keys that choose what rows are looked at with."""
        from screens.dataset import lens_dialogs

        getattr(lens_dialogs, does)(self)

    def action_read_rest(self) -> None:
        """Go on reading where it ended after the first rows."""
        self.rows_pane.read_rest()

    def action_turn_view(self) -> None:
        """Row as conversation, as tokens, as JSON."""
        assert self._row_side is not None
        self._rearrange(self._row_side.turn)
        remember("data_view", self._row_side.view)

    def action_statistics(self) -> None:
        """Show or hide the figures of the whole file."""
        self._rearrange(lambda: self.toggle_class("-statistics"))

        def focus() -> None:
            if self._statistics is not None and self._statistics.display:
                self._statistics.focus_front()

        self.call_after_refresh(focus)

    def action_zoom(self) -> None:
        """The focused pane alone, or all of them again."""
        zooms = ("-zoom-row", "-zoom-rows", "-zoom-figures")
        if any(self.has_class(zoom) for zoom in zooms):
            self._rearrange(lambda: self.remove_class(*zooms))
        elif self._statistics is not None and self._statistics.has_focus_within:
            self.add_class("-zoom-figures")
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
            if wanted and (self.focused is None or not self.focused.is_on_screen):
                wanted[0].focus()

        self.call_after_refresh(focus)

    async def action_stop(self) -> None:
        """Stop reading or counting; where nothing is under way, go from the figures back to the rows."""
        stopped, figures = await self.rows_pane.stop(), self._statistics
        if figures is not None and figures.counting:
            figures.stop()
        elif figures is not None and figures.has_focus_within and not stopped:
            self._leave_figures()
