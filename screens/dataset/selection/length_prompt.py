"""Asks for the rows from one length to another, over a picture of how long rows are."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from screens.dataset.figures.histogram import ASCII_BLOCKS, BLOCKS, LEAST_WIDTH
from screens.dataset.figures.spread import Ranges, Spread, ranges
from workbench.data.selection import MEASURES, Filter, lengths_by, rows_by_length
from workbench.figures import count

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset

HEIGHT = 6
_NUMBER = r"\d[\d,_]*"
_RANGE = re.compile(
    rf"(?:(?P<least>>=?)\s*(?P<over>{_NUMBER})|(?P<most><=?)\s*(?P<under>{_NUMBER})"
    rf"|(?P<low>{_NUMBER})?\s*(?P<to>-|–|~|to|\.\.\.?|\s)\s*(?P<high>{_NUMBER})?|(?P<only>{_NUMBER}))"
)

Range = tuple[int | None, int | None]


def read_range(text: str) -> Range | None:
    """The lengths that a text like `100-500`, `>500`, `-20` or `7` spells, both included; None if none."""
    match = _RANGE.fullmatch(text.strip())
    if match is None:
        return None
    found = {name: _whole(match[name]) for name in ("over", "under", "low", "high", "only")}
    if found["only"] is not None:
        return found["only"], found["only"]
    if match["least"] and found["over"] is not None:
        return found["over"] + (match["least"] == ">"), None
    if match["most"] and found["under"] is not None:
        return None, found["under"] - (match["most"] == "<")
    if found["low"] is None and found["high"] is None:
        return None
    return found["low"], found["high"]


def _whole(digits: str | None) -> int | None:
    return int(re.sub("[,_]", "", digits)[:15]) if digits else None


def range_label(measure: str, low: int | None, high: int | None) -> str:
    """`characters from 100 to 500`."""
    name = MEASURES[measure]
    if low == high and low is not None:
        return f"{count(low)} {name}"
    if high is None:
        return f"{name} from {count(low or 0)}"
    return f"{name} from {count(low)} to {count(high)}" if low else f"{name} up to {count(high)}"


class LengthPrompt(ModalScreen[Filter | None]):
    """Gives the filter for rows of these lengths, or None."""

    CSS = """
    LengthPrompt .dialog { width: 76; padding: 0 1; }
    LengthPrompt Input, LengthPrompt Input:focus { border: none; height: 1; padding: 0; background: $panel; }
    LengthPrompt Static { height: auto; }
    LengthPrompt #bars { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Leave it")]

    def __init__(self, dataset: Dataset, measure: str, tokens: numpy.ndarray | None) -> None:
        super().__init__()
        self._dataset, self._measure, self._tokens = dataset, measure, tokens
        lengths = lengths_by(dataset, measure, tokens)
        rows = (lengths >= 0).nonzero()[0] + 1
        self._spread = Spread(rows, lengths[rows - 1])
        self._ranges: Ranges | None = None
        self._drawn_to = 0

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = f"Rows by {MEASURES[self._measure]}"
            dialog.border_subtitle = "enter: show them   escape: leave it"
            field = Input(placeholder="from-to, such as 100-500, >2048 or <20")
            field.cursor_blink = False
            yield field
            yield Static(id="state", classes="dim")
            yield Static(id="bars")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self.call_after_refresh(self._draw)

    def on_resize(self) -> None:
        self._draw()

    def on_input_changed(self, event: Input.Changed) -> None:
        self._draw()

    @property
    def _range(self) -> Range | None:
        return read_range(self.query_one(Input).value)

    def _rows(self) -> numpy.ndarray | None:
        chosen = self._range
        if chosen is None:
            return None
        return rows_by_length(self._dataset, *chosen, self._measure, tokens=self._tokens)

    def _draw(self) -> None:
        rows = self._rows()
        state = self.query_one("#state", Static)
        typed = bool(self.query_one(Input).value.strip())
        state.set_classes("problem" if typed and (rows is None or not len(rows)) else "dim")
        if rows is not None:
            state.update(f"{count(len(rows))} of {count(self._dataset.rows)} rows")
        elif typed:
            state.update("not a range of lengths: write 100-500, >2048, <20, or one number")
        else:
            state.update(f"{count(len(self._spread))} rows by their {MEASURES[self._measure]}")
        bars = self.query_one("#bars", Static)
        if bars.size.width != self._drawn_to:
            # Not for every key: it looks at each row.
            self._drawn_to = bars.size.width
            self._ranges = ranges(self._spread, self._drawn_to) if self._drawn_to >= LEAST_WIDTH else None
        blocks = ASCII_BLOCKS if self.app.has_class("-ascii") else BLOCKS
        drawn = _bars(self._ranges, self._range, blocks) if self._ranges and len(self._spread) else ()
        bars.update(Content("\n").join(drawn))

    def on_input_submitted(self, event: Input.Submitted) -> None:
        rows, chosen = self._rows(), self._range
        if rows is not None and chosen is not None and len(rows):
            label = range_label(self._measure, *chosen)
            self.dismiss(Filter(label, rows, f"length {self._measure}"))

    def action_cancel(self) -> None:
        """Leave all as it is."""
        self.dismiss(None)


def _bars(found: Ranges, chosen: Range | None, blocks: str) -> list[Content]:
    """How many rows have which length; those in the range bright, the others dim."""
    highest = max(found.counts)
    low, high = chosen or (None, None)
    inside = [
        (low is None or end > low) and (high is None or start <= high) for start, end in pairwise(found.edges)
    ]
    # Any rows at all show as a sliver.
    eighths = [max(rows * HEIGHT * 8 // highest, 1) if rows else 0 for rows in found.counts]
    lines = []
    for floor in range(HEIGHT - 1, -1, -1):
        cells: list[str | tuple[str, str]] = [
            (
                blocks[min(max(eighths[at] - floor * 8, 0), 8)],
                "$primary" if inside[at] else "$text-disabled",
            )
            for at in found.columns
        ]
        lines.append(Content.assemble(*cells))
    left, right = count(found.edges[0]), count(found.end)
    axis = f"{left}{' ' * max(len(found.columns) - len(left) - len(right), 1)}{right}"
    return [*lines, Content.styled(axis, "$text-muted")]
