"""Garbage collection that no key has to wait for."""

from __future__ import annotations

import gc
import time

LONG_S = 0.008


class ShortCollections:
    """Leaves objects that a long collection has seen survive out of the later ones.

    Python looks at every object in a full collection: with transformers imported and a screen drawn that
    is 70 ms every other second of walking through rows. What is left out is still freed when nothing
    refers to it; only circles among it stay.
    """

    def __init__(self) -> None:
        self._started = 0.0

    def begin(self) -> None:
        """Collect again, from what is new since now."""
        gc.freeze()
        gc.enable()
        gc.callbacks.append(self._watch)

    def end(self) -> None:
        """The app is closed; what follows in this process is collected as ever."""
        if self._watch in gc.callbacks:
            gc.callbacks.remove(self._watch)
            gc.unfreeze()

    def _watch(self, phase: str, info: dict[str, int]) -> None:
        if info["generation"] != 2:
            return
        if phase == "start":
            self._started = time.perf_counter()
        elif time.perf_counter() - self._started > LONG_S:
            gc.freeze()
