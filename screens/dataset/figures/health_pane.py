"""What may be wrong with a data set, each with how many rows it concerns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import OptionList, Static

from screens.dataset.figures.entry_list import Entry, EntryList
from screens.dataset.figures.pane import FigurePane
from screens.dataset.figures.token_findings import token_findings
from workbench.figures import count
from workbench.untrusted import shorten

if TYPE_CHECKING:
    from workbench.data.health.report import Finding
    from workbench.data.tokens.statistics import TokenStatistics

# From so many cells on, a finding's explanation stands beside it.
BESIDE = 96
TITLE_WIDTH = 34


@dataclass(frozen=True)
class HealthLine:
    """One finding; `number` is None while it is looked for, and `state` says how far that is."""

    title: str
    number: int | None
    serious: bool
    entry: Entry
    state: str = ""


class HealthEntries(EntryList):
    """The findings."""

    HELP = (
        "What may be wrong with the data, and how many rows it concerns: ✗ makes training worse, ! is worth "
        "a look, and what was looked for and not found is dim. Enter opens the rows behind a finding. Near "
        "duplicates are looked for in the background; escape stops that."
    )


class HealthPane(FigurePane):
    """The findings, and what the one under the cursor means."""

    NAME = "health"

    def __init__(self) -> None:
        super().__init__()
        self.entries = HealthEntries()
        self.lines: list[HealthLine] = []
        self._findings: Sequence[Finding] = ()
        self._near: Finding | str = ""
        self._tokens: TokenStatistics | None = None
        self._below = Static(classes="below", markup=False)

    def compose(self) -> ComposeResult:
        yield from super().compose()
        yield self._below

    def clear(self) -> None:
        """Show nothing."""
        self._findings, self._near, self._tokens = (), "", None
        self._draw()

    def show_findings(self, findings: Sequence[Finding]) -> None:
        """Show these."""
        self._findings = findings
        self._draw()

    def show_near(self, near: Finding | str) -> None:
        """Show the near duplicates, or how far the search for them is."""
        self._near = near
        self._draw()

    def show_tokens(self, statistics: TokenStatistics | None) -> None:
        """Show what the cutoff spoils, too."""
        self._tokens = statistics
        self._draw()

    @property
    def counted(self) -> list[Finding]:
        """The findings that took counting, as far as that is done."""
        near = [] if isinstance(self._near, str) else [self._near]
        return [*near, *(token_findings(self._tokens) if self._tokens is not None else [])]

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        self._explain()

    def _explain(self) -> None:
        chosen = self.entries.chosen
        self._below.update(chosen.explanation if chosen is not None else "")

    def _draw(self) -> None:
        if not self._findings:
            self.lines = []
        else:
            self.lines = [_of_finding(finding) for finding in self._findings]
            if isinstance(self._near, str):
                if self._near:
                    self.lines.append(HealthLine("near duplicates", None, False, Entry(), self._near))
            else:
                self.lines.append(_of_finding(self._near))
            if self._tokens is not None:
                self.lines += [_of_finding(finding) for finding in token_findings(self._tokens)]
        concerned = sum(bool(line.number) for line in self.lines)
        serious = sum(bool(line.number) and line.serious for line in self.lines)
        self.border_subtitle = ""
        if self.lines:
            self.border_subtitle = f"{serious} serious, {concerned - serious} worth a look"
        lines = self.lines

        def draw(width: int, ascii_only: bool) -> Sequence[Content]:
            return draw_findings(lines, width)

        self.entries.put([line.entry for line in lines], draw)
        self._explain()


def _of_finding(finding: Finding) -> HealthLine:
    entry = _entry(finding.title, finding.shown if finding.count else (), finding.explanation)
    return HealthLine(finding.title, finding.count, finding.serious, entry)


def _entry(title: str, rows: Any, explanation: str) -> Entry:
    return Entry((lambda: rows) if len(rows) else None, title, explanation)


def draw_findings(lines: Sequence[HealthLine], width: int) -> list[Content]:
    """One line a finding: sign, count, title, and where there is room what it means."""
    number_width = max((len(count(line.number or 0)) for line in lines), default=1)
    drawn = []
    for line in lines:
        sign, style = _sign(line)
        number = "…" if line.number is None else count(line.number)
        dim = "$text-muted" if not line.number else ""
        parts: list[str | tuple[str, str]] = [
            (f"{sign} ", style),
            (f"{number:>{number_width}}", style if line.number else dim),
            (f"  {line.title}", dim),
        ]
        text = line.state or (line.entry.explanation if width >= BESIDE else "")
        if line.state:
            parts.append((f": {line.state}", "$text-muted"))
        elif text:
            room = width - number_width - TITLE_WIDTH - 6
            parts.append((" " * max(TITLE_WIDTH - len(line.title), 1), ""))
            parts.append((shorten(text, room), "$text-muted"))
        drawn.append(Content.assemble(*parts))
    return drawn


def _sign(line: HealthLine) -> tuple[str, str]:
    if not line.number:
        return " ", "$text-muted"
    return ("✗", "bold $text-error") if line.serious else ("!", "bold $text-warning")
