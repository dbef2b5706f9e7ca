"""The list of all runs, newest first."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.events import Click, MouseScrollDown, MouseScrollUp
from textual.message import Message

from screens.widgets.frugal import Frugal
from screens.widgets.scale import brief
from screens.widgets.status_line import MARKS
from workbench.figures import significant
from workbench.untrusted import display_width, shorten

if TYPE_CHECKING:
    from workbench.runs.status import Status

_EMPTY = """
There are no runs yet.

Start one on Train (2), or with
  workbench demo
"""
# Name and width, the most wanted first: a narrow list leaves the last ones out.
_COLUMNS = (("loss", 6), ("step", 9), ("held-out", 11), ("started", 7))
_ORDER = ("step", "loss", "held-out", "started")
_LEAST_NAME, _MOST_NAME = 12, 40


class RunsList(Frugal, can_focus=True):
    """Runs with state, step, loss, held-out loss before and after, and start; the chosen one is marked."""

    HELP = (
        "All runs on this computer, newest first. Move with the arrow keys: the other panes follow the "
        "marked run.\n◌ starting  ▶ running  ✓ done  ■ stopped  ✗ failed or crashed"
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Previous run", show=False),
        Binding("down,j", "move(1)", "Next run", show=False),
        Binding("pageup", "move(-10)", "Ten runs up", show=False),
        Binding("pagedown", "move(10)", "Ten runs down", show=False),
        Binding("home", "move(-1000000)", "Newest run", show=False),
        Binding("end", "move(1000000)", "Oldest run", show=False),
        Binding("enter", "open", "Open", show=False),
    ]

    @dataclass
    class Chosen(Message):
        """The mark stands on another run."""

        run_id: str

    @dataclass
    class Opened(Message):
        """Enter was pressed on this run."""

        run_id: str

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._runs: tuple[Status, ...] = ()
        self._chosen = ""
        self._top = 0
        self.border_title = "runs"

    def show(self, runs: tuple[Status, ...], chosen: str) -> None:
        """Show these runs with the mark on `chosen`."""
        if len(runs) != len(self._runs):
            self.border_subtitle = f"{len(runs)}" if runs else ""
        self._runs, self._chosen = runs, chosen
        self.redraw()

    def action_move(self, by: int) -> None:
        """Move the mark."""
        if self._runs:
            index = min(max(self._index + by, 0), len(self._runs) - 1)
            self.post_message(self.Chosen(self._runs[index].id))

    def action_open(self) -> None:
        """Go to the run's curves, or to Quantize for a comparison."""
        if self._chosen:
            self.post_message(self.Opened(self._chosen))

    def on_click(self, event: Click) -> None:
        place = event.get_content_offset(self)
        if place is not None and place.y >= 1 and self._top + place.y - 1 < len(self._runs):
            self.post_message(self.Chosen(self._runs[self._top + place.y - 1].id))

    def on_mouse_scroll_down(self, event: MouseScrollDown) -> None:
        self.action_move(1)

    def on_mouse_scroll_up(self, event: MouseScrollUp) -> None:
        self.action_move(-1)

    def on_focus(self) -> None:
        self.refresh()

    def on_blur(self) -> None:
        self.refresh()

    @property
    def _index(self) -> int:
        return next((i for i, run in enumerate(self._runs) if run.id == self._chosen), 0)

    def text(self, width: int) -> Content:
        if not self._runs:
            return Content.styled(_EMPTY, "$text-muted")
        rows = max(self.content_size.height - 1, 1)
        index = self._index
        self._top = min(max(self._top, index - rows + 1), index, max(len(self._runs) - rows, 0))
        longest = max(display_width(run.id) for run in self._runs)
        columns, name_width = _fitting(width, longest)
        head = f"  {'run':<{name_width}}" + "".join(f" {name:>{columns[name]}}" for name in columns)
        lines = [Content.styled(head, "$text-muted")]
        for run in self._runs[self._top : self._top + rows]:
            line = _line(run, columns, name_width)
            if run.id == self._chosen:
                line = line.stylize_before(f"on $primary {25 if self.has_focus else 12}%")
            lines.append(line)
        return Content("\n").join(lines)


def _fitting(width: int, longest: int) -> tuple[dict[str, int], int]:
    """The columns that fit with their widths, and the width that is left for the names.

    Names come first: two runs on one file differ in their last characters only.
    """
    name_width = min(max(longest, _LEAST_NAME), _MOST_NAME)
    kept: dict[str, int] = {}
    room = width - 2
    for name, needed in _COLUMNS:
        if room - needed - 1 >= name_width:
            kept[name] = needed
            room -= needed + 1
    return {name: kept[name] for name in _ORDER if name in kept}, max(room, 1)


def _line(run: Status, columns: dict[str, int], name_width: int) -> Content:
    mark, colour = MARKS.get(run.state, ("·", "$secondary"))
    name = shorten(run.id, name_width)
    figures = {
        "step": _steps(run.step, run.max_steps),
        "loss": significant(run.loss) if run.loss is not None else "",
        "held-out": before_and_after(run),
        "started": _started(run.started),
    }
    cells = "".join(f" {shorten(figures[name], width):>{width}}" for name, width in columns.items())
    return Content.assemble(
        (mark, colour), " ", name + " " * (name_width - display_width(name)), (cells, "$text-muted")
    )


def before_and_after(run: Status) -> str:
    """The held-out loss before and after, as far as it is known: 3.86→2.85."""
    if run.eval_loss_before is None:
        return "" if run.eval_loss_after is None else significant(run.eval_loss_after)
    if run.eval_loss_after is None:
        return significant(run.eval_loss_before)
    return f"{significant(run.eval_loss_before)}→{significant(run.eval_loss_after)}"


def _steps(step: int, of: int | None) -> str:
    if not of:
        return ""
    return f"{step}/{of}" if of < 10_000 else f"{brief(float(f'{step:.3g}'))}/{brief(float(f'{of:.3g}'))}"


def _started(started: float | None) -> str:
    """The time of a run of today, the day of an older one: a list at rest has nothing to repaint."""
    if started is None:
        return ""
    then, now = time.localtime(started), time.localtime()
    if then[:3] == now[:3]:
        return time.strftime("%H:%M", then)
    return time.strftime("%d %b" if then.tm_year == now.tm_year else "%Y", then)
