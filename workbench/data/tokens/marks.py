"""Characters that show where contents stand in a rendered text."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

# Two planes of private characters; one that the row does not use marks its contents.
_PLANES = (0xF0000, 0x100000)
_MOST_MARKED = 0x7FFF


@dataclass(slots=True)
class Places:
    """Where the contents of the messages begin and end in a text, as far as that is known.

    Of a turn that calls tools the end is that of the last call's name.
    """

    begins: dict[int, int] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)


class Unmarked:
    """No marks at all: nothing is known of where contents stand."""

    def put(self, messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        return list(messages)

    def read(self, text: str) -> tuple[str, Places]:
        return text, Places()


class Marker(Unmarked):
    """Puts a character of its own at the end of each content, and one at its begin where asked to.

    With `with_calls` it puts one behind the name of the last call of a turn that calls tools.
    """

    def __init__(self, plane: int, *, with_begins: bool, with_calls: bool) -> None:
        self._plane = plane
        self._with_begins = with_begins
        self._with_calls = with_calls

    def put(self, messages: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """The messages with marks inside the blank space around their contents, which may be trimmed."""
        return [self._put(index, message) for index, message in enumerate(messages)]

    def read(self, text: str) -> tuple[str, Places]:
        """The text without the marks, and where they were; one found twice says nothing."""
        places = Places()
        plain: list[str] = []
        twice: list[tuple[dict[int, int], int]] = []
        length = last = 0
        for match in re.finditer(_any_of(self._plane), text):
            plain.append(text[last : match.start()])
            length += match.start() - last
            last = match.end()
            index, is_end = divmod(ord(match.group()) - self._plane, 2)
            found = places.ends if is_end else places.begins
            if index in found:
                twice.append((found, index))
            found[index] = length
        for found, index in twice:
            found.pop(index, None)
        return "".join(plain) + text[last:], places

    def _put(self, index: int, message: dict[str, Any]) -> dict[str, Any]:
        # The template writes the calls behind the content, so its end would say nothing of the turn's.
        if "tool_calls" in message:
            return self._put_call(index, message) if self._with_calls else message
        content: str = message["content"]
        core = content.strip()
        before, _, after = content.partition(core) if core else ("", "", content)
        begin = chr(self._plane + 2 * index) if self._with_begins else ""
        return {**message, "content": f"{before}{begin}{core}{chr(self._plane + 2 * index + 1)}{after}"}

    def _put_call(self, index: int, message: dict[str, Any]) -> dict[str, Any]:
        *others, last = message["tool_calls"]
        name = last["function"]["name"] + chr(self._plane + 2 * index + 1)
        return {**message, "tool_calls": [*others, {**last, "function": {**last["function"], "name": name}}]}


def markers(messages: Sequence[dict[str, Any]]) -> Iterator[Marker]:
    """Ways to mark these messages' contents, the most telling one first."""
    contents = "".join(message["content"] for message in messages)
    contents += "".join(
        call["function"]["name"] for message in messages for call in message.get("tool_calls", ())
    )
    for plane in _PLANES:
        if len(messages) <= _MOST_MARKED and not re.search(_any_of(plane), contents):
            if any("tool_calls" in message for message in messages):
                yield Marker(plane, with_begins=True, with_calls=True)
            yield Marker(plane, with_begins=True, with_calls=False)
            yield Marker(plane, with_begins=False, with_calls=False)
            return


def _any_of(plane: int) -> str:
    return f"[{chr(plane)}-{chr(plane + 0xFFFF)}]"
