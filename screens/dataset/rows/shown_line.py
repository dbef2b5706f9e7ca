"""One line above the rows: how far they are read, or which of them are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from workbench.figures import count
from workbench.untrusted import shorten

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset
    from workbench.data.selection import View

BAR = 24


class ShownLine(Static):
    """Not displayed while there is nothing to say: every row is read and shown. It wraps where it has to."""

    DEFAULT_CSS = """
    ShownLine { height: auto; max-height: 3; padding: 0 1; display: none; }
    """

    def progress(self, doing: str, share: float | None, key: str = "escape stops") -> None:
        """Something is under way; `share` is done, 0 to 1, None if that is not known."""
        left = Content(f"{doing} ")
        if share is not None:
            full = round(share * BAR)
            done, open_ = ("#", "-") if self.app.has_class("-ascii") else ("━", "━")
            left += Content.assemble((done * full, "$primary"), (open_ * (BAR - full), "$border-blurred"))
            left += Content(f" {share:4.0%}")
        self._say(left, Content.styled(key, "$text-muted"))

    def tell(self, dataset: Dataset | None, view: View | None, shown: int) -> None:
        """Say what is shown while nothing is under way: `shown` rows of these, by this view."""
        if dataset is not None and view is not None and view.title:
            self._part(shown if view.filters else None, dataset.rows, view.title)
        elif dataset is not None and not dataset.complete:
            self.first_only(dataset.rows)
        else:
            self.display = False

    def _part(self, shown: int | None, rows: int, title: str) -> None:
        """Only so many rows are shown, or all of them in another order (`shown` None)."""
        number = f"{count(rows)} rows" if shown is None else f"{count(shown)} of {count(rows)} rows"
        left = Content.assemble((number, "bold"), f": {shorten(title, 1000)}")
        self._say(left, _key("x", "file order" if shown is None else "all rows"))

    def first_only(self, rows: int, why: str = "") -> None:
        """The reading ended after the first rows."""
        left = Content.styled(f"the first {count(rows)} rows only", "$text-warning")
        if why:
            left = Content.assemble((f"✗ {shorten(why, 1000)}", "$text-error"), "  ", left)
        self._say(left, _key("r", "reads the rest"))

    def _say(self, left: Content, right: Content) -> None:
        self.update(Content.assemble(left, "   ", right))
        self.display = True


def _key(key: str, does: str) -> Content:
    return Content.assemble((key, "bold $primary"), (f" {does}", "$text-muted"))
