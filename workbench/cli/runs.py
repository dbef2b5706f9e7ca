"""Commands on runs: list, attach, stop, resume."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.printing import print_json, print_table, say

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
RunId = Annotated[str, typer.Argument(help="A run's id, an unambiguous beginning of it, or: last")]


def runs(as_json: AsJson = False) -> None:
    """All runs, the newest first."""
    from workbench.runs.catalog import list_runs, summary

    found = list_runs()
    if as_json:
        print_json([summary(status) for status in found])
        return
    if not found:
        say("No runs yet. `workbench demo` makes one.")
        return
    from workbench.figures import significant

    def pair(before: float | None, after: float | None) -> str:
        if before is None and after is None:
            return "–"
        return f"{significant(before)} -> {significant(after)}"

    rows = [
        [
            status.id,
            status.job,
            status.state,
            f"{status.step or 0}/{status.max_steps or '?'}",
            pair(status.loss_first, status.loss_last),
            pair(status.eval_loss_before, status.eval_loss_after),
            significant(status.peak_memory_gib),
        ]
        for status in found
    ]
    headings = ["run", "job", "state", "steps", "loss", "held-out loss", "peak GiB"]
    print_table(headings, rows, right=[3, 4, 5, 6])


def attach(run_id: RunId = "last") -> None:
    """Open the app on a run and follow it."""
    from workbench.cli.opening import open_app
    from workbench.runs.directory import find_run
    from workbench.runs.status import read_status

    run = find_run(run_id)
    open_app("quantize" if read_status(run).job == "compare" else "monitor", run_id=run.id)


def stop(run_id: RunId, as_json: AsJson = False) -> None:
    """Stop a run.

    It is asked to save and end at its step; then terminated; then killed. Each step is told.
    """
    from workbench.runs.catalog import summary
    from workbench.runs.control import stop as stop_run
    from workbench.runs.directory import find_run
    from workbench.runs.status import read_status

    run = find_run(run_id)
    stop_run(run, on_step=(lambda _: None) if as_json else say)
    if as_json:
        print_json(summary(read_status(run)))


def resume(
    run_id: RunId,
    follow: Annotated[bool, typer.Option("--follow", help="Show its progress.")] = False,
    as_json: AsJson = False,
) -> None:
    """Go on with a run from its last checkpoint."""
    from workbench.runs.control import resume as resume_run
    from workbench.runs.directory import find_run

    run = find_run(run_id)
    resume_run(run, on_step=(lambda _: None) if as_json else say)
    if follow:
        from workbench.cli.following import follow_to_end

        follow_to_end(run, quiet=as_json, as_json=as_json)
    elif as_json:
        print_json({"id": run.id, "path": str(run.path)})
    else:
        say(f"{run.id} goes on. Watch it: workbench attach {run.id}")
