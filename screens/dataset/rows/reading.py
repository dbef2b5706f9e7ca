"""The opening of one data file: its first rows at once, then all of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.message import Message
from textual.message_pump import MessagePump

from screens.dataset.background import Background

if TYPE_CHECKING:
    from screens.dataset.rows.columns import Columns
    from workbench.data.dataset import Dataset

# All rows of a smaller file are there before one could look at the first ones.
SMALL = 1 << 20
FIRST_ROWS = 1_000


@dataclass
class RowsRead(Message):
    """Rows that can be shown; `dataset.complete` says whether they are all there are."""

    reading: Reading
    dataset: Dataset
    columns: Columns


@dataclass
class RowsMarked(Message):
    """The same rows, with marks for those that say again what an earlier one said."""

    dataset: Dataset
    columns: Columns


class Reading(Background):
    """Opens `spec`, and posts RowsRead once or twice, then RowsMarked.

    `how` goes to the engine: a `format` or a `mapping`. Without `look` the first rows are there already.
    """

    def __init__(self, listener: MessagePump, spec: str, *, look: bool = True, **how: Any) -> None:
        super().__init__(listener)
        self.spec = spec
        self.how = how
        self._look = look

    def run(self) -> None:
        """Read in the thread."""
        from screens.dataset.rows.columns import columns_of
        from workbench.data.health.duplicates import find_duplicates
        from workbench.data.opening import first_rows, open_dataset

        if self._look and not _is_small(self.spec):
            self._found(first_rows(self.spec, most=FIRST_ROWS, **self.how))
        if self.is_stopped:
            return
        dataset = open_dataset(self.spec, progress=self.told, cancelled=self.cancelled, **self.how)
        self._found(dataset)
        # Of a million rows this takes seconds, in which one can look at them.
        duplicates = find_duplicates(dataset.facts)
        if duplicates.rows or duplicates.prompts:
            self.post(RowsMarked(dataset, columns_of(dataset, duplicates)))

    def _found(self, dataset: Dataset) -> None:
        from screens.dataset.rows.columns import columns_of

        if not self.is_stopped:
            self.post(RowsRead(self, dataset, columns_of(dataset)))


def _is_small(spec: str) -> bool:
    path = Path(spec).expanduser()
    try:
        return path.is_file() and path.stat().st_size < SMALL
    except OSError:
        return False
