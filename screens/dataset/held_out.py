"""Which rows of the open file a held-out file has too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from screens.dataset.background import Background
from workbench.figures import count
from workbench.untrusted import shorten

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset


@dataclass
class Compared(Message):
    """Numbers of the rows that the held-out data has too, ascending, and a sentence that says so."""

    comparing: Comparing
    rows: numpy.ndarray
    title: str


class Comparing(Background):
    """Reads the held-out file and looks for its rows in the data set."""

    def __init__(self, listener: MessagePump, dataset: Dataset, spec: str) -> None:
        super().__init__(listener)
        self.dataset, self.spec = dataset, spec

    def run(self) -> None:
        """Read and compare in the thread."""
        import numpy

        from workbench.data.health.overlap import overlap
        from workbench.data.opening import open_dataset

        held_out = open_dataset(self.spec, progress=self.told, cancelled=self.cancelled)
        found = overlap(self.dataset, held_out)
        name, every = shorten(Path(self.spec).name, 40), count(held_out.rows)
        held_out.close()
        shared = numpy.union1d(found.train_rows, found.train_prompts)
        if len(shared):
            title = f"in {name} too: {count(found.rows)} of its rows, {count(found.prompts)} of its prompts"
        else:
            title = f"None of the {every} rows of {name} is in this file, and none of its prompts."
        self.post(Compared(self, shared, title))
