"""A row as runs of text: as a conversation, as it stands in the file, and as the tokens that are trained."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from screens.dataset.row.flow import Beside, Piece, Rule, Run
from screens.dataset.row.json_text import json_runs
from screens.dataset.row.tool_text import tool_runs
from workbench.figures import count
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.data.conversation import Conversation, Message
    from workbench.data.tokens.encode import Encoded
    from workbench.data.tokens.paint import Piece as TokenPiece

# Nobody reads more of one text on a screen; a row may be a book.
MOST_CHARACTERS = 400_000
# Tools and calls are JSON; what fits into so many cells stands on one line.
TOOL_FITS = 56

_THOUGHT = re.compile(r"<think>.*?(?:</think>|\Z)", re.DOTALL)
_OF_JSON = ("function_call", "tool", "observation")
_NAMED = ("system", "user", "assistant", "tool", "function_call")


def conversation_runs(conversation: Conversation) -> list[Piece]:
    """Who says what, turn by turn."""
    runs: list[Piece] = []
    if conversation.tools:
        # An empty list is what sets with tools write for a conversation without any.
        tools = tool_runs(conversation.tools)
        if tools or tools is None:
            runs.append(Run("tools on offer\n", "role-tool"))
            runs += [*(tools or _json(conversation.tools)), Run("\n", "text")]
    numbered = len(conversation.messages) > 2
    for number, message in enumerate(conversation.messages, start=1):
        runs += _message(message.role, message, number if numbered else None)
    if conversation.text is not None:
        runs += _text(conversation.text)
    chosen, rejected = conversation.chosen, conversation.rejected
    if chosen is not None and rejected is not None:
        runs.append(Beside(_answer("✓ chosen", chosen), _answer("✗ rejected", rejected)))
    if conversation.label is not None:
        runs.append(
            Run("✓ the answer is wanted\n", "chosen")
            if conversation.label
            else Run("✗ the answer is not wanted\n", "rejected")
        )
    return runs


def bad_row_runs(reason: str, raw: str) -> list[Piece]:
    """Why the row cannot be used, and what stands in the file."""
    return [
        Run(f"✗ This row cannot be used: {printable(reason)}.\n\n", "problem"),
        Run("as it stands in the file\n", "role"),
        *_text(raw),
    ]


def column_runs(record: Mapping[str, object], problem: str, remedy: str) -> list[Piece]:
    """The columns of a row of which nobody knows what they mean."""
    runs: list[Piece] = [Run(f"✗ {printable(problem)}.\n\n", "problem")]
    for name, value in record.items():
        runs.append(Run(f"{printable(str(name), keep_newlines=False)}\n", "role"))
        runs += _text(value) if isinstance(value, str) else _json(as_json(value))
        runs.append(Run("\n\n", "text"))
    return [*runs, Run(printable(remedy), "note")]


def raw_runs(raw: str) -> list[Piece]:
    """JSON text, indented."""
    if len(raw) <= MOST_CHARACTERS:
        return list(json_runs(raw))
    return [*json_runs(raw[:MOST_CHARACTERS]), Run("\n… the row goes on", "note")]


def as_json(value: object) -> str:
    """A value as JSON text; what JSON cannot hold (dates, bytes) as a string."""
    return json.dumps(value, ensure_ascii=False, default=str)


def _message(name: str, message: Message, number: int | None) -> list[Piece]:
    kind = f"role-{name}" if name in _NAMED else "role"
    runs: list[Piece] = [Run(printable(name, keep_newlines=False), kind)]
    if number is not None:
        runs.append(Run(f" · {number}", "note"))
    return [*runs, Run("\n", "text"), *_said(name, message), Run("\n\n", "text")]


def _answer(title: str, message: Message) -> tuple[Run, ...]:
    kind = "chosen" if title.startswith("✓") else "rejected"
    return (Run(f"{title}\n", kind), *_said(message.role, message))


def _said(role: str, message: Message) -> list[Run]:
    runs = [*_thoughts(message.preface), Run("\n", "text")] if message.preface else []
    return [*runs, *(_json(message.content) if role in _OF_JSON else _thoughts(message.content))]


def _thoughts(text: str) -> list[Run]:
    """The text, with what the model only thinks told apart."""
    runs: list[Run] = []
    reached = 0
    for thought in _THOUGHT.finditer(text[:MOST_CHARACTERS]):
        runs += _text(text[reached : thought.start()])
        runs.append(Run(printable(thought.group()), "thought"))
        reached = thought.end()
    return [*runs, *_text(text[reached:])]


def _json(text: str) -> list[Run]:
    """JSON laid out for reading; any other text as it is."""
    try:
        holds = isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        holds = False
    return json_runs(text, fits=TOOL_FITS) if holds and len(text) <= MOST_CHARACTERS else _text(text)


def _text(text: str) -> list[Run]:
    if len(text) <= MOST_CHARACTERS:
        return [Run(printable(text), "text")] if text else []
    left = count(len(text) - MOST_CHARACTERS)
    return [Run(printable(text[:MOST_CHARACTERS]), "text"), Run(f" … {left} characters more", "note")]


def token_runs(pieces: Sequence[TokenPiece], encoded: Encoded, cutoff_len: int) -> list[Piece]:
    """One run a piece, in the style of what becomes of it; the cut is a line between two of them."""
    runs: list[Piece] = []
    cut_drawn = False
    for number, piece in enumerate(pieces):
        if piece.cut and not cut_drawn:
            cut_drawn = True
            runs.append(Rule(cut_words(encoded, cutoff_len), "rule"))
        kind = "cut" if piece.cut else "trained" if piece.trained else "context"
        if piece.special:
            kind = f"{kind}-special"
        elif number % 2:
            # Every other token has another ground, so that one sees where tokens begin.
            kind = f"{kind}-odd"
        text = printable(piece.text, keep_newlines=False)
        runs.append(Run(text.replace("⏎", "⏎\n") or "∅", kind, whole=True))
    return runs


def cut_words(encoded: Encoded, cutoff_len: int) -> str:
    """What stands on the line of the cut."""
    lost = len(encoded.cut_ids)
    trained = f", {count(encoded.cut_trained)} of them trained" if encoded.cut_trained else ", none trained"
    return f"cut at {count(cutoff_len)}: {count(lost)} token{'' if lost == 1 else 's'} lost{trained}"
