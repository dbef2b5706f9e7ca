"""The rows that cannot be used: as a table, by their reasons, and as a file."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from screens.dataset.background import Background
from screens.dataset.rows.columns import Columns, columns_over

if TYPE_CHECKING:
    import numpy

    from workbench.data.conversation import BadRow
    from workbench.data.dataset import Dataset

# What tells two rows apart that are bad for the same reason: numbers, and what is quoted.
_PARTICULAR = re.compile(r"\d[\d,.]*|\"[^\"]*\"|'[^']*'|“[^”]*”|«[^»]*»")
MOST_REASONS = 60


@dataclass(frozen=True)
class Reason:
    """Why rows are bad, without what is particular to one; `places` are their places in the list, from 1."""

    text: str
    places: numpy.ndarray


@dataclass
class Listed(Message):
    """All rows that cannot be used, ascending, with their table and reasons, the most frequent one first."""

    bad_rows: Sequence[BadRow]
    columns: Columns
    reasons: Sequence[Reason]


@dataclass
class Saved(Message):
    """The rows stand in a file of their own."""

    path: Path
    rows: int


class Listing(Background):
    """Gathers the rows that cannot be used, and those of which nothing is trained."""

    def __init__(self, listener: MessagePump, dataset: Dataset, dropped: Sequence[BadRow]) -> None:
        super().__init__(listener)
        self._dataset, self._dropped = dataset, dropped

    def run(self) -> None:
        """Gather in the thread: there may be a million of them."""
        import numpy
        import pyarrow

        bad_rows: Sequence[BadRow] = self._dataset.bad_rows
        if self._dropped:
            bad_rows = sorted([*bad_rows, *self._dropped], key=lambda bad: bad.row)
        numbers, texts = [], []
        for bad in bad_rows:
            if self.is_stopped:
                return
            numbers.append(bad.row)
            texts.append(bad.reason)
        kinds = [_PARTICULAR.sub("…", text) for text in texts]
        common = [text for text, _ in Counter(kinds).most_common(MOST_REASONS - 1)]
        codes = {text: code for code, text in enumerate(common)}
        coded = numpy.fromiter((codes.get(kind, len(common)) for kind in kinds), numpy.int32, len(kinds))
        reasons = []
        for code, text in enumerate([*common, "others"]):
            places = numpy.flatnonzero(coded == code) + 1
            if len(places) == 1:
                text = texts[int(places[0]) - 1]
            if len(places):
                reasons.append(Reason(text, places))
        table = pyarrow.table({"row": pyarrow.array(numbers, pyarrow.int64()), "reason": texts})
        self.post(Listed(bad_rows, columns_over(table), reasons))


class Saving(Background):
    """Writes bad rows to a file."""

    def __init__(
        self, listener: MessagePump, dataset: Dataset, bad_rows: Sequence[BadRow], path: Path
    ) -> None:
        super().__init__(listener)
        self._dataset, self._bad_rows, self._path = dataset, bad_rows, path

    def run(self) -> None:
        """Write in the thread."""
        from workbench.data.bad_rows_file import save_bad_rows

        every = max(len(self._bad_rows), 1)
        rows = save_bad_rows(
            self._dataset,
            self._bad_rows,
            self._path,
            progress=lambda written: self.told(written / every),
            cancelled=self.cancelled,
        )
        self.post(Saved(self._path, rows))
