"""The rows that cannot be used, each with its number and reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from workbench.figures import count
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.data.conversation import BadRow
    from workbench.data.dataset import Dataset

MOST_LISTED = 1_000


class BadRowsDialog(ModalScreen[int | None]):
    """Gives the number of the bad row to go to, or None."""

    CSS = """
    BadRowsDialog .dialog { width: 100; height: 80%; padding: 0 1; }
    BadRowsDialog OptionList { border: none; height: 1fr; background: $surface; padding: 0; }
    BadRowsDialog OptionList:focus { border: none; background-tint: $surface 0%; }
    BadRowsDialog Static { height: auto; color: $text-muted; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,b", "cancel", "Close")]

    def __init__(self, dataset: Dataset, dropped: Sequence[BadRow]) -> None:
        super().__init__()
        self._bad_rows = sorted([*dataset.bad_rows, *dropped], key=lambda bad: bad.row)
        self._rows = dataset.rows

    def compose(self) -> ComposeResult:
        bad = len(self._bad_rows)
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = f"{count(bad)} of {count(self._rows)} rows are not trained"
            dialog.border_subtitle = "enter: go to the row   escape: close"
            listed = self._bad_rows[:MOST_LISTED]
            width = len(count(listed[-1].row)) if listed else 1
            yield OptionList(*(_option(bad_row, width) for bad_row in listed), markup=False)
            if bad > MOST_LISTED:
                more = count(bad - MOST_LISTED)
                yield Static(f"… and {more} more; `workbench inspect --json` names them all")

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._bad_rows[event.option_index].row)

    def action_cancel(self) -> None:
        """Close and stay at the row."""
        self.dismiss(None)


def _option(bad_row: BadRow, width: int) -> Option:
    number = f"{count(bad_row.row):>{width}}  "
    return Option(Content.assemble((number, "$text-muted"), printable(bad_row.reason, keep_newlines=False)))
