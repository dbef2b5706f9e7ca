"""Work in a thread that nobody has to wait for: it can be stopped, and the program's end does not join it."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from textual.message import Message
from textual.message_pump import MessagePump

from workbench.errors import WorkbenchError

BETWEEN_REPORTS_S = 0.25


@dataclass
class Progress(Message):
    """The share of the work that is done, 0 to 1."""

    work: Background
    share: float

    def can_replace(self, message: Message) -> bool:
        """Only the latest share matters."""
        return isinstance(message, Progress)


@dataclass
class Failed(Message):
    """The work cannot be done."""

    work: Background
    sentence: str


def sentence_of(error: Exception) -> str:
    """What is said of an error, also of one that nobody thought of: it is no reason to end the app."""
    if isinstance(error, WorkbenchError):
        return str(error)
    return f"a fault of the workbench itself: {type(error).__name__}: {error}"


class Background:
    """A subclass does its work in `run` and posts what it found; once stopped, nothing more is posted."""

    def __init__(self, listener: MessagePump) -> None:
        self._listener = listener
        self._stopped = threading.Event()
        self._last_report = time.monotonic()

    def start(self) -> None:
        """Begin; returns at once."""
        threading.Thread(target=self._run, name=type(self).__name__, daemon=True).start()

    def stop(self) -> None:
        """Post nothing more, and end soon."""
        self._stopped.set()

    @property
    def is_stopped(self) -> bool:
        """Whether nobody waits any more."""
        return self._stopped.is_set()

    def cancelled(self) -> bool:
        """`is_stopped`, as the engine asks for it."""
        return self._stopped.is_set()

    def told(self, share: float) -> None:
        """Pass the share that is done on, a few times a second."""
        if time.monotonic() - self._last_report > BETWEEN_REPORTS_S:
            self._last_report = time.monotonic()
            self.post(Progress(self, share))

    def post(self, message: Message) -> None:
        """Tell the listener, unless nobody waits any more."""
        if not self.is_stopped:
            self._listener.post_message(message)

    def run(self) -> None:
        """The work, in the thread.

        Raises:
            WorkbenchError: posted as Failed.
        """
        raise NotImplementedError

    def _run(self) -> None:
        try:
            self.run()
        except Exception as error:
            # In a thread of its own nobody else would hear of it.
            self.post(Failed(self, sentence_of(error)))
