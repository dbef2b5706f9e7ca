"""Answers as they are written: in a thread of their own, read by the screen when it likes."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from workbench.chat.backend import Backend, Sampling
    from workbench.data.conversation import Message

State = Literal["waiting", "reading", "writing", "done", "stopped", "failed"]
ENDED: tuple[State, ...] = ("done", "stopped", "failed")


class Answer:
    """One answer. One thread writes it (`run`); another takes what came since it last looked.

    `reading` is the time in which the model reads the prompt, up to the first token. `text` is all that
    came, as the model wrote it: untrusted. `problem` is a sentence, if there was one.
    """

    def __init__(
        self, backend: Backend, messages: Sequence[Message], sampling: Sampling, stop: threading.Event
    ) -> None:
        self.state: State = "waiting"
        self.text = ""
        self.problem: str | None = None
        self.tokens = 0
        self._backend, self._messages, self._sampling, self._stop = backend, messages, sampling, stop
        self._fresh: deque[str] = deque()
        self._began: float | None = None
        self._first: float | None = None
        self._tokens_at_first = 0
        self._last: float | None = None

    @property
    def ended(self) -> bool:
        """Whether nothing more will come."""
        return self.state in ENDED

    @property
    def seconds(self) -> float:
        """How long it has been at work."""
        if self._began is None:
            return 0.0
        return (self._last if self.ended and self._last else time.monotonic()) - self._began

    @property
    def first_token_s(self) -> float | None:
        """Seconds from the question to the first token."""
        return self._first - self._began if self._first and self._began else None

    @property
    def tokens_per_s(self) -> float | None:
        """Tokens a second after the first piece."""
        if self._first is None or self._last is None or self._last <= self._first:
            return None
        return (self.tokens - self._tokens_at_first) / (self._last - self._first)

    def take(self) -> str:
        """What was written since the last call."""
        pieces = []
        while self._fresh:
            pieces.append(self._fresh.popleft())
        return "".join(pieces)

    def run(self) -> None:
        """Write the answer. Blocks until it ends; never raises."""
        from workbench.errors import WorkbenchError

        if self._stop.is_set():
            self.state = "stopped"
            return
        self._began = time.monotonic()
        self.state = "reading"
        try:
            for piece in self._backend.stream(self._messages, self._sampling, self._stop):
                self._add(piece)
            self.tokens = self._backend.tokens
            self.state = "stopped" if self._stop.is_set() else "done"
        except WorkbenchError as error:
            self._fail(str(error))
        except Exception as error:
            # Whatever the libraries below raise, the conversation goes on.
            self._fail(f"The model could not answer: {type(error).__name__}: {error}")

    def _add(self, piece: str) -> None:
        self._last = time.monotonic()
        self.tokens = self._backend.tokens
        if self._first is None:
            self._first, self._tokens_at_first = self._last, self.tokens
        self.text += piece
        self._fresh.append(piece)
        self.state = "writing"

    def _fail(self, problem: str) -> None:
        self.problem = problem
        self.state = "failed"


def answer_in_turn(answers: Iterable[Answer]) -> None:
    """Write `answers` one after another, in a thread that does not keep the program from ending."""
    queue = list(answers)

    def work() -> None:
        for answer in queue:
            answer.run()

    threading.Thread(target=work, name="answering", daemon=True).start()
