"""A curve over the steps of a run: raw and smoothed, with held-out points and marks on the axis."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.content import Content
from textual.strip import Strip

from screens.widgets.frugal import Frugal
from screens.widgets.scale import ABSURD, Scale, brief, fit, last_step_shown
from workbench.figures import significant

if TYPE_CHECKING:
    from screens.widgets.curve import Dots, Floats, Thinned

_END_LABEL = 7
_LEAST_HALF_LIFE = 3.0
"""Steps; what is shorter smooths nothing."""
_BLANK, _RAW, _SMOOTH, _POINT, _AXIS, _LABEL, _GOOD, _WARNING, _ERROR = range(9)
_NAMES = ("", "raw", "smooth", "point", "axis", "label", "good", "warning", "error")
_ASCII = str.maketrans("│┤└─┬◆▲↻✗×", "|+`-+o^rxx")


@dataclass(frozen=True, slots=True)
class Mark:
    """Something that happened at a step: a sign on the axis, `good`, `warning` or `error`."""

    step: float
    sign: str
    meaning: str


@dataclass(frozen=True, slots=True)
class Curve:
    """What a plot shows. `values` may hold NaN; steps must not fall. `end` is the run's last step."""

    steps: Sequence[float] = ()
    values: Sequence[float] = ()
    points: tuple[tuple[float, float], ...] = ()
    marks: tuple[Mark, ...] = ()
    end: float | None = None


