"""The command about this machine."""

from __future__ import annotations

from typing import Annotated

import typer

from workbench.cli.printing import print_json, say


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False) -> None:
    """What is installed and what this machine has."""
    from dataclasses import asdict

    from workbench.doctor import examine

    findings = examine()
    if as_json:
        print_json([asdict(finding) for finding in findings])
    else:
        signs = {"good": "✓", "note": "·", "bad": "✗"}
        width = max(len(finding.name) for finding in findings)
        for finding in findings:
            say(f"{signs[finding.state]} {finding.name:<{width}}  {finding.detail}")
            if finding.remedy:
                say(f"  {'':<{width}}  -> {finding.remedy}")
    if any(finding.state == "bad" for finding in findings):
        raise typer.Exit(1)
