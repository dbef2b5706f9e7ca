"""A conversation with one backend, and its history."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.chat.answering import Answer
from screens.chat.turn import Turn
from workbench.untrusted import shorten

if TYPE_CHECKING:
    from workbench.chat.backend import Backend, Sampling
    from workbench.data.conversation import Message


class ChatPane(VerticalScroll):
    """What was said with one backend; it stays at the end unless one scrolls up.

    Args:
        backend: who answers.
        what: what it is, for the frame: "base", "fine-tuned", "Ollama".
    """

    HELP = "One conversation. Each pane keeps its own: a model only ever sees what was said in its pane."

    def __init__(self, backend: Backend, what: str) -> None:
        super().__init__(classes="pane")
        self.backend = backend
        self.what = what
        self._history: list[Message] = []
        self._turn: Turn | None = None

    def compose(self) -> ComposeResult:
        yield Static(Content("Nothing said yet. Write below; enter sends."), classes="dim")

    def on_mount(self) -> None:
        name = shorten(self.backend.name, 60)
        self.border_title = Content(f"{name} · {self.what}" if self.what else name)

    @property
    def history(self) -> list[Message]:
        """What the model is told of before: complete pairs of question and answer."""
        return list(self._history)

    @property
    def answering(self) -> bool:
        """Whether something is still to come."""
        return self._turn is not None

    async def ask(self, question: str, system: str, sampling: Sampling, stop: threading.Event) -> Answer:
        """Put the question below the conversation; the answer that is returned has yet to be run."""
        from workbench.data.conversation import Message

        said = [Message("system", system)] if system.strip() else []
        said += [*self._history, Message("user", question)]
        answer = Answer(self.backend, said, sampling, stop)
        if not self.query(Turn):
            await self.query("Static.dim").remove()
        self._question = question
        self._turn = Turn(question, answer)
        await self.mount(self._turn)
        # A new question goes to the end, wherever one has scrolled.
        self.scroll_end(animate=False)
        self.call_after_refresh(self._hold_the_end)
        return answer

    async def advance(self) -> None:
        """Show what came since the last call, and take an answer that is complete into the history."""
        if self._turn is None:
            return
        if await self._turn.advance():
            self.call_after_refresh(self._hold_the_end)
        if not self._turn.finished:
            return
        from workbench.data.conversation import Message

        answer, self._turn = self._turn.answer, None
        # A question without any answer would leave two questions in a row, which templates refuse.
        if answer.text:
            self._history += [Message("user", self._question), Message("assistant", answer.text)]
        turns = len(self._history) // 2
        self.border_subtitle = f"{turns} turn{'' if turns == 1 else 's'}" if turns else ""

    def on_resize(self) -> None:
        self.call_after_refresh(self._hold_the_end)

    def _hold_the_end(self) -> None:
        """Stay at the end once there is more than fits; before, an anchor would hang it at the bottom."""
        overflows = self.max_scroll_y > 0
        if overflows != self.is_anchored:
            self.anchor(overflows)

    async def forget(self) -> None:
        """Begin anew."""
        self.anchor(False)
        self._history.clear()
        self._turn = None
        self.border_subtitle = ""
        await self.query(Turn).remove()
        await self.query("Static.dim").remove()
        await self.mount(*self.compose())
