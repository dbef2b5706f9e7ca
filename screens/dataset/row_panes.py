"""The selected row, as a conversation and as tokens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.content import Content
from textual.worker import get_current_worker

from screens.abandonable import Abandoned
from screens.dataset.flow import Rule, Run
from screens.dataset.lines_view import LinesView
from screens.dataset.row_text import bad_row_runs, column_runs, conversation_runs, token_runs
from workbench.errors import WorkbenchError
from workbench.figures import count
from workbench.untrusted import printable

if TYPE_CHECKING:
    from screens.dataset.lens import Lens
    from workbench.data.conversation import Conversation
    from workbench.data.dataset import Dataset
    from workbench.data.tokens.encode import Encoded

Pieces = Sequence[Run | Rule]


class ConversationPane(LinesView):
    """The row as it is said, turn by turn."""

    HELP = "The selected row as a conversation: who says what, or why the row cannot be used."
    DEFAULT_CSS = """
    ConversationPane > .lines--role { color: $primary; text-style: bold; }
    ConversationPane > .lines--text { color: $foreground; }
    ConversationPane > .lines--note { color: $text-muted; }
    ConversationPane > .lines--problem { color: $text-error; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"lines--role", "lines--text", "lines--note", "lines--problem"}

    def __init__(self) -> None:
        super().__init__()
        self.add_class("pane")
        self.border_title = "conversation"

    def look(self, dataset: Dataset, row: int) -> None:
        """Show this row."""
        self.border_title = f"row {count(row)} · conversation"
        self._read(dataset, row)

    @work(thread=True, exclusive=True, group="row")
    def _read(self, dataset: Dataset, row: int) -> None:
        worker = get_current_worker()
        turns = ""
        pieces: Pieces
        try:
            reason = dataset.reason(row)
            if reason is not None:
                pieces = bad_row_runs(reason, dataset.raw_text(row))
            else:
                conversation = dataset.conversation(row)
                pieces = conversation_runs(conversation)
                turns = _turns(conversation)
        except WorkbenchError as error:
            pieces = _columns(dataset, row, error)
        if not worker.is_cancelled:
            self.call_later(self._put_row, pieces, turns)

    def _put_row(self, pieces: Pieces, turns: str) -> None:
        self.border_subtitle = turns
        self.show(pieces)


def _turns(conversation: Conversation) -> str:
    turns = len(conversation.messages)
    return f"{turns} turn{'' if turns == 1 else 's'}" if turns else ""


def _columns(dataset: Dataset, row: int, error: WorkbenchError) -> Pieces:
    """What the row holds although nobody knows what it means."""
    try:
        return column_runs(dataset.record(row), error.problem, error.remedy or "")
    except WorkbenchError:
        return [Run(f"✗ {printable(str(error))}", "problem")]


