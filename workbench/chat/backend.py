"""What the chat asks of a model, wherever it runs."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from workbench.data.conversation import Message
from workbench.errors import WorkbenchError, WrongUse


@dataclass(frozen=True, slots=True)
class Sampling:
    """How the next token is chosen; the names and the order of the steps are transformers'.

    `temperature` 0 takes the likeliest token always; `top_k` 0 and `top_p` 1 leave all tokens in.
    Without a `seed` each answer is drawn anew.

    Raises:
        WrongUse: a value is out of range.
    """

    temperature: float = 0.7
    top_p: float = 0.9
    top_k: int = 50
    max_new_tokens: int = 512
    repetition_penalty: float = 1.0
    seed: int | None = None

    def __post_init__(self) -> None:
        for name, value, fits, range_ in (
            (
                "temperature",
                self.temperature,
                self.temperature == 0 or 0.01 <= self.temperature <= 10,
                "0 (greedy), or from 0.01 to 10",
            ),
            ("top_p", self.top_p, 0 < self.top_p <= 1, "above 0 and at most 1"),
            ("top_k", self.top_k, self.top_k >= 0, "0 (off) or more"),
            ("max_new_tokens", self.max_new_tokens, self.max_new_tokens >= 1, "at least 1"),
            (
                "repetition_penalty",
                self.repetition_penalty,
                0 < self.repetition_penalty <= 10,
                "above 0 and at most 10; 1 is off",
            ),
            ("seed", self.seed, self.seed is None or 0 <= self.seed < 2**31, "0 or more, below 2^31"),
        ):
            if not fits:
                raise WrongUse(f"{name} is {value}, and must be {range_}")


class ContextFull(WorkbenchError):
    """The conversation does not fit, or the answer reached the end of the model's context."""


class Backend(Protocol):
    """A model that answers. `name` is what a pane is headed with.

    `tokens` counts those of the answer under way, or of the last one: a piece of text may be several.
    """

    name: str
    tokens: int

    def stream(self, messages: Sequence[Message], sampling: Sampling, stop: threading.Event) -> Iterator[str]:
        """The answer to `messages`, piece by piece, as the model wrote it and in whole characters.

        The text is untrusted: whoever shows it in a terminal passes it through `printable`. Setting
        `stop`, or closing the iterator, ends it soon and without an error.

        Raises:
            ContextFull: before the first piece, if `messages` are too long; after the last one, if the
                context ended before the answer did.
            WorkbenchError: the model cannot answer; what came before stands.
        """
        ...

    def close(self) -> None:
        """Let go of what only this backend holds."""
        ...
