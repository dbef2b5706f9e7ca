"""Following a run until it ends."""

from __future__ import annotations

import threading
from collections.abc import Iterator

from workbench.runs.directory import RunDirectory
from workbench.runs.events import Event, EventTail
from workbench.runs.status import read_status


def follow(
    run: RunDirectory,
    *,
    tail: EventTail | None = None,
    cancelled: threading.Event | None = None,
    poll_s: float = 0.25,
) -> Iterator[list[Event]]:
    """The events of a run as they come, some at a time, until it has ended or `cancelled` is set.

    Args:
        tail: where to go on reading; otherwise from the first event.
    """
    tail = tail or EventTail(run.events_file)
    cancelled = cancelled or threading.Event()
    while not cancelled.is_set():
        # Looked at first: what was written before the end is read after it.
        live = read_status(run).live
        if events := tail.read():
            yield events
        elif not live:
            return
        else:
            cancelled.wait(poll_s)