class TokensPane(LinesView):
    """The row's tokens: which are trained, which are context, and where the cutoff cuts."""

    HELP = (
        "The selected row in the exact tokens that are trained, under the chosen model's chat template. "
        "Trained tokens are bright, bold and marked at the left edge of their line; context, which is "
        "read and not learnt, is dim; special tokens are in colour, and ⏎ is a line break. Every other "
        "token has a slightly brighter ground. Where the row is longer than cutoff_len a red line says "
        "how many tokens are lost."
    )
    MARKED: ClassVar[frozenset[str]] = frozenset({"trained", "trained-odd", "trained-special"})
    DEFAULT_CSS = """
    TokensPane > .lines--trained { color: $text-success; text-style: bold; }
    TokensPane > .lines--trained-odd { color: $text-success; text-style: bold; background: $panel; }
    TokensPane > .lines--trained-special { color: $primary; text-style: bold; }
    TokensPane > .lines--context { color: $text-muted; }
    TokensPane > .lines--context-odd { color: $text-muted; background: $panel; }
    TokensPane > .lines--context-special { color: $secondary; text-style: italic; }
    TokensPane > .lines--cut { color: $text-error; text-style: strike; }
    TokensPane > .lines--cut-odd { color: $text-error; text-style: strike; background: $panel; }
    TokensPane > .lines--cut-special { color: $text-error; text-style: strike italic; }
    TokensPane > .lines--rule { color: $error; text-style: bold; }
    TokensPane > .lines--problem { color: $text-error; }
    TokensPane > .lines--note { color: $text-muted; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(
            f"lines--{kind}{shade}"
            for kind in ("trained", "context", "cut")
            for shade in ("", "-odd", "-special")
        ),
        "lines--rule",
        "lines--problem",
        "lines--note",
    }

    def __init__(self) -> None:
        super().__init__()
        self.add_class("pane")
        self.border_title = "tokens"
        self._subject: tuple[Dataset, int, Lens | None] | None = None
        self._looked_at: tuple[Dataset, int, Lens | None] | None = None

    def look(self, dataset: Dataset, row: int, lens: Lens | None) -> None:
        """Show this row through this lens, as soon as the pane is seen."""
        self._subject = (dataset, row, lens)
        if self.display:
            self._look()

    def on_show(self) -> None:
        self._look()

    def _look(self) -> None:
        if self._subject is None or self._subject == self._looked_at:
            return
        self._looked_at = self._subject
        dataset, row, lens = self._subject
        self.border_title = f"row {count(row)} · tokens"
        if lens is None:
            self._say("No model is chosen yet, and tokens are a model's own: m picks one.", "note")
        elif dataset.reason(row) is not None:
            self._say(f"✗ This row cannot be used: {dataset.reason(row)}.", "problem")
        else:
            if not lens.tokenizer.is_loaded:
                self._say(f"loading the tokenizer of {lens.model}: some seconds the first time …", "note")
            self._encode(dataset, row, lens)

    @work(thread=True, exclusive=True, group="row")
    def _encode(self, dataset: Dataset, row: int, lens: Lens) -> None:
        worker = get_current_worker()
        title: Content | None = None
        try:
            tokenizer = lens.tokenizer.load(lambda: worker.is_cancelled)
            from workbench.data.tokens.encode import RowDropped, encode
            from workbench.data.tokens.paint import paint

            conversation = dataset.conversation(row)
            refusal = ""
            try:
                encoded: Encoded | None = encode(conversation, tokenizer, cutoff_len=lens.cutoff_len)
            except RowDropped as dropped:
                encoded, refusal = dropped.encoded, dropped.reason
            pieces: list[Run | Rule] = []
            if refusal:
                pieces.append(Run(f"✗ This row is not trained: {printable(refusal)}.\n\n", "problem"))
            if encoded is not None and not worker.is_cancelled:
                pieces += token_runs(paint(encoded, tokenizer), encoded, lens.cutoff_len)
                title = _figures(row, encoded)
        except Abandoned:
            return
        except WorkbenchError as error:
            pieces = [Run(f"✗ {printable(str(error))}", "problem")]
        if not worker.is_cancelled:
            self.call_later(self._put_row, (dataset, row, lens), pieces, title)

    def _put_row(
        self, subject: tuple[Dataset, int, Lens], pieces: Sequence[Run | Rule], title: Content | None
    ) -> None:
        if subject != self._subject:
            return
        if title is not None:
            self.border_title = title.markup
            self.border_subtitle = LEGEND.markup
        else:
            self.border_subtitle = ""
        self.show(pieces)

    def _say(self, sentence: str, kind: str) -> None:
        self.border_subtitle = ""
        self.show([Run(printable(sentence), kind)])


LEGEND = Content.assemble(
    ("▎", "$success"),
    ("trained", "bold $text-success"),
    "  ",
    ("context", "$text-muted"),
    "  ",
    ("special", "italic $secondary"),
    "  ",
    ("cut", "strike $text-error"),
)


def _figures(row: int, encoded: Encoded) -> Content:
    """`row 17 · 203 tokens, 87 trained`: uncut, with what the cut loses."""
    tokens = len(encoded.input_ids) + len(encoded.cut_ids)
    words = f"row {count(row)} · {count(tokens)} tokens, {count(encoded.trained)} trained"
    if not encoded.cut_ids:
        return Content(words)
    return Content.assemble(words, (f" · {count(len(encoded.cut_ids))} cut off", "$text-error"))
