"""One line on what is open, and what it is looked at with."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widget import Widget

from workbench.figures import count
from workbench.untrusted import shorten

if TYPE_CHECKING:
    from screens.dataset.lens import Lens
    from workbench.data.dataset import Dataset


SPOILT = Content.styled("✗ changed or gone since it was opened", "$text-error")


class FileLine(Widget):
    """The file's name, format, rows and encoding; on the right model and cutoff. What does not fit goes."""

    DEFAULT_CSS = "FileLine { height: 1; padding: 0 1; }"

    def __init__(self) -> None:
        super().__init__()
        self._file: list[Content] = []
        self._lens: list[Content] = []
        self._spoilt: Dataset | None = None

    def show(self, dataset: Dataset | None, lens: Lens | None) -> None:
        """Show these."""
        self._file = _file_facts(dataset) if dataset else []
        if dataset is not None and dataset is self._spoilt:
            self._file.insert(1, SPOILT)
        self._lens = [Content(shorten(lens.model, 36))] if lens else []
        if lens:
            self._lens.append(Content.styled(f"cutoff {count(lens.cutoff_len)}", "$text-muted"))
        self.refresh()

    def warn_of(self, dataset: Dataset) -> None:
        """Say that the file, which is shown, cannot be read any more as it was opened."""
        if dataset is not self._spoilt:
            self._spoilt = dataset
            self._file.insert(1, SPOILT)
            self.refresh()

    def render(self) -> Content:
        width = self.content_size.width
        file, lens = list(self._file), list(self._lens)
        # The least telling facts stand last, and go first.
        while len(file) > 3 and _width(file) + _width(lens) >= width:
            file.pop()
        while lens and _width(file) + _width(lens) >= width:
            lens.pop()
        # Where the lens had to go, there may be room for more of the file.
        while len(file) < len(self._file) and _width([*file, self._file[len(file)]]) + _width(lens) < width:
            file.append(self._file[len(file)])
        left, right = Content("  ").join(file), Content("  ").join(lens)
        return Content.assemble(left, " " * max(width - left.cell_length - right.cell_length, 1), right)


def _width(facts: list[Content]) -> int:
    return sum(fact.cell_length + 2 for fact in facts) - 2


def _file_facts(dataset: Dataset) -> list[Content]:
    bad = len(dataset.bad_rows)
    facts = [
        Content.styled(shorten(dataset.path.name, 40), "bold"),
        Content.styled(dataset.format, "$primary" if dataset.format != "unknown" else "$text-error"),
        Content(f"{'' if dataset.complete else 'first '}{count(dataset.rows)} rows"),
    ]
    if bad:
        facts.insert(3, Content.styled(f"✗ {count(bad)} bad (b)", "$text-error"))
    if dataset.notes:
        notes = f"{count(len(dataset.notes))} note{'' if len(dataset.notes) == 1 else 's'} (i)"
        facts.append(Content.styled(notes, "$text-warning"))
    facts.append(Content.styled(f"{dataset.encoding} {dataset.container}", "$text-muted"))
    if not bad and dataset.complete:
        facts.append(Content.styled("no bad rows", "$text-muted"))
    return facts
