"""The files that were opened before, to open again."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.widgets import OptionList

from workbench.untrusted import printable


class RecentFiles(OptionList):
    """A list of paths."""

    DEFAULT_CSS = """
    RecentFiles, RecentFiles:focus {
        border: round $border-blurred;
        border-title-color: $text-muted;
        height: auto;
        margin: 0 1;
        background: $background;
        background-tint: $background 0%;
    }
    """

    def __init__(self, paths: Sequence[str]) -> None:
        super().__init__(*(Content(printable(path, keep_newlines=False)) for path in paths), markup=False)
        self.border_title = "opened before"
        self.paths = paths
