"""Opening and writing recipe files from the Train screen: the dialogs around `workbench.recipe.files`."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from textual.app import App

from screens.remembered import recent_files, remember_file
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.recipe.schema import Recipe


def open_recipe(app: App[Any], opened: Callable[[Recipe, Path], None], failed: Callable[[str], None]) -> None:
    """Ask for a recipe file and read it; recent ones and those that come along are offered."""
    from screens.widgets.file_picker import RECIPE_SUFFIXES, FilePicker
    from workbench.paths import configs_dir
    from workbench.recipe.files import load_recipe

    recent = recent_files("recipe")
    shipped = [str(path) for path in sorted(configs_dir().glob("*.yaml"))]

    def taken(path: str | None) -> None:
        if path is None:
            return
        try:
            recipe = load_recipe(Path(path))
        except WorkbenchError as error:
            failed(str(error))
            return
        if path not in shipped:
            remember_file("recipe", path)
        opened(recipe, Path(path))

    offered = [*recent, *(path for path in shipped if path not in recent)]
    app.push_screen(FilePicker("Open a recipe", recent=offered, suffixes=RECIPE_SUFFIXES), taken)


def save_recipe(app: App[Any], recipe: Recipe, near: Path | None, done: Callable[[str, bool], None]) -> None:
    """Ask for a path and write `recipe` there; `done` is told a sentence and whether it went well."""
    from screens.widgets.dialogs import Question, TextPrompt
    from workbench.recipe import files

    name = recipe.run_name or Path(recipe.dataset).stem or "recipe"
    proposed = near or Path(f"{name}.yaml").absolute()

    def write(path: Path) -> None:
        try:
            files.save_recipe(recipe, path)
        except WorkbenchError as error:
            done(str(error), False)
            return
        remember_file("recipe", str(path))
        done(f"The recipe is written to {path}.", True)

    def taken(text: str | None) -> None:
        if text is None:
            return
        path = Path(text).expanduser().absolute()
        if not path.exists():
            write(path)
            return

        def answered(yes: bool | None) -> None:
            if yes:
                write(path)

        question = f"{path} is there already. Write this recipe over it?"
        app.push_screen(Question("Write over it?", question, yes="Write over it", danger=True), answered)

    def check(text: str) -> str | None:
        path = Path(text).expanduser()
        return "this is a folder: give a file in it" if path.is_dir() or not text.strip() else None

    app.push_screen(TextPrompt("Write the recipe to", value=str(proposed), check=check), taken)
