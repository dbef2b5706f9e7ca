"""Tokens of the whole file: how many, how many trained, what the cutoff loses, how long rows are."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from textual import work
from textual.content import Content
from textual.events import Resize
from textual.widgets import Static
from textual.worker import get_current_worker

from screens.abandonable import Abandoned
from screens.dataset.histogram import draw_histogram
from workbench.errors import WorkbenchError
from workbench.figures import count, significant
from workbench.untrusted import printable

if TYPE_CHECKING:
    from screens.dataset.lens import Lens
    from workbench.data.dataset import Dataset
    from workbench.data.tokens.statistics import TokenStatistics

BETWEEN_REPORTS_S = 0.25
FIGURES_WIDTH = 27
# With fewer cells than these the figures stand above the histogram, not beside it.
SIDE_BY_SIDE = 76


class StatisticsPane(Static):
    """Counts in a thread when it is seen; `stop` ends the counting."""

    def __init__(self) -> None:
        super().__init__(classes="pane", id="statistics")
        self.border_title = "statistics · rows by length"
        self._subject: tuple[Dataset, Lens | None] | None = None
        self._counted: tuple[Dataset, Lens | None] | None = None
        self.statistics: TokenStatistics | None = None
        self.counting = False

    def look(self, dataset: Dataset, lens: Lens | None) -> None:
        """Count this file through this lens, as soon as the pane is seen."""
        self._subject = (dataset, lens)
        if self.display:
            self._look()

    def stop(self) -> None:
        """Stop counting."""
        if self.counting:
            self.workers.cancel_group(self, "count")
            self.counting = False
            self._say("Counting was stopped. s twice counts again.")
            self._counted = None

    def on_show(self) -> None:
        self._look()

    def on_resize(self, event: Resize) -> None:
        if self.statistics:
            self._draw(self.statistics)

    def _look(self) -> None:
        if self._subject is None or self._subject == self._counted:
            return
        self._counted = self._subject
        self.workers.cancel_group(self, "count")
        self.statistics = None
        self.counting = False
        dataset, lens = self._subject
        refusal = dataset.why_not_trained()
        if refusal:
            self._say(f"There is nothing to count: {refusal}")
        elif lens is None:
            self._say("Tokens are counted with a model's tokenizer: m picks a model.")
        else:
            self.counting = True
            self._progress(self._subject, None)
            self._count(dataset, lens)

    @work(thread=True, exclusive=True, group="count")
    def _count(self, dataset: Dataset, lens: Lens) -> None:
        worker = get_current_worker()
        last = 0.0

        def told(share: float) -> None:
            nonlocal last
            if time.monotonic() - last > BETWEEN_REPORTS_S and not worker.is_cancelled:
                last = time.monotonic()
                self.call_later(self._progress, (dataset, lens), share)

        try:
            tokenizer = lens.tokenizer.load(lambda: worker.is_cancelled)
            from workbench.data.tokens.counting import count_tokens
            from workbench.models.find import find_model

            counted = count_tokens(
                dataset,
                find_model(lens.model).base,
                tokenizer=tokenizer,
                progress=told,
                cancelled=lambda: worker.is_cancelled,
            )
            found: TokenStatistics | str = counted.under(lens.cutoff_len)
        except Abandoned:
            return
        except WorkbenchError as error:
            found = str(error)
        if not worker.is_cancelled:
            self.call_later(self._put, (dataset, lens), found)

    def _progress(self, subject: object, share: float | None) -> None:
        if subject == self._subject and self.counting:
            done = f"{share:.0%}" if share is not None else "loading the tokenizer"
            self._say(f"Counting the tokens of every row: {done} … escape stops.")

    def _put(self, subject: object, found: TokenStatistics | str) -> None:
        if subject != self._subject:
            return
        self.counting = False
        if isinstance(found, str):
            self._say(f"✗ {found}", "problem")
        else:
            self.statistics = found
            self._draw(found)

    def _say(self, sentence: str, kind: str = "dim") -> None:
        self.set_class(kind == "problem", "problem")
        self.set_class(kind == "dim", "dim")
        self.border_subtitle = ""
        self.update(Content(printable(sentence)))

    def _draw(self, statistics: TokenStatistics) -> None:
        self.remove_class("dim", "problem")
        assert self._subject is not None and self._subject[1] is not None
        self.border_subtitle = Content(self._subject[1].model).markup
        width, height = self.content_size
        lines = figures(statistics)
        if width >= SIDE_BY_SIDE:
            room = width - FIGURES_WIDTH - 2
            bars = draw_histogram(statistics.lengths.tolist(), statistics.cutoff_len, room, height)
            lines = [line.pad_right(max(FIGURES_WIDTH + 2 - line.cell_length, 0)) for line in lines]
            blank = Content(" " * (FIGURES_WIDTH + 2))
            lines += [blank] * (len(bars) - len(lines))
            bars += [Content("")] * (len(lines) - len(bars))
            shown = [left + right for left, right in zip(lines, bars, strict=True)]
        else:
            lines = _two_columns(lines, width)
            room = height - len(lines)
            lengths = statistics.lengths.tolist()
            shown = [*lines, *draw_histogram(lengths, statistics.cutoff_len, width, room)]
        self.update(Content("\n").join(shown))


def figures(statistics: TokenStatistics) -> list[Content]:
    """Name and number, a line each; what is lost stands out."""
    rows = len(statistics.lengths)
    mean = statistics.total / rows if rows else None
    kept = statistics.total - statistics.tokens_lost
    share = f"{statistics.trained / kept:.0%}" if kept else "–"
    bad = "$text-error"
    entries: list[tuple[str, str, str]] = [
        ("tokens", count(statistics.total), ""),
        (f"trained ({share})", count(statistics.trained), ""),
        ("mean length", significant(mean), ""),
        ("longest row", count(statistics.lossless_cutoff), ""),
        ("rows cut", count(statistics.rows_cut), bad if statistics.rows_cut else ""),
        ("tokens lost", count(statistics.tokens_lost), bad if statistics.tokens_lost else ""),
        ("rows losing end", count(statistics.eos_lost), bad if statistics.eos_lost else ""),
        ("rows untrained", count(statistics.untrained_rows), bad if statistics.untrained_rows else ""),
    ]
    return [
        Content.assemble((f"{name:<{FIGURES_WIDTH - 12}}", "$text-muted"), (f"{number:>12}", style))
        for name, number, style in entries
    ]


def _two_columns(lines: list[Content], width: int) -> list[Content]:
    if width < 2 * FIGURES_WIDTH + 2:
        return lines
    half = (len(lines) + 1) // 2
    right = [*lines[half:], *[Content("")] * (2 * half - len(lines))]
    return [left + "  " + other for left, other in zip(lines[:half], right, strict=True)]
