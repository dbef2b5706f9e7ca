"""The table of a comparison: a method a row, its figures, and how they stand to the baseline's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from screens.quantize.columns import COLUMNS, Column
from workbench.figures import duration
from workbench.untrusted import display_width, printable, shorten

if TYPE_CHECKING:
    from workbench.quantize.results import MethodResult

MARKS = {
    "waiting": ("◌", "$text-muted"),
    "running": ("▶", "$primary"),
    "done": ("✓", "$success"),
    "failed": ("✗", "$error"),
}
NAME_WIDTH = 16
GAP = 1
# A bar in a narrow column says little; from this width on there is one.
BAR_FROM = 14


class FiguresTable(Widget):
    """Draws `results`; one line of figures a method, one of relations, and bars where there is room."""

    DEFAULT_CSS = "FiguresTable { height: auto; width: 1fr; }"
    ALLOW_SELECT = False

    def __init__(self) -> None:
        super().__init__()
        self._results: Sequence[MethodResult] = ()

    def show(self, results: Sequence[MethodResult]) -> None:
        """Draw these."""
        if results != self._results:
            self._results = results
            self.refresh(layout=True)

    def get_content_height(self, container: object, viewport: object, width: int) -> int:
        return len(self._lines(width))

    def render(self) -> Content:
        return Content("\n").join(self._lines(self.content_size.width))

    def _lines(self, width: int) -> list[Content]:
        """The table at this width."""
        if not self._results:
            return []
        columns, widths, brief = _fitting(width)
        with_bars = min(widths) >= BAR_FROM
        baseline = self._results[0] if self._results[0].state == "done" else None
        titles = ((column.title, "bold") for column in columns)
        units = ((column.unit, "$text-muted") for column in columns)
        lines = [_row("method", "bold", titles, widths), _row("", "", units, widths)]
        for result in self._results:
            lines += self._method(result, baseline, columns, widths, brief)
            if with_bars:
                lines += [_bars(result, self._results, columns, widths), Content("")]
        return lines

    def _method(
        self,
        result: MethodResult,
        baseline: MethodResult | None,
        columns: list[Column],
        widths: list[int],
        brief: bool,
    ) -> Iterator[Content]:
        mark, colour = MARKS.get(result.state, ("·", "$text-muted"))
        name = Content.assemble((f"{mark} ", colour), shorten(result.label, NAME_WIDTH - 2))
        if result.state == "done" or any(column.value(result) is not None for column in columns):
            yield _row(name, "", ((column.shown(result), "") for column in columns), widths)
        else:
            word = {"waiting": "waits", "running": "being measured …", "failed": "failed"}[result.state]
            yield Content.assemble(name.pad_right(NAME_WIDTH - name.cell_length), " ", (word, "$text-muted"))
        if result.reason:
            width = NAME_WIDTH + sum(widths) + GAP * len(widths)
            yield Content.styled(f"  {shorten(result.reason, width - 2)}", "$text-error")
        elif result is baseline:
            note = f"  baseline, {duration(result.seconds)}" if result.seconds else "  baseline"
            yield Content.styled(note, "$text-muted")
        else:
            note = f"  {duration(result.seconds)}" if result.seconds else ""
            related = ((column.related(result, baseline, brief=brief), "$text-muted") for column in columns)
            yield _row(note, "$text-muted", related, widths)


def _fitting(width: int) -> tuple[list[Column], list[int], bool]:
    """The columns that fit, from the left, their widths, and whether relations are brief.

    What is left over is shared out.
    """
    columns = list(COLUMNS)
    room = width - NAME_WIDTH
    # Words need more air between them than numbers.
    brief = sum(column.width + 2 * GAP for column in columns) > room
    needed = [(column.brief_width if brief else column.width) for column in columns]
    while len(needed) > 1 and sum(needed) + GAP * len(needed) > room:
        needed.pop()
    share = max(room - sum(needed) - GAP * len(needed), 0) // len(needed)
    return columns[: len(needed)], [own + min(share, 12) for own in needed], brief


def _row(name: str | Content, style: str, cells: Iterator[tuple[str, str]], widths: Sequence[int]) -> Content:
    first = Content.styled(name, style) if isinstance(name, str) else name
    parts: list[Content | tuple[str, str] | str] = [first, " " * (NAME_WIDTH - first.cell_length)]
    for (text, cell_style), width in zip(cells, widths, strict=True):
        text = printable(text)
        parts += [" " * (width + GAP - display_width(text)), (text, cell_style) if cell_style else text]
    return Content.assemble(*parts)


def _bars(
    result: MethodResult, results: Sequence[MethodResult], columns: Sequence[Column], widths: Sequence[int]
) -> Content:
    parts: list[tuple[str, str] | str] = [" " * NAME_WIDTH]
    for column, width in zip(columns, widths, strict=True):
        full = column.full or max((column.value(other) or 0.0 for other in results), default=0.0)
        value = column.value(result)
        cells = width - 4
        bar = _bar(value / full, cells) if value and full else ""
        parts += [" " * (width + GAP - cells), (bar, "$primary"), " " * (cells - len(bar))]
    return Content.assemble(*parts)


def _bar(share: float, width: int) -> str:
    """A line over this share of `width` cells, in halves of a cell; never quite nothing."""
    halves = max(round(share * width * 2), 1)
    return "━" * (halves // 2) + "╸" * (halves % 2)
