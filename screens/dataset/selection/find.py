"""The line in which one types what to find; hits are counted while the rows are searched."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.timer import Timer
from textual.widgets import Input, Static

from screens.dataset.background import Failed, Progress
from screens.dataset.selection.find_history import earlier_searches, keep_search
from screens.dataset.selection.search import Hits, Search, Searched
from workbench.data.finding.excerpt import Excerpt
from workbench.data.finding.pattern import Pattern
from workbench.data.selection import Filter, View
from workbench.errors import WorkbenchError
from workbench.figures import count
from workbench.untrusted import display_width, printable, shorten

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset

SETTLE_S = 0.2
SUBJECT = "find"


class FindPrompt(ModalScreen[View | None]):
    """Gives the view with only the rows that hold the text, or None to leave all as it is.

    An empty text takes the last one away.
    """

    CSS = """
    FindPrompt { align: center top; }
    FindPrompt .dialog { width: 100; margin-top: 2; padding: 0 1; }
    FindPrompt Input, FindPrompt Input:focus { border: none; height: 1; padding: 0; background: $panel; }
    FindPrompt Static { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    FindPrompt #state { text-wrap: wrap; margin-top: 1; }
    FindPrompt #glimpses { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Leave it"),
        Binding("ctrl+r", "turn('regex')", "Expression", priority=True),
        Binding("ctrl+t", "turn('match_case')", "Match case", priority=True),
        Binding("tab", "column(1)", "Column", priority=True),
        Binding("shift+tab", "column(-1)", "Column before", show=False, priority=True),
        Binding("up", "recall(1)", "Earlier", show=False),
        Binding("down", "recall(-1)", "Later", show=False),
    ]

    def __init__(self, dataset: Dataset, view: View) -> None:
        super().__init__()
        self._dataset, self._view = dataset, view
        held = view.pattern
        self._regex, self._match_case = (held.regex, held.match_case) if held else (False, False)
        self._begin = held.text if held else ""
        self._columns: list[str | None] = [None, *dataset.columns]
        self._column: str | None = None
        self._history = earlier_searches()
        self._recalled = -1
        self._search: Search | None = None
        self._settling: Timer | None = None
        self._hits = 0
        self._share: float | None = None
        self._rows: numpy.ndarray | None = None
        self._shown: int | None = None
        self._problem = ""
        # Enter was pressed before the search was at its end.
        self._waited_for = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Find"
            dialog.border_subtitle = "enter: show the rows   escape: leave it"
            field = Input(self._begin, placeholder="a text to find in every row, in full")
            field.cursor_blink = False
            yield field
            yield Static(id="toggles")
            yield Static(id="state")
            yield Static(id="glimpses")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._show_toggles()
        self._show_state()
        if self._begin:
            self.query_one(Input).action_select_all()
            self._look()

    def on_unmount(self) -> None:
        self._stop()

    # --- what is looked for

    @property
    def pattern(self) -> Pattern:
        """What is typed and set."""
        return Pattern(self.query_one(Input).value, self._regex, self._match_case)

    def on_input_changed(self, event: Input.Changed) -> None:
        self._look_soon()

    def action_turn(self, name: str) -> None:
        """Take the text as an expression or not; tell upper and lower case apart or not."""
        setattr(self, f"_{name}", not getattr(self, f"_{name}"))
        self._show_toggles()
        self._look_soon()

    def action_column(self, step: int) -> None:
        """Look in the next column only, or in all."""
        at = self._columns.index(self._column)
        self._column = self._columns[(at + step) % len(self._columns)]
        self._show_toggles()
        self._look_soon()

    def action_recall(self, step: int) -> None:
        """Take an earlier search again."""
        at = self._recalled + step
        if not 0 <= at < len(self._history):
            return
        self._recalled = at
        self._regex, self._match_case = self._history[at].regex, self._history[at].match_case
        field = self.query_one(Input)
        field.value = self._history[at].text
        field.cursor_position = len(field.value)
        self._show_toggles()

    # --- looking

    def _look_soon(self) -> None:
        self._stop()
        self._waited_for = False
        if self._settling:
            self._settling.stop()
        self._settling = self.set_timer(SETTLE_S, self._look)

    def _look(self) -> None:
        self._stop()
        self._rows, self._shown, self._hits, self._share, self._problem = None, None, 0, None, ""
        self.query_one("#glimpses", Static).update("")
        pattern = self.pattern
        if pattern.text:
            try:
                pattern.check()
            except WorkbenchError as error:
                self._problem = str(error)
            else:
                others = self._without() or self._view
                self._search = Search(self, self._dataset, pattern, self._column, others)
                self._search.start()
        self._show_state()

    def _stop(self) -> None:
        if self._settling:
            self._settling.stop()
            self._settling = None
        if self._search:
            self._search.stop()
            self._search = None

    def on_hits(self, message: Hits) -> None:
        if message.search is self._search:
            self._hits = message.rows
            self._show_state()
            self._show_glimpses(message.glimpses)

    def on_progress(self, message: Progress) -> None:
        if message.work is self._search:
            self._share = message.share
            self._show_state()

    def on_failed(self, message: Failed) -> None:
        if message.work is self._search:
            self._search = None
            self._problem = message.sentence
            self._show_state()

    def on_searched(self, message: Searched) -> None:
        if message.search is not self._search:
            return
        self._search = None
        self._rows, self._shown, self._hits = message.rows, message.shown, len(message.rows)
        self._show_state()
        if self._waited_for:
            self._take()

    # --- the end

    def on_input_submitted(self, event: Input.Submitted) -> None:
        if self._settling:
            self._look()
        self._waited_for = True
        if self._search is None:
            self._take()
        else:
            self._show_state()

    def _take(self) -> None:
        pattern = self.pattern
        if not pattern.text:
            self.dismiss(self._without())
        elif self._rows is not None and len(self._rows):
            keep_search(pattern, self._history)
            inside = f"{printable(self._column, keep_newlines=False)} holds" if self._column else "holds"
            found = Filter(f"{inside} {pattern.label}", self._rows, SUBJECT, pattern)
            self.dismiss(self._view.adding(found))
        else:
            self._waited_for = False

    def _without(self) -> View | None:
        found = next((filter for filter in self._view.filters if filter.subject == SUBJECT), None)
        return self._view.without(found) if found else None

    def action_cancel(self) -> None:
        """Stop searching and leave all as it is."""
        self._stop()
        self.dismiss(None)

    # --- what is said

    def _show_toggles(self) -> None:
        column = "all columns" if self._column is None else shorten(self._column, 24)
        pieces = [
            _toggle("^r", "expression", self._regex),
            _toggle("^t", "match case", self._match_case),
            Content.assemble(("tab", "bold $primary"), (" in ", "$text-muted"), column),
        ]
        if self._history:
            pieces.append(Content.assemble(("↑↓", "bold $primary"), (" earlier ones", "$text-muted")))
        self.query_one("#toggles", Static).update(Content("   ").join(pieces))

    def _show_state(self) -> None:
        line = self.query_one("#state", Static)
        line.set_classes("problem" if self._problem else "")
        rows = self._hits
        hold = f"{count(rows)} row{' holds' if rows == 1 else 's hold'} it"
        if self._problem:
            line.update(Content(printable(f"✗ {self._problem}", keep_newlines=False)))
        elif self._search:
            told = f"{hold} so far" if rows else "searching"
            done = f": {self._share:.0%} searched" if self._share is not None else ""
            then = " Its end is waited for; escape stops." if self._waited_for else ""
            line.update(Content.assemble(told, (f"{done} …{then}", "$text-muted")))
        elif self._rows is not None:
            line.update(Content.assemble((hold if rows else "No row holds it", ""), self._of_those_shown()))
        else:
            line.update(
                Content.styled(
                    "Upper and lower case, full and half width are the same. Enter shows the rows.",
                    "$text-muted",
                )
                if self._view.pattern is None
                else Content.styled("With nothing to find, enter shows the other rows again.", "$text-muted")
            )

    def _of_those_shown(self) -> tuple[str, str]:
        if self._shown is None or not self._hits:
            return ("", "")
        return (f", {count(self._shown)} of them among those that are filtered", "$text-muted")

    def _show_glimpses(self, glimpses: Sequence[Excerpt]) -> None:
        width = max((len(count(glimpse.row)) for glimpse in glimpses), default=1)
        room = self.query_one(".dialog").content_size.width
        lines = [_glimpse(glimpse, width, room) for glimpse in glimpses]
        self.query_one("#glimpses", Static).update(Content("\n").join(lines))


def _toggle(key: str, name: str, on: bool) -> Content:
    style = "bold $success" if on else "$text-muted"
    return Content.assemble((key, "bold $primary"), " ", (f"{'●' if on else '○'} {name}", style))


def _glimpse(glimpse: Excerpt, width: int, room: int) -> Content:
    number = f"{count(glimpse.row):>{width}}  "
    before = printable(glimpse.before, keep_newlines=False)
    hit = shorten(glimpse.hit, max(room // 2, 8))
    behind = shorten(glimpse.behind, max(room - len(number) - display_width(before + hit), 1))
    return Content.assemble((number, "$text-muted"), before, (hit, "bold $warning"), behind)
