"""The events of a run as their readers see them: whole lines of events.jsonl, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

Event = dict[str, Any]

VERSION = 1
_CHUNK = 8 * 1024 * 1024
_LAST_BYTES = 64 * 1024


class EventTail:
    """Follows an events file by byte offset. Any number of them may follow one file.

    The offset only ever stands after a whole line: a line that is still being written is read again, so
    a writer may take an unfinished one back. Lines that are no event are counted in `damaged`.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.offset = 0
        self.damaged = 0
        self._next_seq = 0

    def read(self, at_most: int = _CHUNK) -> list[Event]:
        """The events since the last call, about `at_most` bytes of them; [] if there are none yet."""
        data = self._whole_lines(at_most)
        if not data:
            return []
        self.offset += len(data)
        events, damaged = parse_lines(data)
        self.damaged += damaged
        # Only a file that was replaced by a shorter one gives what was given before.
        fresh = [event for event in events if event["seq"] >= self._next_seq]
        if fresh:
            self._next_seq = fresh[-1]["seq"] + 1
        return fresh

    def _whole_lines(self, at_most: int) -> bytes:
        try:
            with self.path.open("rb", buffering=0) as file:
                size = file.seek(0, 2)
                if size < self.offset:
                    self.offset = 0
                file.seek(self.offset)
                data = file.read(at_most)
                while b"\n" not in data and self.offset + len(data) < size:
                    data += file.read(at_most)
        except OSError:
            return b""
        return data[: data.rfind(b"\n") + 1]


def read_events(path: Path) -> list[Event]:
    """All events of a file, in order; [] where there is no file."""
    tail = EventTail(path)
    events: list[Event] = []
    while chunk := tail.read():
        events += chunk
    return events


def last_events(path: Path, n_bytes: int = _LAST_BYTES) -> list[Event]:
    """The events in the last `n_bytes` of a file."""
    try:
        with path.open("rb", buffering=0) as file:
            start = max(file.seek(0, 2) - n_bytes, 0)
            file.seek(start)
            data = file.read(n_bytes)
    except OSError:
        return []
    if start:
        data = data[data.find(b"\n") + 1 :]
    return parse_lines(data[: data.rfind(b"\n") + 1])[0]


def parse_lines(data: bytes) -> tuple[list[Event], int]:
    """The events of whole lines, and how many lines were none."""
    text = data.decode("utf-8", errors="replace").removesuffix("\n")
    try:
        # One call for all of them is much faster than one a line.
        parsed = json.loads(f"[{text.replace(chr(10), ',')}]")
        if len(parsed) == text.count("\n") + 1 and all(map(_is_event, parsed)):
            return parsed, 0
    except (ValueError, RecursionError):
        pass
    lines = text.split("\n")
    events = [event for line in lines if (event := parse_line(line)) is not None]
    return events, sum(map(bool, lines)) - len(events)


def parse_line(line: str | bytes) -> Event | None:
    """The event of one line, or None where it is none."""
    try:
        value = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return value if _is_event(value) else None


def _is_event(value: object) -> bool:
    return isinstance(value, dict) and type(value.get("seq")) is int and type(value.get("kind")) is str
