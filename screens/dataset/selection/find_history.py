"""What was looked for before, kept between starts."""

from __future__ import annotations

from collections.abc import Sequence

from screens.remembered import recall, remember
from workbench.data.finding.pattern import Pattern

_KEY = "find_history"
MOST = 20


def earlier_searches() -> list[Pattern]:
    """The last searches, newest first."""
    held = recall(_KEY, [])
    return [
        Pattern(entry[0], bool(entry[1]), bool(entry[2]))
        for entry in (held if isinstance(held, list) else [])
        if isinstance(entry, list) and len(entry) == 3 and isinstance(entry[0], str) and entry[0]
    ]


def keep_search(pattern: Pattern, earlier: Sequence[Pattern]) -> None:
    """Put this one before the earlier ones."""
    kept = [pattern, *(other for other in earlier if other != pattern)][:MOST]
    remember(_KEY, [[one.text, one.regex, one.match_case] for one in kept])
