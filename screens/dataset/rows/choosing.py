"""Which rows are to be shown, found out in a thread."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from screens.dataset.background import Background

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset
    from workbench.data.selection import View


@dataclass
class RowsChosen(Message):
    """The numbers of the rows that the view shows, in its order; None: all of them in file order."""

    choosing: Choosing
    rows: numpy.ndarray | None


class Choosing(Background):
    """Applies a view to a data set, and posts RowsChosen; then the cursor goes to the row `then`, if any."""

    def __init__(self, listener: MessagePump, dataset: Dataset, view: View, then: int | None = None) -> None:
        super().__init__(listener)
        self.then = then
        self.dataset = dataset
        self.view = view

    def run(self) -> None:
        """Search and sort in the thread."""
        rows = self.view.apply(self.dataset, progress=self.told, cancelled=self.cancelled)
        self.post(RowsChosen(self, rows))
