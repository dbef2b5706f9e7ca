"""A process that goes through one part of the rows: `python -m workbench.data.index.worker`."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from workbench.data.containers.base import Located, Part
from workbench.data.index.folder import write_part
from workbench.data.index.job import Job
from workbench.data.index.passing import Batch, Pass
from workbench.data.workers import serve


def go_through(order: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """Index the part that the order names into the folder that it names."""
    job, part = Job.from_json(order["job"]), Part(**order["part"])
    container = job.container()

    def look(place: Located) -> None:
        progress(container.fraction(part, place[0] + place[1]))

    seen = Pass(job.reader(), dict.fromkeys(order["columns"]), look)
    batches = _tidied(seen.batches(container.scan(part)))
    return asdict(write_part(batches, seen, Path(order["folder"])))


def _tidied(batches: Iterator[Batch]) -> Iterator[Batch]:
    """Rows that are refused leave rings of garbage, which nobody looks for while a batch is made."""
    for batch in batches:
        yield batch
        gc.collect()


if __name__ == "__main__":
    serve(go_through)
