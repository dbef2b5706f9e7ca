"""Going through all rows: in this thread where they are few, in worker processes where they are many."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from dataclasses import asdict
from pathlib import Path

from workbench.data.containers.base import Container, Located, Part
from workbench.data.index.folder import PartFound, join_parts, missed_columns, part_folder, write_part
from workbench.data.index.index import Index, index_in_memory
from workbench.data.index.job import Job
from workbench.data.index.passing import Pass
from workbench.data.workers import WorkStopped, run_workers, worker_count

Progress = Callable[[float], None] | None
Cancelled = Callable[[], bool] | None

# Bytes. Below, a worker would take longer to start than it saves; the app stays usable meanwhile.
IN_THIS_THREAD = 24 << 20
_LEAST_PART = 8 << 20
_WORKER = "workbench.data.index.worker"


def pass_over(
    job: Job, container: Container, rows: Iterable[Located], progress: Progress, cancelled: Cancelled
) -> Index:
    """Go through these rows here and hold what is found in memory.

    Raises:
        WorkbenchError: the file was changed.
        WorkStopped: `cancelled` said so.
    """
    seen = Pass(job.reader(), dict.fromkeys(container.columns), _look(container, progress, cancelled))
    return index_in_memory(seen.batches(rows), seen)


def build_index(
    job: Job, container: Container, folder: Path, progress: Progress, cancelled: Cancelled
) -> None:
    """Go through all rows and write the index into the empty `folder`.

    Raises:
        WorkbenchError: the file was changed, or a worker died.
        WorkStopped: `cancelled` said so.
        OSError: the folder cannot be written, the disk is full, or the like.
    """
    if container.size < IN_THIS_THREAD:
        seen = Pass(job.reader(), dict.fromkeys(container.columns), _look(container, progress, cancelled))
        join_parts([write_part(seen.batches(container.scan()), seen, part_folder(folder, 0))], folder)
        return
    parts = container.parts(max(1, min(worker_count(), container.size // _LEAST_PART)))
    found = _found_by_workers(job, parts, list(container.columns), folder, progress, cancelled)
    if columns := missed_columns(found):
        for at in range(len(parts)):
            shutil.rmtree(part_folder(folder, at))
        found = _found_by_workers(job, parts, columns, folder, progress, cancelled)
    join_parts(found, folder)


def _found_by_workers(
    job: Job, parts: list[Part], columns: list[str], folder: Path, progress: Progress, cancelled: Cancelled
) -> list[PartFound]:
    orders = [_order(job, part, columns, part_folder(folder, at)) for at, part in enumerate(parts)]
    told = run_workers(_WORKER, orders, progress=progress, cancelled=cancelled)
    return [PartFound(**found) for found in told]


def _order(job: Job, part: Part, columns: list[str], folder: Path) -> dict[str, object]:
    return {"job": job.as_json(), "part": asdict(part), "columns": columns, "folder": str(folder)}


def _look(container: Container, progress: Progress, cancelled: Cancelled) -> Callable[[Located], None]:
    def look(place: Located) -> None:
        if cancelled and cancelled():
            raise WorkStopped("it was stopped")
        if progress:
            progress(container.fraction(None, place[0] + place[1]))

    return look
