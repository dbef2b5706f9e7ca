"""Data sets of the Hugging Face Hub, fetched by a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from workbench.data.workers import run_workers


def fetch(
    name: str,
    *,
    configuration: str | None = None,
    split: str | None = None,
    folder: str | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> tuple[list[Path], list[str]]:
    """The Arrow files that `datasets` keeps of a data set on the hub, and sentences on what was chosen.

    What has been fetched before is found without the hub. No code from the hub is run. It is done in another
    process, since `datasets` brings much along, waits long and cannot be stopped.

    Args:
        name: `org/name`.
        configuration: which one, where it has several.
        split: which one; `train` if it is None, or the first where there is no `train`.
        folder: the folder of its repository that holds the data.
        progress: told the share that is done, 0 to 1.
        cancelled: asked ten times a second whether to stop.

    Raises:
        WorkbenchError: the hub cannot be reached, or its answer is no data set that can be opened.
        WrongUse: it has no such configuration or split.
        WorkStopped: `cancelled` said so.
    """
    order = {"name": name, "configuration": configuration, "split": split, "folder": folder}
    found = run_workers("workbench.data.hub_worker", [order], progress=progress, cancelled=cancelled)[0]
    return [Path(file) for file in found["files"]], found["notes"]
