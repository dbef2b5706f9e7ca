"""A row as runs of text: as a conversation, and as the tokens that are trained."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from screens.dataset.flow import Rule, Run
from workbench.figures import count
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.data.conversation import Conversation, Message
    from workbench.data.tokens.encode import Encoded
    from workbench.data.tokens.paint import Piece

# Nobody reads more of one text on a screen; a row may be a book.
MOST_CHARACTERS = 400_000


def conversation_runs(conversation: Conversation) -> list[Run | Rule]:
    """Who says what, turn by turn."""
    runs: list[Run | Rule] = []
    if conversation.tools:
        runs += _turn("tools on offer", conversation.tools)
    for message in conversation.messages:
        runs += _message(message.role, message)
    if conversation.text is not None:
        runs += _text(conversation.text)
    for name, answer in (("chosen", conversation.chosen), ("rejected", conversation.rejected)):
        if answer is not None:
            runs += _message(name, answer)
    if conversation.label is not None:
        verdict = "wanted" if conversation.label else "not wanted"
        runs += [Run("label ", "role"), Run(f"the answer is {verdict}\n", "text")]
    return runs


def bad_row_runs(reason: str, raw: str) -> list[Run | Rule]:
    """Why the row cannot be used, and what stands in the file."""
    return [
        Run(f"✗ This row cannot be used: {printable(reason)}.\n\n", "problem"),
        Run("as it stands in the file\n", "role"),
        *_text(raw),
    ]


def column_runs(record: Mapping[str, object], problem: str, remedy: str) -> list[Run | Rule]:
    """The columns of a row of which nobody knows what they mean."""
    runs: list[Run | Rule] = [Run(f"✗ {printable(problem)}.\n\n", "problem")]
    for name, value in record.items():
        runs += _turn(name, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return [*runs, Run(printable(remedy), "note")]


def _message(name: str, message: Message) -> list[Run | Rule]:
    preface = f"{message.preface}\n" if message.preface else ""
    return _turn(name, preface + message.content)


def _turn(name: str, content: str) -> list[Run | Rule]:
    return [Run(f"{printable(name, keep_newlines=False)}\n", "role"), *_text(content), Run("\n\n", "text")]


def _text(text: str) -> list[Run | Rule]:
    if len(text) <= MOST_CHARACTERS:
        return [Run(printable(text), "text")]
    left = count(len(text) - MOST_CHARACTERS)
    return [Run(printable(text[:MOST_CHARACTERS]), "text"), Run(f" … {left} characters more", "note")]


def token_runs(pieces: Sequence[Piece], encoded: Encoded, cutoff_len: int) -> list[Run | Rule]:
    """The pieces in the style of what becomes of them, with the cut drawn where it falls."""
    runs: list[Run | Rule] = []
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
        runs.append(Run(text.replace("⏎", "⏎\n"), kind, whole=True))
    return runs


def cut_words(encoded: Encoded, cutoff_len: int) -> str:
    """What stands on the line of the cut."""
    lost = len(encoded.cut_ids)
    trained = f", {count(encoded.cut_trained)} of them trained" if encoded.cut_trained else ", none trained"
    return f"cut at {count(cutoff_len)}: {count(lost)} token{'' if lost == 1 else 's'} lost{trained}"
