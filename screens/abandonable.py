"""Long calls that cannot be stopped, and must not hold up the app's end."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

Result = TypeVar("Result")

LOOK_EVERY_S = 0.05


class Abandoned(Exception):
    """Nobody waits for the result any more."""


def abandonable(call: Callable[[], Result], cancelled: Callable[[], bool]) -> Result:
    """The result of `call`, waited for in this thread, which has to be a worker's.

    The call runs in a thread of its own that the program's end does not wait for: an import of some
    seconds, the reading of a large file. The workers' own threads are all joined when the app closes.

    Raises:
        Abandoned: `cancelled` said so; the call goes on, and its result is dropped.
        Exception: whatever the call raised.
    """
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(call())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run, name="abandonable", daemon=True)
    thread.start()
    while thread.is_alive():
        thread.join(LOOK_EVERY_S)
        if cancelled():
            raise Abandoned
    if errors:
        raise errors[0]
    return results[0]