class Plot(Frugal):
    """Braille dots: every point dim, the smoothed line bright over it, held-out points as diamonds.

    The last values are written at the right of their lines. A long run is thinned to two columns a cell
    that keep least and greatest. With `compact` there is no step axis, and y has its two ends only.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"plot--{name}" for name in _NAMES[1:]}
    DEFAULT_CSS = """
    Plot .plot--raw { color: $primary 45%; }
    Plot .plot--smooth { color: $primary; }
    Plot .plot--point { color: $foreground; text-style: bold; }
    Plot .plot--axis { color: $border-blurred; }
    Plot .plot--label { color: $text-muted; }
    Plot .plot--good { color: $success; }
    Plot .plot--warning { color: $warning; }
    Plot .plot--error { color: $error; }
    """

    def __init__(self, *, compact: bool = False, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._compact = compact
        self._curve = Curve()
        self._placeholder = Content("")
        self._log = False
        self._smoothing = 0.01

    def show(
        self, curve: Curve, *, log: bool = False, smoothing: float = 0.01, placeholder: Content | str = ""
    ) -> None:
        """Draw this curve.

        Args:
            log: logarithmic values, where all of them are above zero.
            smoothing: the moving average's half-life as a share of the step axis; 0 for none.
            placeholder: what to say while there is nothing to draw.
        """
        self._curve, self._log, self._smoothing = curve, log, smoothing
        self._placeholder = Content(placeholder) if isinstance(placeholder, str) else placeholder
        self.redraw()

    def text(self, width: int) -> Content:
        return self._placeholder

    def lines(self, width: int, height: int) -> list[Strip]:
        from screens.widgets.curve import thin

        foot = 0 if self._compact else 2
        rows = height - foot
        curve = self._curve
        points = [(step, value) for step, value in curve.points if abs(value) < ABSURD]
        farthest = max([*curve.steps[-1:], *(step for step, _ in points)], default=0.0)
        end = last_step_shown(farthest, curve.end)
        columns = max(width - 8 - _END_LABEL, 1) * 2
        thinned = thin(curve.steps, curve.values, end, columns)
        values = [*thinned.low.tolist(), *thinned.high.tolist(), *(value for _, value in points)]
        if rows < 2 or width < 24 or not values:
            return super().lines(width, height)
        low, high = min(values), max(values)
        scale = fit(low, high, log=self._log)
        ticks = scale.ticks(2 if self._compact else max(min(rows // 3, 8), 2))
        if self._compact:
            ticks = [scale.low, scale.high]
        left = max(len(brief(tick)) for tick in ticks) + 1
        area = _Area(left + 1, width - left - 1 - _END_LABEL, rows, end, scale)
        thinned = thin(curve.steps, curve.values, end, area.columns)
        grid = _Grid(width, height, ascii_only=self.app.has_class("-ascii"))
        self._draw_axes(grid, area, ticks)
        ends = self._draw_curve(grid, area, thinned)
        ends += self._draw_points(grid, area, points)
        grid.end_labels(area, ends)
        if not self._compact:
            holes = [Mark(column / (area.columns - 1) * end, "×", "error") for column in thinned.holes]
            grid.marks(area, [*curve.marks, *holes])
        return grid.strips([self._style(name) for name in _NAMES])

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"plot--{name}") if name else self.visual_style.rich_style

    def _draw_axes(self, grid: _Grid, area: _Area, ticks: list[float]) -> None:
        for row in range(area.height):
            grid.put(area.left - 1, row, "│", _AXIS)
        for tick in ticks:
            row, label = area.row_of(tick), brief(tick)
            grid.put(area.left - 2 - len(label), row, label, _LABEL)
            grid.put(area.left - 1, row, "┤", _AXIS)
        if self._compact:
            return
        grid.put(area.left - 1, area.height, "└" + "─" * area.width, _AXIS)
        room = area.left + area.width
        steps = Scale(0, area.end).ticks(max(area.width // 12, 2))
        for step in dict.fromkeys([area.end, *reversed(steps)]):
            x, label = area.left + area.cell_of(step), brief(step)
            start = min(x - (len(label) - 1) // 2, area.left + area.width - len(label))
            if start + len(label) <= room:
                grid.put(x, area.height, "┬", _AXIS)
                grid.put(start, area.height + 1, label, _LABEL)
                room = start - 2
        grid.put(area.left + area.width + 1, area.height + 1, "step", _LABEL)

    def _draw_curve(self, grid: _Grid, area: _Area, thinned: Thinned) -> list[tuple[float, int]]:
        from screens.widgets.curve import Dots, smooth

        if not len(thinned.column):
            return []
        columns = thinned.column.tolist()
        if not self._smoothing:
            line = Dots(area.width, area.height)
            line.band(columns, area.dots(thinned.low), area.dots(thinned.high))
            line.line(columns, area.dots(thinned.mean))
            grid.braille(area, line, _SMOOTH)
            return [(float(thinned.mean[-1]), _SMOOTH)]
        raw = Dots(area.width, area.height)
        raw.band(columns, area.dots(thinned.low), area.dots(thinned.high))
        if len(columns) < area.columns / 2:
            raw.line(columns, area.dots(thinned.mean))
        grid.braille(area, raw, _RAW)
        smoothed = smooth(thinned, max(self._smoothing * area.end, _LEAST_HALF_LIFE))
        line = Dots(area.width, area.height)
        line.line(columns, area.dots(smoothed), thick=True)
        grid.braille(area, line, _SMOOTH)
        return [(float(smoothed[-1]), _SMOOTH)]

    def _draw_points(
        self, grid: _Grid, area: _Area, points: list[tuple[float, float]]
    ) -> list[tuple[float, int]]:
        for step, value in points:
            grid.put(area.left + area.cell_of(step), area.row_of(value), "◆", _POINT)
        return [(points[-1][1], _POINT)] if points else []


def _end_label(value: float) -> str:
    label = significant(value)
    return label if len(label) < _END_LABEL else significant(value, 2)[: _END_LABEL - 1]


@dataclass(frozen=True, slots=True)
class _Area:
    """The part of the plot in which curves lie, in cells; its row 0 is the top."""

    left: int
    width: int
    height: int
    end: float
    scale: Scale

    @property
    def columns(self) -> int:
        return self.width * 2

    def cell_of(self, step: float) -> int:
        return int(min(max(step / self.end, 0.0), 1.0) * (self.columns - 1) + 0.5) // 2

    def dot_of(self, value: float) -> int:
        if self.scale.log and value <= 0:
            return 0
        return int(min(max(self.scale.place(value), 0.0), 1.0) * (self.height * 4 - 1) + 0.5)

    def dots(self, values: Floats) -> list[int]:
        return [self.dot_of(value) for value in values.tolist()]

    def row_of(self, value: float) -> int:
        return self.height - 1 - self.dot_of(value) // 4


class _Grid:
    """Characters and their styles, cell by cell; what is drawn later lies on top."""

    def __init__(self, width: int, height: int, *, ascii_only: bool) -> None:
        self._signs = [[" "] * width for _ in range(height)]
        self._styles = [[_BLANK] * width for _ in range(height)]
        self._ascii_only = ascii_only

    def put(self, x: int, y: int, text: str, style: int) -> None:
        for offset, sign in enumerate(text.translate(_ASCII) if self._ascii_only else text):
            if 0 <= y < len(self._signs) and 0 <= x + offset < len(self._signs[y]):
                self._signs[y][x + offset] = sign
                self._styles[y][x + offset] = style

    def braille(self, area: _Area, dots: Dots, style: int) -> None:
        for y, row in enumerate(dots.codes().tolist()):
            for x, code in enumerate(row):
                if code:
                    self._signs[y][area.left + x] = chr(code)
                    self._styles[y][area.left + x] = style

    def marks(self, area: _Area, marks: Sequence[Mark]) -> None:
        for mark in marks:
            style = _NAMES.index(mark.meaning)
            self.put(area.left + area.cell_of(mark.step), area.height, mark.sign, style)

    def end_labels(self, area: _Area, ends: list[tuple[float, int]]) -> None:
        lowest_free = area.height - 1
        for value, style in sorted(ends):
            row = min(area.row_of(value), lowest_free)
            lowest_free = row - 1
            self.put(area.left + area.width + 1, row, _end_label(value), style)

    def strips(self, styles: list[Style]) -> list[Strip]:
        """Blanks take the style of what stands before them: a change of style is 40 bytes on the line."""
        strips = []
        for signs, kinds in zip(self._signs, self._styles, strict=True):
            segments: list[Segment] = []
            start, current = 0, _BLANK
            for x, kind in enumerate(kinds):
                if kind not in (current, _BLANK):
                    if x > start:
                        segments.append(Segment("".join(signs[start:x]), styles[current]))
                    start, current = x, kind
            segments.append(Segment("".join(signs[start:]), styles[current]))
            strips.append(Strip(segments, len(signs)))
        return strips
