"""One turn of a conversation: what was asked, the answer as it grows, and its figures."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from screens.chat.answer_text import AnswerText
from screens.chat.answering import Answer
from screens.chat.cleaning import CleanText
from workbench.figures import count, duration, significant
from workbench.untrusted import printable

# Cells below which the figures are shortened to stay in one line.
BRIEF_BELOW = 56


class Turn(Vertical):
    """A question and its answer. `advance` shows what was written since it was last called."""

    DEFAULT_CSS = """
    Turn { height: auto; margin-bottom: 1; }
    Turn .question {
        height: auto; margin-bottom: 1; padding: 0 1; background: $panel; border-left: thick $primary;
    }
    Turn .figures { height: auto; color: $text-muted; }
    Turn .figures.problem { color: $text-error; }
    """

    def __init__(self, question: str, answer: Answer) -> None:
        super().__init__()
        self._question = question
        self.answer = answer
        self._clean = CleanText()
        self._finished = False
        self._noted = Content("")

    @property
    def finished(self) -> bool:
        """Whether the whole answer is on the screen."""
        return self._finished

    def compose(self) -> ComposeResult:
        yield Static(Content(printable(self._question)), classes="question")
        yield AnswerText()
        yield Static(classes="figures", markup=False)

    async def advance(self) -> bool:
        """Show what came since the last call; whether anything did."""
        if self._finished:
            return False
        # Asked before taking: what comes in between is then taken the next time.
        ended = self.answer.ended
        text = self._clean.push(self.answer.take())
        if ended:
            text += self._clean.flush()
        if text:
            await self.query_one(AnswerText).append(text)
        self._finished = ended
        return self._note() or bool(text)

    def _note(self) -> bool:
        words = _figures(self.answer, brief=self.size.width < BRIEF_BELOW)
        if words == self._noted:
            return False
        self._noted = words
        figures = self.query_one(".figures", Static)
        figures.set_class(self.answer.state == "failed", "problem")
        figures.update(words)
        return True


def _figures(answer: Answer, brief: bool) -> Content:
    """What is known of an answer; while it is written this changes once a second."""
    if answer.state == "waiting":
        return Content("waits for its turn")
    if answer.state == "reading":
        return Content(f"reading the prompt … {int(answer.seconds)}s")
    if answer.state == "writing":
        return Content(f"writing … {int(answer.seconds)}s")
    parts = []
    if answer.state == "stopped":
        parts.append("■ stopped" if answer.tokens else "■ stopped before it began")
    if answer.first_token_s is not None and not (brief and answer.state == "stopped"):
        parts.append(f"{significant(answer.first_token_s)} s " + ("first" if brief else "to first token"))
    if answer.tokens_per_s is not None:
        parts.append(f"{significant(answer.tokens_per_s)} tok/s")
    if answer.tokens:
        parts.append(f"{count(answer.tokens)} tok" if brief else f"{count(answer.tokens)} tokens")
    if answer.tokens and not brief:
        parts.append(duration(answer.seconds))
    if not answer.tokens and answer.state == "done":
        parts.append("the model said nothing")
    line = ("  " if brief else "  ·  ").join(parts)
    if answer.problem:
        problem = f"✗ {printable(answer.problem)}"
        return Content(f"{line}\n{problem}" if line else problem)
    return Content(line)
