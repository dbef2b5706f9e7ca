"""A process that sketches a share of the rows: `python -m workbench.data.health.near_worker`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy

from workbench.data.health.halves import read_halves
from workbench.data.health.sketch import PERMUTATIONS, sketches
from workbench.data.sharing import shared_dataset
from workbench.data.workers import serve


def sketch_rows(order: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """Write the sketches of the rows that the order names to their place in the file that it names."""
    dataset = shared_dataset(order)
    common = numpy.array(order["common"], numpy.uint64)
    shape = (dataset.rows, PERMUTATIONS)
    matrix = numpy.memmap(order["file"], numpy.uint32, "r+", shape=shape)
    place, end = order["first"] - 1, order["last"]
    rows = (half for _, half in read_halves(dataset, range(place + 1, end + 1)))
    count = end - place
    for part in sketches(rows, common):
        matrix[place : place + len(part)] = part
        place += len(part)
        progress(1 - (end - place) / count)
    return {}


if __name__ == "__main__":
    serve(sketch_rows)
