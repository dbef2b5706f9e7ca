"""The selected row in tokens, with a cursor that names each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static
from textual.worker import get_current_worker

from screens.abandonable import Abandoned
from screens.dataset.background import sentence_of
from screens.dataset.row.flow import Piece, Run
from screens.dataset.row.text import token_runs
from screens.dataset.row.token_lines import CUT_MARK, MARK, TokenLines
from workbench.figures import count
from workbench.untrusted import printable

if TYPE_CHECKING:
    from screens.dataset.lens import Lens
    from screens.dataset.row.token_row import TokenRow
    from workbench.data.dataset import Dataset
    from workbench.data.tokens.encode import Encoded

Subject = tuple["Dataset", int, "Lens | None"]


class TokensPane(Vertical):
    """The row's tokens: which are trained, which are context, where the cutoff cuts; one of them named."""

    DEFAULT_CSS = """
    TokensPane { padding: 0; }
    TokensPane > #token { height: 2; padding: 0 1 0 2; text-wrap: nowrap; text-overflow: ellipsis; }
    TokensPane > #token { background: $surface; }
    """

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self.styles.padding = 0
        self.border_title = "tokens"
        self.lines = TokenLines()
        self._named = Static(id="token", markup=False)
        self._named.display = False
        self._subject: Subject | None = None
        self._looked_at: Subject | None = None

    def compose(self) -> ComposeResult:
        yield self.lines
        yield self._named

    def look(self, dataset: Dataset, row: int, lens: Lens | None) -> None:
        """Show this row through this lens, as soon as the pane is seen."""
        self._subject = (dataset, row, lens)
        if self.display:
            self._look()

    def on_show(self) -> None:
        self._look()

    def on_token_lines_moved(self, message: TokenLines.Moved) -> None:
        message.stop()
        row = self.lines.row
        self._named.display = row is not None and bool(row.pieces)
        if row is not None and row.pieces:
            self._named.update(Content("\n").join(row.describe(self.lines.cursor)))

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
        head: list[Piece] = []
        runs: list[Piece] = []
        tokens: TokenRow | None = None
        try:
            tokenizer = lens.tokenizer.load(lambda: worker.is_cancelled)
            from screens.dataset.row.token_row import TokenRow, lost_runs
            from workbench.data.tokens.encode import RowDropped, encode
            from workbench.data.tokens.paint import paint

            conversation = dataset.conversation(row)
            refusal = ""
            try:
                encoded: Encoded | None = encode(conversation, tokenizer, cutoff_len=lens.cutoff_len)
            except RowDropped as dropped:
                encoded, refusal = dropped.encoded, dropped.reason
            if refusal:
                head.append(Run(f"✗ This row is not trained: {printable(refusal)}.\n\n", "problem"))
            if encoded is not None and not worker.is_cancelled:
                head += lost_runs(conversation, tokenizer)
                if encoded.note:
                    head.append(Run(f"! {printable(encoded.note)}\n\n", "warning"))
                tokens = TokenRow.of(encoded, paint(encoded, tokenizer), tokenizer)
                # Here and not on the screen's own thread: a long row takes a second.
                runs = token_runs(tokens.pieces, encoded, lens.cutoff_len)
        except Abandoned:
            return
        except Exception as error:
            head, tokens = [Run(f"✗ {printable(sentence_of(error))}", "problem")], None
        if not worker.is_cancelled:
            self.call_later(self._put_row, (dataset, row, lens), head, tokens, runs)

    def _put_row(
        self, subject: Subject, head: Sequence[Piece], tokens: TokenRow | None, runs: Sequence[Piece]
    ) -> None:
        if subject != self._subject:
            return
        if tokens is not None:
            self.border_title = _figures(subject[1], tokens.encoded).markup
            self.border_subtitle = LEGEND.markup
            self.lines.show_row(head, tokens, runs)
        else:
            self.border_subtitle = ""
            self.lines.row = None
            self.lines.show(head)
            self._named.display = False

    def _say(self, sentence: str, kind: str) -> None:
        self.border_subtitle = ""
        self.lines.say(sentence, kind)


LEGEND = Content.assemble(
    (MARK, "$success"),
    ("trained", "bold $text-success"),
    "  ",
    ("context", "$text-muted"),
    "  ",
    ("special", "italic $secondary"),
    "  ",
    (CUT_MARK, "bold $error"),
    ("cut", "strike $text-error"),
)


def _figures(row: int, encoded: Encoded) -> Content:
    """`row 17 · 203 tokens, 87 trained`: uncut, with what the cut loses."""
    tokens = len(encoded.input_ids) + len(encoded.cut_ids)
    words = f"row {count(row)} · {count(tokens)} tokens, {count(encoded.trained)} trained"
    if not encoded.cut_ids:
        return Content(words)
    return Content.assemble(words, (f" · {count(len(encoded.cut_ids))} cut off", "$text-error"))
