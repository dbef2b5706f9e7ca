"""The right half of the screen: the selected row, as a conversation and as tokens."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical

from screens.dataset.row_panes import ConversationPane, TokensPane

if TYPE_CHECKING:
    from screens.dataset.lens import Lens
    from workbench.data.dataset import Dataset


class RowSide(Vertical):
    """One of the two panes, or both where there is room; it comes when the first file is opened.

    It brings the rules along by which an open file's panes are arranged.
    """

    SCOPED_CSS: ClassVar[bool] = False
    DEFAULT_CSS = """
    /* With a file open, the selected row stands beside the rows, or below them on a narrow terminal. */
    DataScreen RowSide { display: none; }
    DataScreen.-open RowSide { display: block; }
    DataScreen StatisticsPane { height: 15; display: none; }
    DataScreen ConversationPane, DataScreen TokensPane { height: 1fr; }
    DataScreen TokensPane { display: none; }
    DataScreen.-tokens TokensPane { display: block; }
    DataScreen.-tokens ConversationPane { display: none; }
    DataScreen.-open.-statistics StatisticsPane { display: block; }

    DataScreen.-narrow #panes { layout: vertical; }
    DataScreen.-narrow #file-side { width: 100%; height: 9; }
    DataScreen.-narrow RowSide { width: 100%; height: 1fr; }
    DataScreen.-narrow #file-side { height: 1fr; }
    DataScreen.-narrow.-open #file-side { height: 9; }
    /* A short one has no room for a third pane: the figures take the rows' place. */
    DataScreen.-short.-statistics StatisticsPane { height: 1fr; }
    DataScreen.-short.-statistics.-open RowsPane { display: none; }
    DataScreen.-short.-narrow.-statistics.-open RowSide { display: none; }
    DataScreen.-short.-narrow.-statistics.-open #file-side { height: 1fr; }

    /* A wide and tall one shows everything. */
    DataScreen.-wide.-tall.-open StatisticsPane { display: block; height: 17; }
    DataScreen.-wide.-tall TokensPane, DataScreen.-wide.-tall ConversationPane { display: block; }
    DataScreen.-roomy.-tall TokensPane, DataScreen.-roomy.-tall ConversationPane { display: block; }
    DataScreen.-roomy.-tall TokensPane { height: 3fr; }
    DataScreen.-roomy.-tall ConversationPane { height: 2fr; }
    DataScreen.-wide.-tall.-open.-statistics StatisticsPane { display: none; }

    DataScreen.-zoom-row #file-side { display: none; }
    DataScreen.-zoom-rows.-open RowSide { display: none; }
    DataScreen.-zoom-rows.-open #file-side { height: 1fr; }
    """

    def compose(self) -> ComposeResult:
        yield ConversationPane()
        yield TokensPane()

    def look(self, dataset: Dataset, row: int) -> None:
        """Show what this row says."""
        self.query_one(ConversationPane).look(dataset, row)

    def look_through(self, dataset: Dataset, row: int, lens: Lens | None) -> None:
        """Show this row's tokens through this lens."""
        self.query_one(TokensPane).look(dataset, row, lens)
