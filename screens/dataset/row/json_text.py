"""JSON as runs of text, every literal as it stands in the file: only the space between them is ours."""

from __future__ import annotations

import re
from collections.abc import Sequence

from screens.dataset.row.flow import Run
from workbench.untrusted import printable

# What is shorter than these cells stands on one line, brackets and all.
FITS = 48
_DEEPEST = 20
_TOKEN = re.compile(
    r'(?P<string>"[^"\\]*(?:\\.[^"\\]*)*(?:"|$))|(?P<number>-?\d[\w.+-]*)|(?P<word>-?[A-Za-z]+)'
    r"|(?P<mark>[{}\[\],:])|(?P<space>\s+)|(?P<other>.)",
    re.DOTALL,
)
_OPEN, _CLOSED = "{[", "}]"


def json_runs(text: str, *, fits: int = FITS, indent: int = 0) -> list[Run]:
    """`text` indented, its literals told apart by kind: key, string, number, word and mark.

    Text that is no JSON, or only the beginning of some, is laid out as far as it goes.
    """
    tokens = [
        (match.lastgroup or "other", match.group())
        for match in _TOKEN.finditer(text)
        if match.lastgroup != "space"
    ]
    short = _short(tokens, fits)
    runs: list[Run] = []
    nesting: list[bool] = []  # whether each bracket that is open is written on one line
    for number, (kind, literal) in enumerate(tokens):
        before = tokens[number - 1][1] if number else ""
        if literal in _CLOSED and kind == "mark" and nesting:
            inline = nesting.pop()
            if not inline and before not in _OPEN:
                runs.append(_line(len(nesting), indent))
        elif before and before in _OPEN and nesting and not nesting[-1]:
            runs.append(_line(len(nesting), indent))
        if kind == "string" and number + 1 < len(tokens) and tokens[number + 1][1] == ":":
            kind = "key"
        hang = indent + 2 * min(len(nesting), _DEEPEST) + 2
        runs.append(Run(printable(literal, keep_newlines=False), f"json-{kind}", hang=hang))
        if kind == "mark":
            if literal in _OPEN:
                nesting.append(number in short)
            elif literal == ":" or (literal == "," and (not nesting or nesting[-1])):
                runs.append(Run(" ", "json-mark"))
            elif literal == ",":
                runs.append(_line(len(nesting), indent))
    return runs


def _line(depth: int, indent: int) -> Run:
    return Run("\n" + " " * (indent + 2 * min(depth, _DEEPEST)), "json-mark")


def _short(tokens: Sequence[tuple[str, str]], fits: int) -> set[int]:
    """The opening brackets whose content is short enough for one line."""
    found: set[int] = set()
    waiting: list[tuple[int, int]] = []
    written = 0
    for number, (kind, literal) in enumerate(tokens):
        if kind == "mark" and literal in _OPEN:
            waiting.append((number, written))
        written += len(literal) + (literal in ",:")
        if kind == "mark" and literal in _CLOSED and waiting:
            opened, before = waiting.pop()
            if written - before <= fits:
                found.add(opened)
    return found
