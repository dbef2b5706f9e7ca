"""Tokens broken into lines, and the cursor among them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType
from textual.events import Blur, Click, Focus
from textual.message import Message

from screens.dataset.row.flow import Piece, Run
from screens.dataset.row.lines_view import GUTTER, LinesView
from workbench.untrusted import printable

if TYPE_CHECKING:
    from screens.dataset.row.token_row import TokenRow

MARK = "▎"
CUT_MARK = "╳"


class TokenLines(LinesView):
    """The tokens, broken into lines, and the cursor among them."""

    HELP = (
        "The selected row in the exact tokens that are trained, under the chosen model's chat template. "
        "Trained tokens are bright, bold and marked at the left edge of their line; context, which is "
        "read and not learnt, is dim; special tokens are in colour, and ⏎ is a line break. Every other "
        "token has a slightly brighter ground. Where the row is longer than cutoff_len a red line says "
        "how many tokens are lost. The arrow keys move a cursor from token to token, a and A go to the next "
        "trained answer and the one before; the lines below name the token: its ids, its own string in the "
        "vocabulary, its text, whose turn it is in and what becomes of it. What was looked for is marked: "
        "n and N go from place to place."
    )
    MARKED: ClassVar[dict[str, tuple[str, str]]] = {
        **{kind: (MARK, "mark") for kind in ("trained", "trained-odd", "trained-special")},
        **{kind: (CUT_MARK, "rule") for kind in ("cut", "cut-odd", "cut-special")},
    }
    DEFAULT_CSS = """
    TokenLines { height: 1fr; }
    TokenLines > .lines--trained { color: $text-success; text-style: bold; }
    TokenLines > .lines--trained-odd { color: $text-success; text-style: bold; background: $panel; }
    TokenLines > .lines--trained-special { color: $primary; text-style: bold; }
    TokenLines > .lines--context { color: $text-muted; }
    TokenLines > .lines--context-odd { color: $text-muted; background: $panel; }
    TokenLines > .lines--context-special { color: $secondary; text-style: italic; }
    TokenLines > .lines--cut { color: $text-error; text-style: strike; }
    TokenLines > .lines--cut-odd { color: $text-error; text-style: strike; background: $panel; }
    TokenLines > .lines--cut-special { color: $text-error; text-style: strike italic; }
    TokenLines > .lines--rule { color: $error; text-style: bold; }
    TokenLines > .lines--problem { color: $text-error; }
    TokenLines > .lines--warning { color: $text-warning; }
    TokenLines > .lines--note { color: $text-muted; }
    TokenLines > .lines--cursor { color: $background; background: $foreground; text-style: bold; }
    TokenLines > .lines--cursor-blurred { background: $block-cursor-background; }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        *(
            f"lines--{kind}{shade}"
            for kind in ("trained", "context", "cut")
            for shade in ("", "-odd", "-special")
        ),
        *(f"lines--{kind}" for kind in ("rule", "problem", "warning", "note", "cursor", "cursor-blurred")),
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "trained(1)", "Next answer", tooltip="Go to the next trained tokens"),
        Binding("A", "trained(-1)", "Answer before", show=False),
        Binding("left", "step(-1)", "Token before", show=False),
        Binding("right", "step(1)", "Next token", show=False),
        Binding("up", "line(-1)", "Line up", show=False),
        Binding("down", "line(1)", "Line down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(-1)", "First token of the line", show=False),
        Binding("end", "edge(1)", "Last token of the line", show=False),
        Binding("ctrl+home", "end(-1)", "First token", show=False),
        Binding("ctrl+end", "end(1)", "Last token", show=False),
    ]

    class Moved(Message):
        """The cursor stands on another token."""

    def __init__(self) -> None:
        super().__init__()
        self.row: TokenRow | None = None
        self.cursor = 0
        self._head = 0
        self._first_cut = 0
        self._cell = 0

    def show_row(self, head: Sequence[Piece], row: TokenRow, runs: Sequence[Piece]) -> None:
        """Show these tokens, laid out as `runs`, below what is to be said of them."""
        self.row, self._head, self._first_cut = row, len(head), row.first_cut
        self.cursor = self._cell = 0
        self.show([*head, *runs])
        self.post_message(self.Moved())

    def say(self, sentence: str, kind: str) -> None:
        """Show a sentence in place of tokens."""
        self.row = None
        self.show([Run(printable(sentence), kind)])
        self.post_message(self.Moved())

    # --- from tokens to what is drawn and back

    def _run(self, token: int) -> int:
        return self._head + token + (token >= self._first_cut)

    def _token(self, run: int) -> int:
        token = run - self._head
        return token - (token > self._first_cut)

    def lit(self, line: int) -> Iterable[tuple[int, int, str]]:
        if self.row is None:
            return
        kind = "cursor" if self.has_focus else "cursor-blurred"
        places = self.places
        for chunk in places.of_piece(self._run(self.cursor)):
            if places.lines[chunk] == line:
                yield places.starts[chunk], places.ends[chunk], kind

    def on_focus(self, event: Focus) -> None:
        self.refresh()

    def on_blur(self, event: Blur) -> None:
        self.refresh()

    # --- moving

    def _go(self, token: int, *, keep_cell: bool = False) -> None:
        if self.row is None:
            return
        self.cursor = min(max(token, 0), len(self.row.pieces) - 1)
        chunks = self.places.of_piece(self._run(self.cursor))
        if chunks:
            line = self.places.lines[chunks.start]
            if not keep_cell:
                self._cell = self.places.starts[chunks.start]
            self._show_line(line)
        self.refresh()
        self.post_message(self.Moved())

    def _show_line(self, line: int) -> None:
        top, height = self.scroll_offset.y, self.scrollable_content_region.height
        if not top <= line < top + height:
            wanted = line - 1 if line < top else line - height + 2
            self.scroll_to(y=max(wanted, 0), animate=False, immediate=True)

    @property
    def _line(self) -> int:
        chunks = self.places.of_piece(self._run(self.cursor))
        return self.places.lines[chunks.start] if chunks else 0

    def _go_to_line(self, line: int, step: int) -> None:
        """To the token at the cursor's column on this line, or on the next one that has tokens."""
        while 0 <= line < len(self._lines):
            run = self.places.nearest(line, self._cell)
            if run is not None and run >= self._head and run != self._head + self._first_cut:
                self._go(self._token(run), keep_cell=True)
                return
            line += step
        if step < 0:
            self.scroll_home(animate=False)

    def action_step(self, step: int) -> None:
        """The token before or behind."""
        self._go(self.cursor + step)

    def action_line(self, step: int) -> None:
        """The token above or below."""
        if self.row is None:
            self.scroll_relative(y=step, animate=False)
        else:
            self._go_to_line(self._line + step, step)

    def action_page(self, step: int) -> None:
        """A page up or down."""
        page = max(self.scrollable_content_region.height - 1, 1)
        if self.row is None:
            self.scroll_relative(y=step * page, animate=False)
        else:
            wanted = min(max(self._line + step * page, 0), len(self._lines) - 1)
            self._go_to_line(wanted, -step if wanted in (0, len(self._lines) - 1) else step)

    def action_edge(self, step: int) -> None:
        """The first or the last token of the line."""
        chunks = self.places.of_line(self._line)
        runs = [run for run in (self.places.pieces[chunk] for chunk in chunks) if run >= self._head]
        if self.row is not None and runs:
            self._go(self._token(runs[0] if step < 0 else runs[-1]))

    def action_end(self, step: int) -> None:
        """The first or the last token of the row."""
        if self.row is not None:
            self._go(0 if step < 0 else len(self.row.pieces) - 1)

    def action_trained(self, step: int) -> None:
        """The next trained span, or the one before."""
        if self.row is not None:
            self._go(self.row.next_trained(self.cursor, step))

    def on_click(self, event: Click) -> None:
        offset = event.get_content_offset(self)
        if self.row is None or offset is None:
            return
        run = self.places.nearest(offset.y + self.scroll_offset.y, offset.x - GUTTER)
        if run is not None and run >= self._head:
            self._go(self._token(run))
