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

ROOM_FOR_COMMAND = 6


class RecipePane(VerticalScroll):
    """YAML of what differs from the defaults, and the command line that does the same."""

    HELP = (
        "The recipe as it would be saved, without what is as by default, and the command line that "
        "launches the same."
    )

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self.border_title = "YAML and command"
        self._recipe: Recipe | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="recipe-text")

    def on_resize(self) -> None:
        if self._recipe is not None:
            self.show(self._recipe)

    def show(self, recipe: Recipe) -> None:
        """Write this recipe out, with what is as by default where there is room for it."""
        from workbench.recipe.command import command_line

        self._recipe = recipe
        changed = _yaml_lines(recipe, only_changed=True)
        lines = [Content.assemble((key, "$primary"), value) for key, value in changed]
        whole = _yaml_lines(recipe, only_changed=False)
        if len(whole) + ROOM_FOR_COMMAND <= self.content_size.height:
            told = set(changed)
            lines = [
                Content.assemble((key, "$primary"), value)
                if (key, value) in told
                else Content.styled(key + value, "$text-disabled")
                for key, value in whole
            ]
        command = printable(command_line(recipe), keep_newlines=False)
        self._write(
            Content("\n").join([*lines, Content(""), Content.assemble(("$ ", "$text-muted"), command)])
        )

    def show_problems(self, sentences: list[str]) -> None:
        """There is no recipe yet: say what is missing."""
        self._recipe = None
        lines = [Content.styled("There is no recipe to write out yet:", "$text-muted")]
        lines += [Content(f"· {printable(sentence, keep_newlines=False)}") for sentence in sentences]
        self._write(Content("\n").join(lines))

    def _write(self, content: Content) -> None:
        self.query_one("#recipe-text", Static).update(content)


def _yaml_lines(recipe: Recipe, *, only_changed: bool) -> list[tuple[str, str]]:
    from workbench.recipe.files import dump_recipe

    found = []
    for line in (
        printable(dump_recipe(recipe, only_changed=only_changed, comments=False)).strip().splitlines()
    ):
        key, colon, value = line.partition(":")
        found.append((key + colon, value))
    return found
