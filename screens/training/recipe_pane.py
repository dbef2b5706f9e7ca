"""The recipe as a file and as a command."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.recipe.schema import Recipe


class RecipePane(VerticalScroll):
    """YAML of what differs from the defaults, and the command line that does the same."""

    HELP = """
The recipe as it would be saved, without what is as by default, and the command line that launches the same.
"""

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self.border_title = "YAML and command"

    def compose(self) -> ComposeResult:
        yield Static(id="recipe-text")

    def show(self, recipe: Recipe) -> None:
        """Write this recipe out."""
        from workbench.recipe.command import command_line
        from workbench.recipe.files import dump_recipe

        yaml = dump_recipe(recipe, only_changed=True, comments=False).strip()
        lines: list[Content] = []
        for line in printable(yaml).splitlines():
            key, colon, value = line.partition(":")
            lines.append(Content.assemble((key + colon, "$primary"), value))
        lines.append(Content(""))
        command = printable(command_line(recipe), keep_newlines=False)
        lines.append(Content.assemble(("$ ", "$text-muted"), command))
        self._write(Content("\n").join(lines))

    def show_problems(self, sentences: list[str]) -> None:
        """There is no recipe yet: say what is missing."""
        lines = [Content.styled("There is no recipe to write out yet:", "$text-muted")]
        lines += [Content(f"· {printable(sentence, keep_newlines=False)}") for sentence in sentences]
        self._write(Content("\n").join(lines))

    def _write(self, content: Content) -> None:
        self.query_one("#recipe-text", Static).update(content)
