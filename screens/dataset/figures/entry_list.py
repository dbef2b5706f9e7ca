"""Lines to choose from that are drawn anew for every width."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Resize
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.dataset.messages import ShowRows

if TYPE_CHECKING:
    import numpy

Draw = Callable[[int, bool], Sequence[Content]]


@dataclass(frozen=True)
class Entry:
    """What a line opens: these rows, under this title. Without rows it is there to be read only."""

    rows: Callable[[], numpy.ndarray] | None = None
    title: str = ""
    explanation: str = ""


class EntryList(OptionList):
    """Shows a line for each entry; enter opens the rows behind it."""

    DEFAULT_CSS = """
    EntryList { height: 1fr; border: none; padding: 0; background: $background; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable; }
    EntryList:focus { border: none; background-tint: $background 0%; }
    EntryList > .option-list--option, EntryList > .option-list--option-hover { padding: 0; }
    EntryList > .option-list--option-disabled { color: $text-muted; }
    EntryList > .option-list--option-highlighted {
        background: $block-cursor-blurred-background; color: $foreground; text-style: none;
    }
    EntryList:focus > .option-list--option-highlighted {
        background: $block-cursor-background; color: $block-cursor-foreground; text-style: none;
    }
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "select", "Its rows", tooltip="Show the rows behind it"),
    ]

    def __init__(self) -> None:
        super().__init__(markup=False)
        self._entries: Sequence[Entry] = ()
        self._draw: Draw = lambda width, ascii_only: ()

    def put(self, entries: Sequence[Entry], draw: Draw, *, anew: bool = False) -> None:
        """Show these; `draw` gives a line for each. The cursor stays, or begins `anew`."""
        self._entries, self._draw = entries, draw
        self._fill(None if anew else self.highlighted)

    def on_resize(self, event: Resize) -> None:
        self._fill(self.highlighted)

    @property
    def chosen(self) -> Entry | None:
        """The entry that the cursor is on."""
        at = self.highlighted
        return self._entries[at] if at is not None and at < len(self._entries) else None

    def _fill(self, highlighted: int | None) -> None:
        width = self.scrollable_content_region.width
        if not width:
            return
        lines = self._draw(width, self.app.has_class("-ascii"))
        shown = [
            Option(line, disabled=entry.rows is None)
            for entry, line in zip(self._entries, lines, strict=True)
        ]
        top = self.scroll_offset.y
        with self.prevent(OptionList.OptionHighlighted):
            self.clear_options()
            self.add_options(shown)
            if highlighted is not None and highlighted < len(shown) and not shown[highlighted].disabled:
                self.highlighted = highlighted
                self.scroll_to(y=top, animate=False)

    def on_focus(self) -> None:
        if self.highlighted is None:
            self.action_first()

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.open(self._entries[event.option_index])

    def open(self, entry: Entry) -> None:
        """Show the rows behind an entry."""
        if entry.rows is not None:
            self.post_message(ShowRows(entry.rows(), entry.title))
