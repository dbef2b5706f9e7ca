"""What a row of a data file means: who says what, and which of it is the answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

# Who speaks for the model: what these roles say is what can be trained.
MODEL_ROLES = ("assistant", "function_call")


@dataclass(frozen=True, slots=True)
class Message:
    """One turn. `role` is system, user, assistant, tool (what a tool returned) or function_call.

    The content of a function_call is JSON, `{"name": …, "arguments": …}` or a list of such; `preface` is
    what the model says in the same turn before it calls. `call_ids` are the ids of its calls, in order; for
    a tool turn the one that it answers, and `name` is the tool's. Where `trained` is false, what the model
    says is there to be read only.
    """

    role: str
    content: str
    preface: str = ""
    call_ids: tuple[str, ...] = ()
    name: str = ""
    trained: bool = True


@dataclass(frozen=True, slots=True)
class Conversation:
    """A row, read. `row` is its number in the file, from 1.

    Exactly one of these holds: `text` is set (plain text, no messages); `chosen` and `rejected` are set
    (two answers to `messages`); `label` is set (a wish or a warning about the last answer); or none, and
    `messages` alone is what there is to learn. `tools` is the JSON list of tools on offer.
    """

    messages: tuple[Message, ...]
    row: int
    text: str | None = None
    tools: str | None = None
    chosen: Message | None = None
    rejected: Message | None = None
    label: bool | None = None

    def strings(self) -> Iterator[tuple[str, str]]:
        """Every text of the row with a name for it: what a tokenizer will have to read."""
        for index, message in enumerate(self.messages, start=1):
            yield f"turn {index} ({message.role})", message.preface + message.content
        for name in ("text", "tools"):
            if value := getattr(self, name):
                yield name, value
        for name in ("chosen", "rejected"):
            if answer := getattr(self, name):
                yield name, answer.preface + answer.content

    @property
    def prompt(self) -> tuple[Message, ...]:
        """The messages before the last answer; all of them where no message is an answer."""
        for index in range(len(self.messages) - 1, -1, -1):
            if self.messages[index].role in MODEL_ROLES:
                return self.messages[:index]
        return self.messages

    @property
    def answer(self) -> Message | None:
        """The last thing that the model says, or the chosen one of two answers."""
        if self.chosen is not None:
            return self.chosen
        for message in reversed(self.messages):
            if message.role in MODEL_ROLES:
                return message
        return None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that cannot be used. `row` counts good and bad rows in file order, from 1."""

    row: int
    reason: str
