"""How long the rows are, in characters and in tokens, and what the cutoff does to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.content import Content
from textual.events import Click, Resize
from textual.message import Message
from textual.widgets import OptionList, Static

from screens.dataset.figures.by_role import ALL, Tokens
from screens.dataset.figures.entry_list import Entry, EntryList
from screens.dataset.figures.length_figures import figure_line, length_figures, token_figures
from screens.dataset.figures.pane import FigurePane
from screens.dataset.messages import ShowRows
from workbench.figures import count

if TYPE_CHECKING:
    from screens.dataset.figures.by_role import Characters, LengthsByRole
    from screens.dataset.figures.spread import Ranges, Spread
    from workbench.data.tokens.statistics import TokenStatistics

FIGURES_WIDTH = 30


class LengthEntries(EntryList):
    """The figures beside the bars: up and down walk these, left and right the bars."""

    HELP = (
        "The lengths of the rows, and what the cutoff does to them. u turns between tokens and characters, w "
        "between the roles. Left and right walk the bars, up and down the figures, and enter opens the rows "
        "behind what is chosen. A red line is the cutoff. Where few rows are very long, the ranges grow with "
        "the length (log scale)."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("u", "unit", "Unit", tooltip="Lengths in tokens or in characters"),
        Binding("w", "role", "Role", tooltip="Lengths of all, or of what one role says"),
        Binding("left", "bar(-1)", "Bar before", show=False),
        Binding("right", "bar(1)", "Next bar", show=False),
    ]

    @dataclass
    class Asked(Message):
        """A key that the pane answers: `unit`, `role`, `bar` with a step, or `open` the bar."""

        what: str
        step: int = 0

    def __init__(self) -> None:
        super().__init__()
        self.on_bar = False

    def action_unit(self) -> None:
        """Tokens, or characters."""
        self.post_message(self.Asked("unit"))

    def action_role(self) -> None:
        """The next role."""
        self.post_message(self.Asked("role"))

    def action_bar(self, step: int) -> None:
        """The bar before or behind."""
        self.post_message(self.Asked("bar", step))

    def action_select(self) -> None:
        if self.on_bar:
            self.post_message(self.Asked("open"))
        else:
            super().action_select()


class LengthsPane(FigurePane):
    """A histogram, and figures beside it."""

    NAME = "lengths"
    DEFAULT_CSS = f"""
    LengthsPane {{ width: 2fr; }}
    LengthsPane > Horizontal {{ height: 1fr; }}
    LengthsPane #bars {{ width: 1fr; height: 100%; }}
    LengthsPane EntryList {{ width: {FIGURES_WIDTH}; margin-left: 2; }}
    """

    def __init__(self) -> None:
        super().__init__()
        self.entries: LengthEntries = LengthEntries()
        self.role, self.unit = ALL, "tokens"
        self.bar: int | None = None
        self.ranges: Ranges | None = None
        self.statistics: TokenStatistics | None = None
        self._bars = Static(id="bars", markup=False)
        self._characters: Characters | None = None
        self._tokens: Tokens | None = None
        self._counting = ""

    def compose(self) -> ComposeResult:
        yield self.saying
        with Horizontal():
            yield self._bars
            yield self.entries

    # --- what is shown

    def clear(self) -> None:
        """Show nothing."""
        self._characters = self._tokens = self.statistics = None
        self.bar, self._counting = None, ""
        self._draw()

    def show_characters(self, characters: Characters) -> None:
        """Show these lengths."""
        self._characters = characters
        self._draw()

    def show_tokens(self, statistics: TokenStatistics | None, counting: str = "") -> None:
        """Show these tokens too; or say why there are none yet."""
        old, self.statistics, self._counting = self.statistics, statistics, counting
        if statistics is None:
            self._tokens = self.bar = None
        elif old is None or statistics.lengths is not old.lengths:
            self._tokens, self.bar = Tokens(statistics), None
        self._draw()

    @property
    def shown_unit(self) -> str:
        """Tokens, if they are wished for and counted."""
        return self.unit if self.statistics is not None else "characters"

    @property
    def shown_lengths(self) -> LengthsByRole | None:
        """In tokens, if they are wished for and counted."""
        return self._tokens if self.shown_unit == "tokens" else self._characters

    @property
    def roles(self) -> list[str]:
        """The roles that say anything, behind all of them together."""
        return self.shown_lengths.roles if self.shown_lengths is not None else [ALL]

    def spread(self) -> Spread | None:
        """The lengths that are shown."""
        if self._characters is None or self.shown_lengths is None:
            return None
        if self.role not in self.roles:
            self.role = ALL
        return self.shown_lengths.spread(self.role)

    # --- drawing

    def on_resize(self, event: Resize) -> None:
        self.call_after_refresh(self._draw_bars)

    def _draw(self) -> None:
        spread = self.spread()
        unit = f"in {self.shown_unit}" if spread is not None else ""
        self.entitle(f"{unit}, {'all roles' if self.role == ALL else self.role}" if unit else "")
        self._draw_bars()
        if spread is None:
            self.entries.put((), lambda width, ascii_only: ())
            return
        figures = [*length_figures(spread, self.shown_unit)]
        if self.statistics is not None:
            figures += token_figures(self.statistics)
        notes = [self._counting] if self._counting else []

        def draw(width: int, ascii_only: bool) -> Sequence[Content]:
            return [*(figure_line(figure, width) for figure in figures), *(Content(note) for note in notes)]

        self.entries.put([*(figure.entry for figure in figures), *(Entry() for _ in notes)], draw)

    def _draw_bars(self) -> None:
        from screens.dataset.figures.histogram import bars_width, describe_range, draw_histogram
        from screens.dataset.figures.spread import ranges

        spread = self.spread()
        width, height = self._bars.size
        self.border_subtitle = ""
        if spread is None or width < 2:
            self._bars.update("")
            return
        if not len(spread):
            self._bars.update(Content("No row has any of this."))
            return
        cutoff_len = None
        if self.statistics is not None and self.shown_unit == "tokens" and self.role == ALL:
            cutoff_len = self.statistics.cutoff_len
        self.ranges = found = ranges(spread, max(bars_width(spread, width), 2), cutoff_len)
        if self.bar is not None:
            self.bar = min(self.bar, len(found.counts) - 1)
            self.border_subtitle = describe_range(found, self.bar, len(spread), self.shown_unit)
        elif found.log:
            self.border_subtitle = "log scale: few rows are very long"
        ascii_only = self.app.has_class("-ascii")
        lines = draw_histogram(
            found, width, height, cutoff_len=cutoff_len, chosen=self.bar, ascii_only=ascii_only
        )
        self._bars.update(Content("\n").join(lines))

    # --- keys

    def on_length_entries_asked(self, message: LengthEntries.Asked) -> None:
        message.stop()
        if message.what == "unit":
            self.unit = "characters" if self.unit == "tokens" else "tokens"
            self._choose_bar(None)
            self._draw()
        elif message.what == "role":
            roles = self.roles
            self.role = roles[(roles.index(self.role) + 1) % len(roles)] if self.role in roles else ALL
            self._choose_bar(None)
            self._draw()
        elif message.what == "bar" and self.ranges is not None:
            self._step(message.step)
        elif message.what == "open":
            self._open_bar()

    def _step(self, step: int) -> None:
        """To the next bar that has rows; the first time, to the highest."""
        assert self.ranges is not None
        counts = self.ranges.counts
        at = counts.index(max(counts)) if self.bar is None else self.bar + step
        while 0 <= at < len(counts) and not counts[at]:
            at += step
        if 0 <= at < len(counts):
            self._choose_bar(at)
            self._draw_bars()

    def _choose_bar(self, bar: int | None) -> None:
        self.bar, self.entries.on_bar = bar, bar is not None
        if bar is not None:
            with self.prevent(OptionList.OptionHighlighted):
                self.entries.highlighted = None

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if self.bar is not None and self.entries.highlighted is not None:
            self._choose_bar(None)
            self._draw_bars()

    def _open_bar(self) -> None:
        spread = self.spread()
        if spread is None or self.ranges is None or self.bar is None:
            return
        low, high = self.ranges.edges[self.bar], self.ranges.edges[self.bar + 1]
        first, last = self.bar == 0, self.bar == len(self.ranges.counts) - 1
        rows = spread.between(0 if first else low, None if last else high)
        who = "" if self.role == ALL else f" of {self.role}"
        span = count(low) if low >= high - 1 else f"{count(low)} to {count(high - 1)}"
        # From here: what a child posts while its parent handles a message ends at the parent.
        self.post_message(ShowRows(rows, f"{span} {self.shown_unit}{who}"))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self._bars)
        if offset is None or self.ranges is None:
            return
        column = offset.x - (self._bars.size.width - len(self.ranges.columns))
        if 0 <= column < len(self.ranges.columns):
            self.entries.focus()
            self._choose_bar(self.ranges.columns[column])
            self._draw_bars()
