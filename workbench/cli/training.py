"""Commands up to the launch: open, estimate, train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.printing import print_json, print_table, say

if TYPE_CHECKING:
    from workbench.recipe.schema import Recipe

RecipeWords = Annotated[
    list[str] | None,
    typer.Argument(metavar="[RECIPE.yaml] [KEY=VALUE]...", help="A recipe and the keys to change in it."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


def open_(path: Annotated[Path, typer.Argument(help="A data file.")]) -> None:
    """Open the app on a data file."""
    from workbench.cli.opening import open_app

    open_app("data", dataset=str(path))


def estimate(words: RecipeWords = None, as_json: AsJson = False) -> None:
    """How much memory a recipe needs, and whether it fits."""
    from workbench.estimate import estimate as estimate_recipe
    from workbench.figures import significant

    result = estimate_recipe(_recipe(words))
    if as_json:
        print_json(
            {
                "parts": result.parts,
                "total_gib": result.total_gib,
                "device": result.device,
                "available_gib": result.available_gib,
                "fits": result.fits,
                "advice": result.advice,
            }
        )
        return
    rows = [[name.replace("_", " "), significant(value)] for name, value in result.parts.items()]
    print_table(["part", "GiB"], [*rows, ["total", significant(result.total_gib)]], right=[1])
    if result.available_gib is not None:
        verdict = "fits in" if result.fits else "does not fit in"
        say(f"{verdict} {significant(result.available_gib)} GiB free on {result.device}")
    for line in result.advice:
        say(f"- {line}")


def train(
    words: RecipeWords = None,
    follow: Annotated[
        bool, typer.Option("--follow", help="Show its progress; ctrl+c leaves it running.")
    ] = False,
    headless: Annotated[
        bool, typer.Option("--headless", help="Wait for the end and print the report.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Launch a fine-tune; it outlives this terminal."""
    from workbench.training.start import start_training

    run = start_training(_recipe(words))
    if not (follow or headless):
        if as_json:
            print_json({"id": run.id, "path": str(run.path)})
        else:
            say(f"{run.id} is launched. Watch it: workbench attach {run.id}")
        return
    from workbench.cli.following import follow_to_end

    follow_to_end(run, quiet=as_json, report=headless, as_json=as_json)


def _recipe(words: list[str] | None) -> Recipe:
    from workbench.recipe.files import load_recipe

    words = list(words or [])
    path = Path(words.pop(0)) if words and "=" not in words[0] else None
    return load_recipe(path, words)
