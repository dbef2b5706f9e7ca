"""The command that says what a data file holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from workbench.cli.printing import print_json

if TYPE_CHECKING:
    from workbench.data.inspection import Told


def inspect(
    path: Annotated[
        str,
        typer.Argument(
            metavar="PATH", help="A data file, a folder, a glob, dataset_info.json#entry, or a hub id."
        ),
    ],
    model: Annotated[
        str | None, typer.Option("--model", "-m", help="Count tokens under this model's template.")
    ] = None,
    cutoff_len: Annotated[
        int | None, typer.Option(help="Where rows are cut, in tokens. [2048]", min=8)
    ] = None,
    format: Annotated[str | None, typer.Option(help="Take this format instead of the detected one.")] = None,
    mapping: Annotated[
        str | None,
        typer.Option(
            "--map",
            metavar="MAPPING",
            help='Which column is what: "prompt=title query=ask response=answer label=department".',
        ),
    ] = None,
    held_out: Annotated[
        str | None, typer.Option(metavar="PATH", help="Held-out rows that must not be among these.")
    ] = None,
    save_bad_rows: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the bad rows there, as JSON Lines.")
    ] = None,
    near: Annotated[bool, typer.Option(help="Look for near duplicates.")] = True,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """What a data file holds.

    Container, encoding, format, rows, bad rows with their reasons, labels, duplicates and other findings,
    and tokens under a model.
    """
    from workbench.data import bad_rows_file, inspection

    inspection.check_options(model, cutoff_len)
    with _progress() as progress:
        dataset = inspection.opened(path, format, mapping, progress)
        nearly = inspection.near_duplicates(dataset, progress) if near else None
        report = inspection.inspected(
            dataset, nearly, model=model, cutoff_len=cutoff_len, held_out=held_out, progress=progress
        )
        if save_bad_rows:
            saved = bad_rows_file.save_bad_rows(dataset, dataset.bad_rows, save_bad_rows)
    if as_json:
        print_json(report)
        return
    from workbench.cli.printing import say
    from workbench.cli.report import print_report
    from workbench.figures import count

    print_report(dataset, report, nearly)
    if save_bad_rows:
        say(f"bad rows saved to {save_bad_rows}: {count(saved)}")


@contextmanager
def _progress() -> Iterator[Told | None]:
    """A line on standard error that says what is being done; none where that is no terminal."""
    import sys
    import time

    if not sys.stderr.isatty():
        yield None
        return
    last = 0.0

    def told(what: str, share: float) -> None:
        nonlocal last
        if (now := time.monotonic()) - last >= 0.1:
            last = now
            # \x1b[K clears the rest of the line.
            print(f"\r{what} {share:4.0%}\x1b[K", end="", file=sys.stderr, flush=True)

    try:
        yield told
    finally:
        if last:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)
