"""The main job on an embedded default."""

from __future__ import annotations

import sys
from typing import Annotated

import typer


def demo(
    headless: Annotated[
        bool, typer.Option("--headless", help="Print progress and a report instead of opening the app.")
    ] = False,
    as_json: Annotated[
        bool, typer.Option("--json", help="With --headless: print the report as JSON.")
    ] = False,
) -> None:
    """Fine-tune a small model on a sample set, and see.

    A few minutes on two CPU cores; the app opens on the live run.
    """
    from workbench.cli.printing import print_json, say
    from workbench.demo.flow import start_demo
    from workbench.demo.report import build_report

    tell = (lambda _: None) if as_json else say
    run = start_demo(tell)
    if not headless and sys.stdin.isatty() and sys.stdout.isatty():
        from workbench.cli.opening import open_app

        open_app("monitor", run_id=run.id, offer_chat=True)
        return
    from workbench.cli.following import follow_to_end

    follow_to_end(run, quiet=as_json)
    report = build_report(run, tell)
    if as_json:
        print_json(report.as_dict())
    else:
        say("\n" + report.as_text())
