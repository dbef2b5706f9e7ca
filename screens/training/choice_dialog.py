"""A small list to choose from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import OptionList


class ChoiceDialog(ModalScreen[str | None]):
    """Gives one of `words`, or None; `chosen` is where the cursor stands at first."""

    CSS = """
    ChoiceDialog .dialog { width: 40; padding: 0 1; }
    ChoiceDialog OptionList { border: none; height: auto; max-height: 18; background: $surface; padding: 0; }
    ChoiceDialog OptionList:focus { border: none; background-tint: $surface 0%; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Cancel")]

    def __init__(self, title: str, words: Sequence[str], chosen: str | None) -> None:
        super().__init__()
        self._title, self._words, self._chosen = title, list(words), chosen

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            dialog.border_subtitle = "enter: take it   escape: leave it"
            yield OptionList(*self._words, markup=False)

    def on_mount(self) -> None:
        words = self.query_one(OptionList)
        words.highlighted = self._words.index(self._chosen) if self._chosen in self._words else 0
        words.focus()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self.dismiss(self._words[event.option_index])

    def action_cancel(self) -> None:
        """Close without a choice."""
        self.dismiss(None)
