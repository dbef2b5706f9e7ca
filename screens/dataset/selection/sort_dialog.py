"""A list of what rows can be sorted by, each with its direction."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from workbench.data.dataset import Dataset
from workbench.data.selection import MEASURES, View
from workbench.data.table import PROBLEM
from workbench.untrusted import shorten

NUMBER = "#"
NAME_WIDTH = 34


class SortDialog(ModalScreen[View | None]):
    """Gives the view in another order, or None."""

    CSS = """
    SortDialog .dialog { width: 60; padding: 0 1; }
    SortDialog OptionList { border: none; height: auto; max-height: 20; background: $surface; padding: 0; }
    SortDialog OptionList:focus { border: none; background-tint: $surface 0%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,S", "cancel", "Close"),
        Binding("space,left,right", "turn", "Other direction"),
    ]

    def __init__(self, dataset: Dataset, view: View) -> None:
        super().__init__()
        self._view = view
        self._columns = sortable(dataset, view)
        # Of lengths one wants to see the longest, of texts the beginning of the alphabet.
        self._descending = {column: column in MEASURES for column in self._columns}
        self._sorted = view.order.column if view.order else NUMBER
        if view.order:
            self._descending[view.order.column] = not view.order.descending

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Sort the rows by"
            dialog.border_subtitle = "enter: sort   space: other direction   escape: leave"
            yield OptionList(*map(self._option, self._columns), markup=False)

    def on_mount(self) -> None:
        options = self.query_one(OptionList)
        options.highlighted = self._columns.index(self._sorted) if self._sorted in self._columns else 0
        options.focus()

    def _option(self, column: str) -> Option:
        name = shorten(MEASURES.get(column, "file order" if column == NUMBER else column), NAME_WIDTH)
        if column in MEASURES:
            words = ("shortest first ▲", "longest first ▼")
        elif column == NUMBER:
            words = ("first row first ▲", "last row first ▼")
        else:
            words = ("ascending ▲", "descending ▼")
        shown = Content(name)
        shown += Content(" " * (NAME_WIDTH - shown.cell_length + 2))
        shown += Content.styled(words[self._descending[column]], "$text-muted")
        return Option(shown)

    def action_turn(self) -> None:
        """The other direction for the one under the cursor."""
        options = self.query_one(OptionList)
        if options.highlighted is not None:
            column = self._columns[options.highlighted]
            self._descending[column] = not self._descending[column]
            options.replace_option_prompt_at_index(options.highlighted, self._option(column).prompt)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        column = self._columns[event.option_index]
        self.dismiss(self._view.sorted_by(column, self._descending[column]))

    def action_cancel(self) -> None:
        """Close without a change."""
        self.dismiss(None)


def sortable(dataset: Dataset, view: View) -> list[str]:
    """The number, the lengths that differ between rows, then the file's columns."""
    facts = dataset.facts
    lengths = []
    for measure in MEASURES:
        if measure == "tokens":
            differ = view.tokens is not None
        else:
            values = getattr(facts, measure)
            differ = bool(len(values)) and values.min() != values.max()
        if differ:
            lengths.append(measure)
    columns = [name for name in dataset.table().column_names if name not in (NUMBER, PROBLEM)]
    return [NUMBER, *(name for name in lengths if name not in columns), *columns]
