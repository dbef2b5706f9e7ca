"""Whether a row is good, and what it says."""

from __future__ import annotations

from workbench.data.containers.base import Unreadable
from workbench.data.conversation import Conversation
from workbench.data.formats.detect import Format
from workbench.data.formats.fields import RowProblem, kind


def judged(value: object, format: Format | None, row: int) -> tuple[Conversation | None, str | None]:
    """What the value means as a row of `format`, and why it is no good row of it; one of them is None.

    Without a format a row is good if it has named columns, and means nothing: then both are None.
    """
    if isinstance(value, Unreadable):
        return None, value.reason
    if not isinstance(value, dict):
        return None, f"the row is {kind(value)}, not an object with named columns"
    if format is None:
        return None, None
    try:
        conversation = format.read(value, row)
        for name, text in conversation.strings():
            if not text.isascii():
                _check_surrogates(name, text)
    except RowProblem as found:
        return None, str(found.args[0])
    except RecursionError:
        return None, "its lists and objects are nested too deeply"
    return conversation, None


def _check_surrogates(name: str, text: str) -> None:
    """JSON can spell half of a character; no tokenizer reads it."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(text[error.start]):04X}"
        raise RowProblem(
            f"{name} holds half of a surrogate pair ({half}) at character {error.start + 1:,}"
        ) from None
