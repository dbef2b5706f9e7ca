"""Which rows of the open file a held-out file has too."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from screens.dataset.background import Background

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset
    from workbench.data.health.overlap import Overlap


@dataclass
class Compared(Message):
    """What the two files share; `held_out` names the other one."""

    comparing: Comparing
    held_out: str
    rows: int
    overlap: Overlap


class Comparing(Background):
    """Reads the held-out file and looks for its rows in the data set."""

    def __init__(self, listener: MessagePump, dataset: Dataset, spec: str) -> None:
        super().__init__(listener)
        self.dataset, self.spec = dataset, spec

    def run(self) -> None:
        """Read and compare in the thread."""
        from workbench.data.health.overlap import overlap
        from workbench.data.opening import open_dataset

        held_out = open_dataset(self.spec, progress=self.told, cancelled=self.cancelled)
        self.post(Compared(self, Path(self.spec).name, held_out.rows, overlap(self.dataset, held_out)))
        held_out.close()
