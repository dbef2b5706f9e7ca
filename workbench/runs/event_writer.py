"""The one writer of a run's events: gap-free numbers, whole lines, and no harm from a full disk."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import json
import math
import os
import threading
import time
import weakref
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from workbench.atomic import write_failure
from workbench.errors import WorkbenchError
from workbench.runs.events import VERSION, Event, parse_line

_BLOCK = 64 * 1024
_WAITING_BYTES = 16 * 1024 * 1024
_NO_LOCKS = (errno.ENOLCK, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EINVAL)


class EventWriter:
    """Appends events to a file, numbered on from what stands there.

    A lock on the file keeps a second writer out, also one of another process; it ends with the process.
    What cannot be written (disk full) waits in memory, 16 MiB at most, and is tried again with every
    later event: the file is at any time a beginning of the whole story, cut between two lines.

    Args:
        path: the events file; made if it is not there. A last line that was cut off is taken away.
        wait_s: how long to wait for another writer to end.

    Raises:
        WorkbenchError: the file cannot be written, or another process writes it.
    """

    def __init__(self, path: Path, *, wait_s: float = 0.0) -> None:
        self.path = path
        self.lost = 0
        self._lock = threading.Lock()
        self._waiting: deque[bytes] = deque()
        self._waiting_bytes = 0
        self._trouble: OSError | None = None
        try:
            self._fd = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            raise write_failure(path, error) from error
        try:
            _lock_file(self._fd, path, wait_s)
            self._seq = _mend(self._fd)
            self._size = os.fstat(self._fd).st_size
        except BaseException as error:
            os.close(self._fd)
            if isinstance(error, OSError):
                raise write_failure(path, error) from error
            raise
        _forget_in_forked_children(self)

    @property
    def next_seq(self) -> int:
        """The number of the next event."""
        return self._seq

    @property
    def trouble(self) -> str | None:
        """Why events wait in memory, as a sentence; None while none do."""
        trouble = self._trouble
        return str(write_failure(self.path, trouble)) if trouble else None

    def write(self, kind: str, **fields: object) -> Event:
        """Append one event, and give it as its readers will see it.

        Never raises for the disk's sake: see `trouble`. Numbers that are not finite become null, and
        their names stand in `non_finite`.
        """
        with self._lock:
            event = _event(self._seq, kind, fields)
            if self._waiting_bytes > _WAITING_BYTES:
                self.lost += 1
            else:
                line = _line(event)
                self._seq += 1
                self._waiting.append(line)
                self._waiting_bytes += len(line)
            self._flush()
        return event

    def flush(self) -> None:
        """Try once more to write what waits."""
        if self._waiting:
            with self._lock:
                self._flush()

    def close(self) -> None:
        """Write what waits if that is possible now, and let the next writer in."""
        with self._lock:
            if self._fd < 0:
                return
            self._flush()
            with contextlib.suppress(OSError):
                os.fsync(self._fd)
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> EventWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _flush(self) -> None:
        while self._waiting and self._fd >= 0:
            line = self._waiting[0]
            written = 0
            try:
                while written < len(line):
                    written += os.write(self._fd, line[written:])
            except OSError as error:
                if written:
                    self._take_back(written)
                self._trouble = error
                return
            self._waiting.popleft()
            self._waiting_bytes -= len(line)
            self._size += len(line)
        self._trouble = None

    def _take_back(self, written: int) -> None:
        """Undo half a line; where that is not possible either, keep the other half to be written next."""
        try:
            os.ftruncate(self._fd, self._size)
        except OSError:
            self._waiting[0] = self._waiting[0][written:]
            self._waiting_bytes -= written
            self._size += written


def _event(seq: int, kind: str, fields: Mapping[str, object]) -> Event:
    non_finite: list[str] = []
    event: Event = {"v": VERSION, "seq": seq, "time": round(time.time(), 3), "kind": kind}
    for name, value in fields.items():
        if name in event or name == "non_finite":
            raise ValueError(f"{name!r} is a name of the protocol")
        event[name], finite = _plain(value)
        if not finite:
            non_finite.append(name)
    if non_finite:
        event["non_finite"] = non_finite
    return event


def _line(event: Event) -> bytes:
    try:
        return json.dumps(event, ensure_ascii=False, allow_nan=False).encode() + b"\n"
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8, but an escape
        return json.dumps(event, allow_nan=False).encode() + b"\n"


def _plain(value: object) -> tuple[Any, bool]:
    """`value` as what JSON has, and whether all numbers in it were finite."""
    if value is None or isinstance(value, bool | int | str):
        return value, True
    if isinstance(value, float):
        return (float(value), True) if math.isfinite(value) else (None, False)
    if isinstance(value, Mapping):
        pairs = [(str(key), _plain(item)) for key, item in value.items()]
        return {key: item for key, (item, _) in pairs}, all(finite for _, (_, finite) in pairs)
    if isinstance(value, list | tuple | set | frozenset):
        items = [_plain(item) for item in value]
        return [item for item, _ in items], all(finite for _, finite in items)
    item = getattr(value, "item", None)  # a numpy or torch scalar
    if callable(item):
        return _plain(item())
    return str(value), True


def _lock_file(fd: int, path: Path, wait_s: float) -> None:
    deadline = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except OSError as error:
            if error.errno in _NO_LOCKS:
                return
            if error.errno not in (errno.EWOULDBLOCK, errno.EACCES):
                raise
        if time.monotonic() >= deadline:
            raise WorkbenchError(
                "another process writes this run",
                where=path.parent.name,
                remedy="Wait for it to end, or stop it with `workbench stop`.",
            )
        time.sleep(0.02)


def _mend(fd: int) -> int:
    """End the file with a whole line; the number of the next event."""
    size = os.fstat(fd).st_size
    end = size
    rest = b""
    seq = -1
    while end > 0 and seq < 0:
        start = max(end - _BLOCK, 0)
        rest = os.pread(fd, end - start, start) + rest
        whole = rest if start == 0 else rest[rest.find(b"\n") + 1 :]
        if b"\n" in rest or start == 0:
            seq = _last_seq(whole)
        end = start
    if size and not rest.endswith(b"\n"):
        fragment = rest[rest.rfind(b"\n") + 1 :]
        if parse_line(fragment) is not None:
            os.write(fd, b"\n")
        else:
            # Cut off, not ended: every line of the file stays an event.
            os.ftruncate(fd, size - len(fragment))
    return seq + 1


def _last_seq(data: bytes) -> int:
    for line in reversed(data.split(b"\n")):
        event = parse_line(line) if line else None
        if event is not None:
            return int(event["seq"])
    return -1


def _forget_in_forked_children(writer: EventWriter) -> None:
    """A forked worker would hold the lock beyond its parent's death."""
    reference = weakref.ref(writer)

    def forget() -> None:
        inherited = reference()
        if inherited is not None and inherited._fd >= 0:
            os.close(inherited._fd)
            inherited._fd = -1

    os.register_at_fork(after_in_child=forget)
