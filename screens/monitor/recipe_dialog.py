"""The recipe of a run, as it was resolved."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from workbench.runs.directory import RunDirectory
from workbench.untrusted import printable

_MOST_BYTES = 64 * 1024


class RecipeDialog(ModalScreen[None]):
    """Shows recipe.yaml and where it lies."""

    DEFAULT_CSS = """
    RecipeDialog .dialog { width: 100; height: auto; max-height: 90%; padding: 0 1; }
    RecipeDialog VerticalScroll { height: auto; max-height: 100%; scrollbar-size-vertical: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,y,q", "close", "Close")]

    def __init__(self, run: RunDirectory) -> None:
        super().__init__()
        self._run = run

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = Content(f"recipe of {printable(self._run.id)}")
            dialog.border_subtitle = "escape: close"
            with VerticalScroll():
                yield Static(self._text())
                yield Static(Content(f"\n{printable(str(self._run.recipe_file))}"), classes="dim")

    def _text(self) -> Content:
        try:
            with self._run.recipe_file.open("rb") as file:
                text = file.read(_MOST_BYTES).decode("utf-8", errors="replace")
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            return Content.styled(f"The recipe cannot be read ({reason}).", "$error")
        return _painted(printable(text.rstrip()))

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss(None)


def _painted(yaml: str) -> Content:
    lines = []
    for line in yaml.split("\n"):
        name, colon, value = line.partition(":")
        if line.lstrip().startswith("#"):
            lines.append(Content.styled(line, "$text-muted"))
        elif colon and not line.startswith((" ", "-")):
            lines.append(Content.assemble((name, "$primary"), (colon, "$text-muted"), value))
        else:
            lines.append(Content(line))
    return Content("\n").join(lines)
