"""The base of the three figures: a sentence, or lines to choose from."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from screens.dataset.figures.entry_list import EntryList
from workbench.untrusted import printable

NAMES = ("lengths", "labels", "health")


class FigurePane(Vertical):
    """One figure. Its title names the others where they stand behind it."""

    NAME: ClassVar[str] = ""
    DEFAULT_CSS = """
    FigurePane { width: 1fr; }
    FigurePane > .say { height: auto; display: none; }
    FigurePane > .below { height: auto; max-height: 4; color: $text-muted; }
    """

    def __init__(self) -> None:
        super().__init__(classes="pane figure", id=f"figure-{self.NAME}")
        self.entries = EntryList()
        self.saying = Static(classes="say", markup=False)
        self.others = False
        self._details = ""
        self._title()

    def compose(self) -> ComposeResult:
        yield self.saying
        yield self.entries

    def say(self, sentence: str, kind: str = "dim") -> None:
        """Show a sentence above the lines; an empty one takes it away."""
        self.saying.display = bool(sentence)
        self.saying.set_classes(f"say {kind}")
        self.saying.update(Content(printable(sentence)))

    def entitle(self, details: str) -> None:
        """Say in the title what is shown just now; not to be trusted."""
        self._details = details
        self._title()

    def show_others(self, others: bool) -> None:
        """Whether the title has to name the other figures, which are behind tab."""
        self.others = others
        self._title()

    def _title(self) -> None:
        details = [(f" · {printable(self._details, keep_newlines=False)}", "")] if self._details else []
        if not self.others:
            self.border_title = Content.assemble(self.NAME, *details)
            return
        parts: list[str | tuple[str, str]] = []
        for name in NAMES:
            parts += [(f" {name} ", "reverse" if name == self.NAME else "$text-muted")]
        self.border_title = Content.assemble(*parts, *details)
