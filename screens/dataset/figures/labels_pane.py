"""How often each label, language or number of turns occurs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message

from screens.dataset.figures.bars import draw_bars
from screens.dataset.figures.entry_list import Entry, EntryList
from screens.dataset.figures.pane import FigurePane
from workbench.figures import count
from workbench.untrusted import shorten

if TYPE_CHECKING:
    from screens.dataset.figures.distribution import Distribution


class LabelEntries(EntryList):
    """The bars: up and down walk them, left and right turn to the next column."""

    HELP = (
        "How many rows have which value: of each column with few different values, then the number of "
        "turns and the script. Left and right turn from one to the next, up and down walk the bars, and "
        "enter opens the rows behind one. The rarest values are summed up at the end."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("right", "column(1)", "Next column", key_display="←→"),
        Binding("left", "column(-1)", "Column before", show=False),
    ]

    @dataclass
    class Turned(Message):
        """The next distribution is asked for, or the one before."""

        step: int

    def action_column(self, step: int) -> None:
        """The next column."""
        self.post_message(self.Turned(step))


class LabelsPane(FigurePane):
    """One distribution at a time."""

    NAME = "labels"

    def __init__(self) -> None:
        super().__init__()
        self.entries = LabelEntries()
        self.distributions: Sequence[Distribution] = ()
        self.at = 0

    def clear(self) -> None:
        """Show nothing."""
        self.show(())

    def show(self, distributions: Sequence[Distribution]) -> None:
        """Show the first of these."""
        self.distributions, self.at = distributions, 0
        self._draw()

    def on_label_entries_turned(self, message: LabelEntries.Turned) -> None:
        message.stop()
        if self.distributions:
            self.at = (self.at + message.step) % len(self.distributions)
            self._draw()

    def _draw(self) -> None:
        if not self.distributions:
            self.entitle("")
            self.border_subtitle = ""
            self.entries.put((), lambda width, ascii_only: (), anew=True)
            return
        shown = self.distributions[self.at]
        name = shorten(shown.name, 24)
        place = f" {self.at + 1} of {len(self.distributions)}" if len(self.distributions) > 1 else ""
        self.entitle(f"{name}{place}")
        self.border_subtitle = f"{count(shown.values)} value{'' if shown.values == 1 else 's'}"
        bars = [*shown.bars, *((shown.tail,) if shown.tail else ())]
        entries = [Entry(bar.rows, f"{name}: {shorten(bar.label, 40)}") for bar in bars]

        def draw(width: int, ascii_only: bool) -> Sequence[Content]:
            return draw_bars(bars, shown.rows, width, ascii_only=ascii_only)

        self.entries.put(entries, draw, anew=True)
