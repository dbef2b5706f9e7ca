"""Commands up to the launch: open, inspect, estimate, train."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

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


def inspect(
    path: Annotated[Path, typer.Argument(help="A data file.")],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Count tokens under this model's template.")
    ] = None,
    cutoff_len: Annotated[
        int | None, typer.Option(help="Where rows are cut, in tokens. [2048]", min=8)
    ] = None,
    format: Annotated[str | None, typer.Option(help="Take this format instead of the detected one.")] = None,
    as_json: AsJson = False,
) -> None:
    """What a data file holds.

    Container, encoding, format, rows, bad rows with their reasons, and tokens under a model.
    """
    from workbench.data.statistics import inspect as inspect_file

    report = inspect_file(path, model=model, cutoff_len=cutoff_len, format=format)
    if as_json:
        print_json(report)
    else:
        _print_report(report)


def _print_report(report: dict[str, Any]) -> None:
    from workbench.figures import count, significant

    bad = report["bad_rows"]
    lines = [
        ("path", report["path"]),
        ("container", f"{report['container']}, {report['encoding']}"),
        ("format", f"{report['format']} ({report['why']})" if report.get("why") else report["format"]),
        ("columns", ", ".join(report["columns"][:20]) + (" …" if len(report["columns"]) > 20 else "")),
        ("rows", f"{count(report['rows'])}, {count(len(bad)) if bad else 'none'} of them bad"),
    ]
    if report["not_trained"]:
        lines.append(("training", f"refused: {report['not_trained']}"))
    if tokens := report.get("tokens"):
        share = tokens["trained"] / tokens["total"] if tokens["total"] else 0.0
        lines += [
            ("tokens", f"{count(tokens['total'])}, {count(tokens['trained'])} trained ({share:.0%})"),
            (
                f"cut at {count(tokens['cutoff_len'])}",
                f"{count(tokens['rows_cut'])} rows, {count(tokens['tokens_lost'])} tokens lost",
            ),
            ("end token lost", f"{count(tokens['eos_lost'])} rows"),
            ("trains nothing", f"{count(tokens['untrained_rows'])} rows"),
        ]
        if tokens["total"]:
            rows = max(report["rows"] - len(bad), 1)
            lines.append(("mean row", f"{significant(tokens['total'] / rows)} tokens"))
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        say(f"{name:<{width}}  {value}")
    for item in bad[:20]:
        say(f"  row {count(item['row'])}: {item['reason']}")
    if len(bad) > 20:
        say(f"  … and {count(len(bad) - 20)} more: --json names them all")


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
