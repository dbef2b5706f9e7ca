"""What commands print: tables, JSON and lines that are safe to show."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Any

import typer

from workbench.untrusted import display_width, printable

# What a terminal may obey and JSON need not escape: DEL, the 8-bit controls, bidirectional overrides; and
# lone surrogates, which have no UTF-8.
_TO_ESCAPE = re.compile(r"[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def print_json(value: Any) -> None:
    """`value` as JSON, Chinese as it is; what could move a terminal is escaped."""
    text = json.dumps(value, ensure_ascii=False, indent=2, allow_nan=False)
    typer.echo(_TO_ESCAPE.sub(lambda match: f"\\u{ord(match.group()):04x}", text))


def say(text: str) -> None:
    """A line that may hold text from data or models."""
    typer.echo(printable(text))


def print_table(headings: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> None:
    """Columns aligned by display width; those numbered in `right` to the right."""
    cells = [[printable(cell, keep_newlines=False) for cell in row] for row in (headings, *rows)]
    widths = [max(display_width(row[column]) for row in cells) for column in range(len(headings))]
    for row in cells:
        parts = []
        for column, cell in enumerate(row):
            gap = " " * (widths[column] - display_width(cell))
            parts.append(gap + cell if column in right else cell + gap)
        typer.echo("  ".join(parts).rstrip())
