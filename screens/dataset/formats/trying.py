"""The first rows of a file read in threads: as every format, and under a mapping."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from screens.dataset.background import Background
from workbench.data.formats.detect import FORMATS
from workbench.data.formats.mapping import Mapping, mapped_format, suggest
from workbench.data.formats.mapping_text import incomplete
from workbench.data.formats.trying import Trial, first_rows, try_format

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset


@dataclass
class FormatsTried(Message):
    """How many of the first rows each format can use, and the columns a first guess would map."""

    trials: dict[str, Trial]
    guess: Mapping | None
    guessed: Trial | None


class TryingFormats(Background):
    """Reads the first rows as every format."""

    def __init__(self, listener: MessagePump, dataset: Dataset) -> None:
        super().__init__(listener)
        self._dataset = dataset

    def run(self) -> None:
        """Try in the thread."""
        rows = first_rows(self._dataset)
        trials = {}
        for name, format_ in FORMATS.items():
            if self.is_stopped:
                return
            trials[name] = try_format(format_, rows)
        guess = self._dataset.mapping or suggest(self._dataset.columns, rows)
        if incomplete(guess):
            self.post(FormatsTried(trials, None, None))
        else:
            self.post(FormatsTried(trials, guess, try_format(mapped_format(guess), rows)))


@dataclass
class RowsLoaded(Message):
    """The first rows, and a first guess at the mapping."""

    rows: Sequence[object]
    guess: Mapping


class Loading(Background):
    """Reads the first rows."""

    def __init__(self, listener: MessagePump, dataset: Dataset) -> None:
        super().__init__(listener)
        self._dataset = dataset

    def run(self) -> None:
        """Read in the thread."""
        rows = first_rows(self._dataset)
        guess = self._dataset.mapping or suggest(self._dataset.columns, rows)
        self.post(RowsLoaded(rows, guess))


@dataclass
class Tried(Message):
    """How many of the first rows can be used so."""

    mapping: Mapping
    trial: Trial


class Trying(Background):
    """Reads the first rows under a mapping."""

    def __init__(self, listener: MessagePump, mapping: Mapping, rows: Sequence[object]) -> None:
        super().__init__(listener)
        self._mapping, self._rows = mapping, rows

    def run(self) -> None:
        """Try in the thread."""
        self.post(Tried(self._mapping, try_format(mapped_format(self._mapping), self._rows)))
