"""Follow a run in the terminal's own scroll, and report how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from workbench.cli.printing import print_json, say

if TYPE_CHECKING:
    from workbench.runs.directory import RunDirectory
    from workbench.runs.status import Status


def follow_to_end(
    run: RunDirectory, *, quiet: bool = False, report: bool = False, as_json: bool = False
) -> None:
    """Print the run's progress until it has ended; the exit code is 0 if it is done or was stopped.

    Interrupted, it says that the run goes on: the run does not belong to this terminal.
    """
    from workbench.runs.catalog import summary
    from workbench.runs.follow import follow

    try:
        status = follow(run, (lambda _: None) if quiet else say)
    except KeyboardInterrupt:
        typer.echo(
            f"\n{run.id} goes on. Watch it: workbench attach {run.id}; end it: workbench stop {run.id}",
            err=True,
        )
        raise typer.Exit(130) from None
    if as_json:
        print_json(summary(status))
    elif report:
        print_summary(status)
    if status.state not in ("done", "stopped"):
        typer.echo(f"error: {status.id} {status.state}: {status.reason or 'no reason is known'}", err=True)
        raise typer.Exit(1)


def print_summary(status: Status) -> None:
    """The run's key figures, a line each."""
    from workbench.figures import duration, significant

    lines = [
        ("run", f"{status.id}, {status.state}"),
        ("steps", f"{status.step or 0} of {status.max_steps or '?'}"),
        ("loss", f"{significant(status.loss_first)} -> {significant(status.loss_last)}"),
        ("held-out loss", f"{significant(status.eval_loss_before)} -> {significant(status.eval_loss_after)}"),
        ("peak memory", f"{significant(status.peak_memory_gib)} GiB"),
    ]
    if status.started and status.ended:
        lines.append(("time", duration(status.ended - status.started)))
    for name, value in lines:
        say(f"{name:<14} {value}")
