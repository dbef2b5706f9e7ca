"""A search spread over processes, for sets so large that one alone takes long."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from workbench.data.finding.pattern import Pattern, Stopped
from workbench.data.sharing import as_order
from workbench.data.workers import WorkStopped, run_workers, worker_count

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset

# Processes take about a second to begin.
_WORTH_IT = 128 << 20


def is_worth_it(dataset: Dataset) -> bool:
    """Whether several processes are quicker: the set is large, and can be opened by them at once."""
    large = dataset.places()[0].size >= _WORTH_IT
    return large and dataset.complete and dataset.kept_in is not None and worker_count() > 1


def find(
    dataset: Dataset,
    pattern: Pattern,
    column: str | None,
    found: Callable[[numpy.ndarray[Any, Any]], None] | None,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool],
) -> list[int]:
    """Numbers of the rows that hold the pattern, in no order. See `find_rows`."""
    import numpy

    count = worker_count()
    bounds = [1 + dataset.rows * share // count for share in range(count + 1)]
    order = {
        **as_order(dataset),
        "pattern": [pattern.text, pattern.regex, pattern.match_case],
        "column": column,
    }
    orders = [{**order, "from": bounds[at], "to": bounds[at + 1]} for at in range(count)]
    hits: list[int] = []

    def news(rows: list[int]) -> None:
        hits.extend(rows)
        if found:
            found(numpy.asarray(rows, numpy.int64))

    try:
        run_workers(
            "workbench.data.finding.worker", orders, progress=progress, cancelled=cancelled, news=news
        )
    except WorkStopped:
        raise Stopped from None
    return hits
