"""What is known of the open data: what was detected and why, what was left out, what is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.figures import count
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset

MOST_COLUMNS = 100


class AboutDialog(ModalScreen[None]):
    """Facts on the open data, to read."""

    CSS = """
    AboutDialog .dialog { width: 100; }
    AboutDialog VerticalScroll { height: auto; max-height: 30; }
    AboutDialog Horizontal { height: auto; }
    AboutDialog Horizontal Static { height: auto; width: 1fr; }
    AboutDialog Horizontal .name { width: 10; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,i,enter", "close", "Close")]

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self._dataset = dataset

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "About the data"
            dialog.border_subtitle = "F on the screen: another format   escape: close"
            with VerticalScroll():
                for name, text in about(self._dataset):
                    with Horizontal():
                        yield Static(name, classes="dim name", markup=False)
                        yield Static(Content(printable(text, keep_newlines=False)))

    def action_close(self) -> None:
        """Back to the rows."""
        self.dismiss(None)


def about(dataset: Dataset) -> list[tuple[str, str]]:
    """Name and text of each fact."""
    bad = len(dataset.bad_rows)
    rows = f"{count(dataset.rows)}: {count(dataset.rows - bad)} good, {count(bad)} bad"
    columns = ", ".join(dataset.columns[:MOST_COLUMNS])
    more = len(dataset.columns) - MOST_COLUMNS
    facts = [
        ("opened", dataset.spec),
        ("format", f"{dataset.format}: {dataset.why}"),
        ("rows", rows if dataset.complete else f"{rows}; the first ones only"),
        ("file", f"{dataset.container}, {dataset.encoding}"),
        ("columns", columns + (f" and {count(more)} more" if more > 0 else "")),
    ]
    if note := dataset.training_note():
        facts.append(("trained", note))
    if refusal := dataset.why_not_trained():
        facts.append(("trained", refusal))
    return facts + [("note", note) for note in dataset.notes]
