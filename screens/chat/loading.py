"""Loading a model into this process, in a thread, told step by step."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

if TYPE_CHECKING:
    from workbench.chat.local import LocalModel


@dataclass
class ModelLoaded(Message):
    """The model of this load is in memory."""

    load: Load
    model: LocalModel


@dataclass
class LoadFailed(Message):
    """The model of this load could not be loaded, and why."""

    load: Load
    problem: str


class Load:
    """One model on its way into memory; its messages go to `listener`.

    It runs in a thread that does not keep the program from ending. Native code cannot be interrupted, so
    a load that was given up goes on until it is through and then frees what it loaded.
    """

    def __init__(self, name: str, listener: MessagePump, *, first_close: LocalModel | None = None) -> None:
        self.name = name
        self.phase = "importing torch and transformers"
        self._listener = listener
        self._first_close = first_close
        self._given_up = threading.Event()
        self._began = time.monotonic()

    @property
    def seconds(self) -> float:
        """How long it has been loading."""
        return time.monotonic() - self._began

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._run, name="loading", daemon=True).start()

    def give_up(self) -> None:
        """Nobody waits for this model any more."""
        self._given_up.set()

    def _run(self) -> None:
        from workbench.errors import WorkbenchError

        try:
            from workbench.chat.local import LocalModel

            if self._first_close is not None:
                # Two models at once may not fit into memory.
                self._first_close.close()
            self._tell("finding its files, or downloading them")
            model = LocalModel.load(self.name, self._tell)
        except WorkbenchError as error:
            self._listener.post_message(LoadFailed(self, str(error)))
        except Exception as error:
            # A broken installation or model must not take the app along.
            self._listener.post_message(LoadFailed(self, f"{type(error).__name__}: {error}"))
        else:
            if self._given_up.is_set() or not self._listener.post_message(ModelLoaded(self, model)):
                model.close()

    def _tell(self, phase: str) -> None:
        self.phase = phase
