"""The selected row, as a conversation and as it stands in the file."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.worker import get_current_worker

from screens.dataset.background import sentence_of
from screens.dataset.row.flow import Piece, Run
from screens.dataset.row.lines_view import LinesView
from screens.dataset.row.text import (
    MOST_CHARACTERS,
    as_json,
    bad_row_runs,
    column_runs,
    conversation_runs,
    raw_runs,
)
from workbench.errors import WorkbenchError
from workbench.figures import count
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.data.conversation import Conversation
    from workbench.data.dataset import Dataset

_STYLES = """
    RowText > .lines--role { color: $primary; text-style: bold; }
    RowText > .lines--role-system { color: $secondary; text-style: bold; }
    RowText > .lines--role-user { color: $primary; text-style: bold; }
    RowText > .lines--role-assistant, RowText > .lines--role-function_call {
        color: $text-success; text-style: bold;
    }
    RowText > .lines--role-tool { color: $text-warning; text-style: bold; }
    RowText > .lines--chosen { color: $text-success; text-style: bold; }
    RowText > .lines--rejected { color: $text-error; text-style: bold; }
    RowText > .lines--divide { color: $border-blurred; }
    RowText > .lines--text { color: $foreground; }
    RowText > .lines--thought { color: $text-muted; text-style: italic; }
    RowText > .lines--note { color: $text-muted; }
    RowText > .lines--problem { color: $text-error; }
    RowText > .lines--json-key { color: $primary; }
    RowText > .lines--json-string { color: $foreground; }
    RowText > .lines--json-number { color: $text-warning; }
    RowText > .lines--json-word { color: $text-success; text-style: italic; }
    RowText > .lines--json-mark { color: $text-muted; }
    RowText > .lines--json-other { color: $text-error; }
"""


class RowText(LinesView):
    """A row in words; read in a thread when the pane is seen."""

    NAME: ClassVar[str] = ""
    DEFAULT_CSS = _STYLES
    MARKED: ClassVar[dict[str, tuple[str, str]]] = {"thought": ("┊", "note")}
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(f"lines--role{name}" for name in ("", "-system", "-user", "-assistant", "-function_call", "-tool")),
        *(
            f"lines--{name}"
            for name in ("chosen", "rejected", "divide", "text", "thought", "note", "problem")
        ),
        *(f"lines--json-{name}" for name in ("key", "string", "number", "word", "mark", "other")),
    }

    def __init__(self) -> None:
        super().__init__()
        self.add_class("pane")
        self.border_title = self.NAME
        self._subject: tuple[Dataset, int] | None = None
        self._looked_at: tuple[Dataset, int] | None = None

    def read(self, dataset: Dataset, row: int) -> tuple[Sequence[Piece], str]:
        """What to show of the row, and a few words on it. Called in a thread.

        Raises:
            WorkbenchError: the row cannot be read.
        """
        raise NotImplementedError

    def look(self, dataset: Dataset, row: int) -> None:
        """Show this row, as soon as the pane is seen."""
        self._subject = (dataset, row)
        if self.display:
            self._look()

    def on_show(self) -> None:
        self._look()

    def _look(self) -> None:
        if self._subject is None or self._subject == self._looked_at:
            return
        self._looked_at = self._subject
        self.border_title = f"row {count(self._subject[1])} · {self.NAME}"
        self._read(*self._subject)

    @work(thread=True, exclusive=True, group="row")
    def _read(self, dataset: Dataset, row: int) -> None:
        worker = get_current_worker()
        words = ""
        try:
            pieces, words = self.read(dataset, row)
        except Exception as error:
            pieces = [Run(f"✗ {printable(sentence_of(error))}", "problem")]
        if not worker.is_cancelled:
            self.call_later(self._put_row, (dataset, row), pieces, words)

    def _put_row(self, subject: tuple[Dataset, int], pieces: Sequence[Piece], words: str) -> None:
        if subject == self._subject:
            self.border_subtitle = words
            self.show(pieces)


class ConversationPane(RowText):
    """The row as it is said, turn by turn."""

    NAME = "conversation"
    HELP = (
        "The selected row as a conversation: who says what, or why the row cannot be used. Tools and calls "
        "are laid out as JSON, thoughts are dim with a line at their edge, and of two answers the chosen one "
        "stands left or above. What was looked for is marked: n and N go from place to place."
    )

    def read(self, dataset: Dataset, row: int) -> tuple[Sequence[Piece], str]:
        """The turns; or why there are none, with what the row holds."""
        reason = dataset.reason(row)
        if reason is not None:
            return bad_row_runs(reason, dataset.raw_text(row)), ""
        try:
            conversation = dataset.conversation(row)
        except WorkbenchError as error:
            # What the row holds although nobody knows what it means.
            return column_runs(dataset.record(row), error.problem, error.remedy or ""), ""
        return conversation_runs(conversation), _turns(conversation)


class JsonPane(RowText):
    """The row as it stands in the file."""

    NAME = "JSON"
    HELP = (
        "The selected row as JSON: every literal as the file spells it, indented. Rows of CSV, Parquet and "
        "the like are shown as the JSON of their columns."
    )

    def read(self, dataset: Dataset, row: int) -> tuple[Sequence[Piece], str]:
        """The row's own text where the file is JSON, else its columns as JSON."""
        if dataset.container.startswith("JSON") or dataset.reason(row) is not None:
            return raw_runs(dataset.raw_text(row, MOST_CHARACTERS + 1)), "as in the file"
        return raw_runs(as_json(dataset.record(row))), f"from {dataset.container}"


def _turns(conversation: Conversation) -> str:
    turns = len(conversation.messages)
    return f"{turns} turn{'' if turns == 1 else 's'}" if turns else ""
