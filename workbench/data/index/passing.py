"""The one pass over rows: every row is looked at once, and what is to be remembered of it kept."""

from __future__ import annotations

import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import pyarrow

from workbench.data.arrays import text_array
from workbench.data.containers.base import Located
from workbench.data.formats.detect import Format
from workbench.data.health.categories import CategoryCounter
from workbench.data.health.facts import FactsColumns
from workbench.data.health.row_facts import row_facts
from workbench.data.index.judging import judged
from workbench.data.table import MOST_COLUMNS, cell

# Beyond these the columns of a file are not listed: they are then no columns but keys.
MOST_NAMES = 20_000
_BATCH = 8192
# At most about so many cells wait in memory.
_CELLS = 1 << 17
_BETWEEN_REPORTS_S = 0.1
_ROWS_BETWEEN_LOOKS = 64


@dataclass(slots=True)
class Batch:
    """Some neighbouring rows: where they lie, their facts, cells, and which of them are bad.

    `cells` has the problem of each row first, empty where there is none, and then its columns, which are
    those of `names`. `bad` are row numbers, from 1 within the part, and `reasons` go with them.
    """

    starts: array[int]
    lengths: array[int]
    facts: pyarrow.RecordBatch
    names: tuple[str, ...]
    cells: pyarrow.RecordBatch
    bad: array[int]
    reasons: pyarrow.Array


@dataclass(slots=True)
class Pass:
    """Goes through the rows of a part.

    Args:
        format: what a good row has to be.
        columns: those that are known already, in their order; the pass adds those that it meets.
        look: called ten times a second with the row that was just read; what it raises ends the pass.
    """

    format: Format | None
    columns: dict[str, None]
    look: Callable[[Located], None] | None = None
    rows: int = 0
    shown: list[str] = field(default_factory=list)
    categories: CategoryCounter = field(default_factory=CategoryCounter)
    last_look: float = -_BETWEEN_REPORTS_S

    def batches(self, located: Iterable[Located]) -> Iterator[Batch]:
        """What there is to remember of these rows, a few thousand at a time."""
        self.shown = list(self.columns)[:MOST_COLUMNS]
        rows = iter(located)
        while batch := self._batch(rows):
            yield batch

    def _batch(self, rows: Iterator[Located]) -> Batch | None:
        format, columns = self.format, self.columns
        known = columns.keys()
        starts, lengths, facts = array("Q"), array("Q"), FactsColumns()
        problems: list[str] = []
        bad, reasons = array("q"), []
        cells: dict[str, list[str]] = {name: [] for name in self.shown}
        places = [(name, cells[name].append) for name in self.shown]
        most = max(1024, min(_BATCH, _CELLS // max(1, len(places))))
        row, until_look = self.rows, _ROWS_BETWEEN_LOOKS
        add_start, add_length, add_facts = starts.append, lengths.append, facts.append
        add_problem, count = problems.append, self.categories.add
        for place in rows:
            row += 1
            start, length, value = place
            add_start(start)
            add_length(length)
            record = value if type(value) is dict else {}
            if not record.keys() <= known:
                for name in self._meet(record):
                    cells[name] = [""] * len(problems)
                    places.append((name, cells[name].append))
            conversation, reason = judged(value, format, row)
            add_facts(row_facts(value, conversation, bad=reason is not None))
            count(record)
            get = record.get
            for name, add in places:
                add(cell(get(name)))
            if reason is None:
                add_problem("")
            else:
                add_problem(cell(reason))
                bad.append(row)
                reasons.append(reason)
            until_look -= 1
            if not until_look or length > 1_000_000:
                until_look = _ROWS_BETWEEN_LOOKS
                if self.look and (now := time.monotonic()) - self.last_look > _BETWEEN_REPORTS_S:
                    self.last_look = now
                    self.look(place)
            if len(problems) == most:
                break
        self.rows = row
        if not problems:
            return None
        texts = [text_array(problems), *map(text_array, cells.values())]
        table = pyarrow.record_batch(texts, names=["problem", *(str(at) for at in range(len(cells)))])
        return Batch(starts, lengths, facts.to_arrow(), tuple(cells), table, bad, text_array(reasons))

    def _meet(self, record: dict[str, object]) -> list[str]:
        """Take up the columns that are new; those of them that are shown."""
        new = [name for name in record if name not in self.columns]
        self.columns.update(dict.fromkeys(new[: max(0, MOST_NAMES - len(self.columns))]))
        shown = new[: MOST_COLUMNS - len(self.shown)]
        self.shown += shown
        return shown
