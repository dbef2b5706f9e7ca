"""The right half of the screen: the selected row as a conversation, as tokens, and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from screens.dataset.row.lines_view import LinesView
from screens.dataset.row.panes import ConversationPane, JsonPane
from screens.dataset.row.tokens_pane import TokensPane

if TYPE_CHECKING:
    from screens.dataset.lens import Lens
    from workbench.data.dataset import Dataset
    from workbench.data.finding.pattern import Pattern

VIEWS = ("conversation", "tokens", "json")


class RowSide(Vertical):
    """One of the three panes, or the tokens below another where there is room for both.

    It comes when the first file is opened, and brings the rules along by which an open file's panes are
    arranged.
    """

    SCOPED_CSS: ClassVar[bool] = False
    DEFAULT_CSS = """
    /* With a file open, the selected row stands beside the rows, or below them on a narrow terminal. */
    DataScreen RowSide { display: none; }
    DataScreen.-open RowSide { display: block; }
    DataScreen FiguresPanel { height: 17; display: none; }
    DataScreen ConversationPane, DataScreen TokensPane, DataScreen JsonPane { height: 1fr; }
    RowSide TokensPane, RowSide JsonPane, RowSide ConversationPane { display: none; }
    RowSide.-conversation ConversationPane { display: block; }
    RowSide.-tokens TokensPane { display: block; }
    RowSide.-json JsonPane { display: block; }
    DataScreen.-open.-statistics FiguresPanel { display: block; }

    DataScreen.-narrow #panes { layout: vertical; }
    DataScreen.-narrow #file-side { width: 100%; height: 9; }
    DataScreen.-narrow RowSide { width: 100%; height: 1fr; }
    DataScreen.-narrow #file-side { height: 1fr; }
    DataScreen.-narrow.-open #file-side { height: 9; }
    /* A short one has no room for both: the figures take the place of the rows. */
    DataScreen.-short.-statistics.-open FiguresPanel { height: 1fr; }
    DataScreen.-short.-statistics.-open #panes { display: none; }

    /* A wide and tall one shows everything. */
    DataScreen.-wide.-tall.-open FiguresPanel { display: block; height: 19; }
    DataScreen.-wide.-tall TokensPane, DataScreen.-roomy.-tall TokensPane { display: block; }
    DataScreen.-wide.-tall RowSide.-tokens ConversationPane { display: block; }
    DataScreen.-roomy.-tall RowSide.-tokens ConversationPane { display: block; }
    DataScreen.-roomy.-tall TokensPane { height: 3fr; }
    DataScreen.-roomy.-tall ConversationPane, DataScreen.-roomy.-tall JsonPane { height: 2fr; }
    DataScreen.-wide.-tall.-open.-statistics FiguresPanel { display: none; }

    DataScreen.-zoom-row #file-side { display: none; }
    DataScreen.-zoom-rows.-open RowSide { display: none; }
    DataScreen.-zoom-rows.-open #file-side { height: 1fr; }
    DataScreen.-zoom-row FiguresPanel, DataScreen.-zoom-rows FiguresPanel { display: none !important; }
    DataScreen.-zoom-figures.-open #panes { display: none; }
    DataScreen.-zoom-figures.-open FiguresPanel { height: 1fr; }
    """

    def __init__(self, view: object = None) -> None:
        super().__init__()
        self.view = str(view) if view in VIEWS else VIEWS[0]
        self.add_class(f"-{self.view}")

    def compose(self) -> ComposeResult:
        yield ConversationPane()
        yield JsonPane()
        yield TokensPane()

    def look(self, dataset: Dataset, row: int) -> None:
        """Show what this row says."""
        self.query_one(ConversationPane).look(dataset, row)
        self.query_one(JsonPane).look(dataset, row)

    def highlight(self, pattern: Pattern | None) -> None:
        """Mark what was looked for, or nothing."""
        for pane in self.query(LinesView):
            pane.highlight(pattern)

    def look_through(self, dataset: Dataset, row: int, lens: Lens | None) -> None:
        """Show this row's tokens through this lens."""
        self.query_one(TokensPane).look(dataset, row, lens)

    def turn(self) -> None:
        """Show the row in the next way: conversation, tokens (unless they stand there anyway), JSON."""
        screen = self.screen
        both = screen.has_class("-tall") and (screen.has_class("-wide") or screen.has_class("-roomy"))
        if both:
            following = "conversation" if self.view == "json" else "json"
        else:
            following = VIEWS[(VIEWS.index(self.view) + 1) % len(VIEWS)]
        self.remove_class(f"-{self.view}")
        self.view = following
        self.add_class(f"-{self.view}")
