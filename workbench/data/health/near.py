"""Rows that are nearly an earlier one: a word changed, a name, punctuation."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy

from workbench.atomic import replace_bytes
from workbench.data.health.duplicates import repeated
from workbench.data.health.halves import read_halves
from workbench.data.health.shingles import jaccard
from workbench.data.health.sketch import (
    LEAST_FOR_COMMON,
    MOST_CANDIDATES,
    PERMUTATIONS,
    candidates,
    common_shingles,
    ranks,
    row_shingles,
    sketches,
)
from workbench.data.sharing import as_order
from workbench.data.workers import WorkStopped, run_workers, worker_count
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset

Array = numpy.ndarray[Any, Any]
Progress = Callable[[float], None] | None
Cancelled = Callable[[], bool] | None

SIMILAR = 0.8
# Rows from whose prompts it is learnt which instruction is given again and again.
_SAMPLE = 1_000
_VERIFIED_AT_ONCE = 1_024
# From so many rows on workers are worth their start, and a share is at least as large. Each worker does
# several, so that none ends late.
_FOR_WORKERS = 50_000
_MOST_SHARES = 4
_FILE = "near.npz"
# The shares of the time that sketching and finding candidates take, about.
_SKETCHED, _PAIRED = 0.7, 0.8


@dataclass(frozen=True, eq=False)
class NearDuplicates:
    """Rows near an earlier one and not equal to it, ascending; the earlier one; and how similar they are."""

    row_numbers: Array
    earlier: Array
    similarity: Array

    @property
    def count(self) -> int:
        """How many rows are near an earlier one."""
        return len(self.row_numbers)

    @property
    def pairs(self) -> Iterator[tuple[int, int, float]]:
        """Row, the earlier row that it is near, and their Jaccard similarity."""
        return zip(self.row_numbers.tolist(), self.earlier.tolist(), self.similarity.tolist(), strict=True)


def find_near(dataset: Dataset, *, progress: Progress = None, cancelled: Cancelled = None) -> NearDuplicates:
    """Rows whose text is nearly that of an earlier row: Jaccard similarity of at least 0.8.

    Compared are sets of three successive words (Chinese characters count as words) of all that user,
    model and tools say; passages that a tenth of all prompts have are left out of prompts. Rows equal to
    an earlier one are no near duplicates. Candidates come from sketches, by which 1 of 1,000 pairs that
    are just similar enough is missed; each is then compared exactly.

    Raises:
        WorkStopped: `cancelled` said so.
        WorkbenchError: the file was changed.
    """
    if kept := _kept(dataset):
        return kept
    look = Look(progress, cancelled)
    common = _common(dataset)
    included = numpy.ones(dataset.rows, bool)
    included[repeated(dataset.facts.row_hash) - 1] = False
    with _folder_beside(dataset) as folder:
        matrix = _sketched(dataset, common, folder, look)
        later, earlier = candidates(
            matrix,
            numpy.flatnonzero(included),
            lambda share: look(_SKETCHED + (_PAIRED - _SKETCHED) * share),
        )
        found = _verified(dataset, later + 1, earlier + 1, common, look)
    _keep(dataset, found)
    return found


def _common(dataset: Dataset) -> Array:
    if dataset.rows < LEAST_FOR_COMMON:
        return common_shingles(())
    rows = numpy.unique(numpy.linspace(1, dataset.rows, min(_SAMPLE, dataset.rows)).astype(int))
    asked = [half for _, (half, _) in read_halves(dataset, rows.tolist())]
    return common_shingles(asked)


def _sketched(dataset: Dataset, common: Array, folder: Path | None, look: Look) -> Array:
    """The sketches of all rows, [rows, 64] uint32; in a file in `folder` where workers made them."""
    if folder is not None and dataset.rows >= _FOR_WORKERS:
        return _sketched_by_workers(dataset, common, folder, look)
    matrix = numpy.empty((dataset.rows, PERMUTATIONS), numpy.uint32)
    done = 0
    halves = (half for _, half in read_halves(dataset, range(1, dataset.rows + 1)))
    for part in sketches(halves, common):
        matrix[done : done + len(part)] = part
        done += len(part)
        look(_SKETCHED * done / dataset.rows)
    return matrix


def _sketched_by_workers(dataset: Dataset, common: Array, folder: Path, look: Look) -> Array:
    file = folder / "sketches"
    with file.open("wb") as opened:
        opened.truncate(dataset.rows * PERMUTATIONS * 4)
    workers = worker_count()
    shares = max(workers, min(workers * _MOST_SHARES, dataset.rows // _FOR_WORKERS))
    bounds = numpy.linspace(0, dataset.rows, shares + 1).astype(int).tolist()
    order = {
        **as_order(dataset),
        "common": common.tolist(),
        "file": str(file),
    }
    run_workers(
        "workbench.data.health.near_worker",
        [{**order, "first": low + 1, "last": high} for low, high in pairwise(bounds)],
        progress=lambda share: look(_SKETCHED * share),
        cancelled=look.cancelled,
    )
    return numpy.memmap(file, numpy.uint32, "r", shape=(dataset.rows, PERMUTATIONS))


def _verified(dataset: Dataset, later: Array, earlier: Array, common: Array, look: Look) -> NearDuplicates:
    """Compare candidates exactly: of every row the likeliest first, the next only where that is not near."""
    turn = ranks(later)
    found: list[tuple[int, int, float]] = []
    done = 0
    for rank in range(MOST_CANDIDATES):
        near = numpy.array([row for row, _, _ in found], numpy.int64)
        chosen = numpy.flatnonzero((turn == rank) & ~numpy.isin(later, near))
        for start in range(0, len(chosen), _VERIFIED_AT_ONCE):
            look(_PAIRED + (1 - _PAIRED) * done / len(later))
            part = chosen[start : start + _VERIFIED_AT_ONCE]
            found += _similar(dataset, later[part], earlier[part], common)
            done += len(part)
    look(1.0)
    found.sort()
    return NearDuplicates(
        numpy.array([row for row, _, _ in found], numpy.int64),
        numpy.array([other for _, other, _ in found], numpy.int64),
        numpy.array([similarity for _, _, similarity in found], numpy.float64),
    )


def _similar(dataset: Dataset, rows: Array, others: Array, common: Array) -> Iterator[tuple[int, int, float]]:
    """Those of these pairs that are near, with their similarity."""
    needed = numpy.unique(numpy.concatenate([rows, others]))
    flat, offsets = row_shingles([half for _, half in read_halves(dataset, needed.tolist())], common)
    sets = [numpy.unique(flat[low:high]) for low, high in pairwise(offsets)]
    places = dict(zip(needed.tolist(), sets, strict=True))
    for row, other in zip(rows.tolist(), others.tolist(), strict=True):
        if (similarity := jaccard(places[row], places[other])) >= SIMILAR:
            yield row, other, similarity


@contextmanager
def _folder_beside(dataset: Dataset) -> Iterator[Path | None]:
    """A folder for what lies between, beside the index; None where that is not kept."""
    with ExitStack() as stack:
        folder = None
        if dataset.kept_in is not None:
            with suppress(OSError):
                made = tempfile.TemporaryDirectory(dir=dataset.kept_in, ignore_cleanup_errors=True)
                folder = Path(stack.enter_context(made))
        yield folder


def _kept(dataset: Dataset) -> NearDuplicates | None:
    """What was found before; it lies with the index, and goes with it when the file changes."""
    if dataset.kept_in is None:
        return None
    try:
        with numpy.load(dataset.kept_in / _FILE, allow_pickle=False) as kept:
            found = NearDuplicates(kept["row_numbers"], kept["earlier"], kept["similarity"])
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    lengths = {len(found.row_numbers), len(found.earlier), len(found.similarity)}
    return found if len(lengths) == 1 else None


def _keep(dataset: Dataset, found: NearDuplicates) -> None:
    if dataset.kept_in is None:
        return
    written = io.BytesIO()
    numpy.savez(written, **vars(found))
    # Not to be able to keep it costs time only.
    with suppress(OSError, WorkbenchError):
        replace_bytes(dataset.kept_in / _FILE, written.getvalue())


class Look:
    """Tells how far the work is, and stops it where that is wanted."""

    def __init__(self, progress: Progress, cancelled: Cancelled) -> None:
        self.progress, self.cancelled = progress, cancelled

    def __call__(self, share: float) -> None:
        if self.cancelled and self.cancelled():
            raise WorkStopped("looking for near duplicates was stopped")
        if self.progress:
            self.progress(share)
