"""The keys of Data that change which rows are shown, in which order, and where the cursor is.

The dialogs of find and filter get the data set and the view that is shown, and are dismissed with the next
view, or with None to stay.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.figures import count

if TYPE_CHECKING:
    from screens.dataset.messages import ShowRows
    from screens.dataset.rows.pane import RowsPane
    from workbench.data.conversation import BadRow
    from workbench.data.selection import View


def find(pane: RowsPane) -> None:
    """Ask for a text; the rows that hold it are shown."""
    from screens.dataset.selection.find import FindPrompt

    assert pane.dataset is not None
    pane.app.push_screen(FindPrompt(pane.dataset, _shown(pane)), _then_show(pane))


def filter_rows(pane: RowsPane) -> None:
    """Ask for a value, a flag or a length; the rows that have it are shown."""
    from screens.dataset.figures.panel import FiguresPanel
    from screens.dataset.selection.filters import FilterDialog

    assert pane.dataset is not None
    counted = [finding for panel in pane.screen.query(FiguresPanel) for finding in panel.health.counted]
    pane.app.push_screen(FilterDialog(pane.dataset, _shown(pane), counted), _then_show(pane))


def sort(pane: RowsPane) -> None:
    """Ask for a column; the rows that are shown are sorted by it."""
    from screens.dataset.selection.sort_dialog import SortDialog

    assert pane.dataset is not None
    pane.app.push_screen(SortDialog(pane.dataset, _shown(pane)), _then_show(pane))


def sort_by(pane: RowsPane, column: str) -> None:
    """Sort by this column; by the one that they are sorted by, the other way."""
    from screens.dataset.rows.columns import MARKS
    from workbench.data.selection import View

    if column != MARKS:
        view = pane.view or View()
        order = view.order
        again = order is not None and order.column == column and not order.descending
        pane.show(view.sorted_by(column, descending=again))


def all_rows(pane: RowsPane) -> None:
    """Every row again, in the order of the file."""
    from workbench.data.selection import View

    pane.show(View(tokens=_shown(pane).tokens))


def these_rows(pane: RowsPane, message: ShowRows) -> None:
    """The rows behind a figure, in place of what is shown."""
    from workbench.data.selection import Filter, View

    if not pane.is_whole:
        pane.notify("Not all rows are read yet.", severity="warning")
        return
    shown = _shown(pane)
    view = View(order=shown.order, tokens=shown.tokens)
    if message.rows is not None:
        view = view.adding(Filter(message.title, message.rows))
    pane.show(view)


def go_to(pane: RowsPane) -> None:
    """Ask for a row's number and go there."""
    from screens.widgets.dialogs import TextPrompt

    assert pane.dataset is not None
    rows = pane.dataset.rows

    def check(text: str) -> str | None:
        row = whole_number(text)
        return None if row and 1 <= row <= rows else f"give a number from 1 to {count(rows)}"

    def taken(text: str | None) -> None:
        if text is not None:
            show_row(pane, whole_number(text) or 1)

    pane.app.push_screen(TextPrompt("Go to row", hint=f"1 to {count(rows)}", check=check), taken)


def show_row(pane: RowsPane, row: int) -> None:
    """Put the cursor on this row; if the rows that are shown do not have it, show all of them first."""
    if not pane.go_to(row):
        from workbench.data.selection import View

        pane.notify(f"Row {count(row)} is not among the rows that were shown: these are all.")
        pane.show(View(), then=row)


def bad_rows(pane: RowsPane) -> None:
    """List the rows that cannot be used, and those of which a cutoff or template leaves nothing."""
    from screens.dataset.bad_rows import BadRowsDialog
    from screens.dataset.figures.panel import FiguresPanel

    assert pane.dataset is not None
    dropped: list[BadRow] = []
    for panel in pane.screen.query(FiguresPanel):
        if panel.statistics:
            dropped += panel.statistics.dropped
    if not pane.dataset.bad_rows and not dropped:
        every = "Every row of this file" if pane.is_whole else "Every row that was read"
        pane.notify(f"{every} can be used.")
        return

    def taken(row: int | None) -> None:
        if row:
            show_row(pane, row)

    pane.app.push_screen(BadRowsDialog(pane.dataset, dropped), taken)


def whole_number(text: str) -> int | None:
    """The number that was typed, or None; 8,658 and 8_658 are numbers."""
    digits = text.strip().replace(",", "").replace("_", "")
    return int(digits) if digits.isascii() and digits.isdigit() and len(digits) < 12 else None


def _shown(pane: RowsPane) -> View:
    """What is shown, with the tokens of every row if they are counted by now."""
    from dataclasses import replace

    from screens.dataset.figures.panel import FiguresPanel
    from workbench.data.selection import View, tokens_by_row

    view = pane.view or View()
    counted = [panel.token_lengths for panel in pane.screen.query(FiguresPanel) if panel.token_lengths]
    if not counted or pane.dataset is None:
        return view
    return replace(view, tokens=tokens_by_row(counted[0], pane.dataset.rows))


def _then_show(pane: RowsPane) -> Callable[[View | None], None]:
    def taken(view: View | None) -> None:
        if view is not None:
            pane.show(view)

    return taken
