"""What the mapping dialog says of a line, and of the rows that can be used."""

from __future__ import annotations

from textual.content import Content

from screens.dataset.formats import mapping_lines as lines
from workbench.data.finding.texts import text_of
from workbench.data.formats.mapping import Mapping
from workbench.data.formats.naming import COLUMN_KEYS
from workbench.data.formats.trying import Trial
from workbench.figures import count
from workbench.untrusted import display_width, shorten

NAME_WIDTH = 14
LEAST_EXAMPLE = 8


def verdict(trial: Trial) -> tuple[str, str]:
    """How many of the first rows can be used, and the class in whose colour that is said."""
    first = f"first {count(trial.rows)} rows" if trial.rows > 1 else "first row"
    if not trial.problems:
        return (
            f"✓ all of the {first} can be used" if trial.rows > 1 else "✓ the first row can be used",
            "good",
        )
    row, reason = trial.problems[0]
    kind = "warning" if trial.usable else "problem"
    return f"{count(trial.usable)} of the {first} can be used; b: row {count(row)}: {reason}", kind


def meaning_of(key: str) -> str:
    """What the line of this key is for."""
    return lines.WHAT.get(key) or COLUMN_KEYS.get(key, "")


def line_of(mapping: Mapping, key: str, room: int, row: object) -> Content:
    """What is set, and where there is room what the row has there."""
    value = lines.value_of(mapping, key)
    name = (key, "bold" if value else "$text-muted")
    pad = " " * max(NAME_WIDTH - display_width(key), 1)
    if value is None:
        default = lines.default_of(mapping, key)
        return Content.assemble(name, pad, (f"({default})" if default else "–", "$text-disabled"))
    shown = shorten(value, room)
    left = room - display_width(shown) - 2
    column = mapping.labels[0] if key == lines.LABELS else mapping.column(key)
    there = text_of(row.get(column)) if isinstance(row, dict) and column else ""
    example = f"  {shorten(there, left)}" if there and left >= LEAST_EXAMPLE else ""
    return Content.assemble(name, pad, (shown, "$primary"), (example, "$text-disabled"))
