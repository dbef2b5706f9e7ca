"""The comparisons there are: one that runs, and earlier ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from screens.widgets.status_line import MARKS
from workbench.untrusted import shorten

if TYPE_CHECKING:
    from workbench.runs.status import Status


class ComparisonList(OptionList):
    """Comparisons, newest first; moving in the list shows them, enter goes to what is shown."""

    HELP = "Every comparison that was started, newest first. Up and down show another one."

    @dataclass
    class Picked(Message):
        """This comparison is to be shown; with `stay` the user goes on choosing."""

        run_id: str
        stay: bool

    def __init__(self) -> None:
        super().__init__(id="comparisons", classes="pane", markup=False)
        self.border_title = "comparisons"
        self.border_subtitle = "none yet"
        self._rows: list[tuple[str, str, str]] = []

    def show(self, comparisons: Sequence[Status], current: str | None) -> None:
        """List these, with the mark on `current`."""
        rows = [(run.id, run.state, _when(run.started)) for run in comparisons]
        ids = [row[0] for row in rows]
        index = ids.index(current) if current in ids else None
        if rows != self._rows:
            self._rows = rows
            # Putting the same list up again must not look like a choice of the user's.
            with self.prevent(OptionList.OptionHighlighted):
                self.clear_options()
                self.add_options([Option(_line(*row), id=row[0]) for row in rows])
                self.highlighted = index
            self.border_subtitle = str(len(rows)) if rows else "none yet"
        elif self.highlighted != index:
            with self.prevent(OptionList.OptionHighlighted):
                self.highlighted = index

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        event.stop()
        if event.option_id:
            self.post_message(self.Picked(event.option_id, stay=True))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        if event.option_id:
            self.post_message(self.Picked(event.option_id, stay=False))


def _line(run_id: str, state: str, when: str) -> Content:
    mark, colour = MARKS.get(state, ("·", "$secondary"))
    name = shorten(run_id.removeprefix("compare-"), 26)
    return Content.assemble((f"{mark} ", colour), name, (f"  {when}", "$text-muted"))


def _when(started: float | None) -> str:
    """The time of day today, the day otherwise: what stays true while it is shown."""
    if started is None:
        return ""
    then, now = time.localtime(started), time.localtime()
    return time.strftime("%H:%M" if then[:3] == now[:3] else "%d %b", then)
