"""An index on the disk: what a part of the rows writes, how parts are joined, and how the whole is mapped.

index.json          the columns, which of them each file of cells has, and a checksum of every file
*.numbers           one column of numbers each: where the rows lie, their facts, which are bad
categories.arrow    which of a few values each row has
part-N/             cells-M.arrow: a new one where a new column was met; reasons.arrow: of the bad rows
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path
from typing import Any

import pyarrow
from pyarrow import ipc
from xxhash import xxh3_64

from workbench.data.arrays import numbers_in
from workbench.data.health.categories import merge
from workbench.data.health.facts import Facts, facts_schema
from workbench.data.index import numbers
from workbench.data.index.bad_rows import BadRows
from workbench.data.index.index import Cells, Index
from workbench.data.index.passing import Batch, Pass
from workbench.data.table import MOST_COLUMNS

TOLD = "index.json"
_CATEGORIES = "categories.arrow"
_REASONS = "reasons.arrow"
_REASONS_SCHEMA = pyarrow.schema([("reason", pyarrow.string())])
_PIECE = 256 << 10


class Damaged(Exception):
    """The folder does not hold the index that it says it holds."""


@dataclass(frozen=True)
class PartFound:
    """What was found in a part; it travels between processes as JSON.

    `cells` are the columns of each file of cells.
    """

    rows: int
    columns: list[str]
    cells: list[list[str]]


def write_part(batches: Iterable[Batch], seen: Pass, folder: Path) -> PartFound:
    """Write what a pass finds to `folder`, batch by batch.

    Raises:
        OSError: the disk is full, or the like.
    """
    folder.mkdir()
    schema = facts_schema()
    files = numbers.NumberFiles(folder, [numbers.START, numbers.LENGTH, numbers.BAD, *schema.names])
    cells: list[list[str]] = []
    writer: ipc.RecordBatchFileWriter | None = None
    reasons = ipc.new_file(str(folder / _REASONS), _REASONS_SCHEMA)
    try:
        for batch in batches:
            files.write(numbers.START, batch.starts)
            files.write(numbers.LENGTH, batch.lengths)
            for name, column in zip(schema.names, batch.facts.columns, strict=True):
                files.write(name, numbers_in(column))
            if not cells or list(batch.names) != cells[-1]:
                if writer:
                    writer.close()
                writer = ipc.new_file(str(folder / _cells(len(cells))), batch.cells.schema)
                cells.append(list(batch.names))
            assert writer
            writer.write_batch(batch.cells)
            if batch.bad:
                files.write(numbers.BAD, batch.bad)
                reasons.write_batch(pyarrow.record_batch([batch.reasons], schema=_REASONS_SCHEMA))
    finally:
        files.close()
        reasons.close()
        if writer:
            writer.close()
    _write(folder / _CATEGORIES, seen.categories.to_arrow())
    return PartFound(seen.rows, list(seen.columns), cells)


def missed_columns(parts: Sequence[PartFound]) -> list[str] | None:
    """All columns in order, if a part has no cells of one that is shown though it met it; else None.

    That happens where parts meet more than 64 columns in different order.
    """
    shown = all_columns(parts)[:MOST_COLUMNS]
    for part in parts:
        met, kept = set(part.columns), {name for names in part.cells for name in names}
        if any(name in met and name not in kept for name in shown):
            return all_columns(parts)
    return None


def all_columns(parts: Sequence[PartFound]) -> list[str]:
    """The columns of all parts, in the order in which they are met."""
    return list(dict.fromkeys(name for part in parts for name in part.columns))


def join_parts(parts: Sequence[PartFound], folder: Path) -> None:
    """Make one index of the parts in `folder`/part-0, part-1, …

    Raises:
        OSError: the disk is full, or the like.
    """
    places = [part_folder(folder, at) for at in range(len(parts))]
    for name in (numbers.START, numbers.LENGTH, *facts_schema().names):
        numbers.join(name, places, folder)
    before = [0, *accumulate(part.rows for part in parts)]
    numbers.join_shifted(numbers.BAD, places, before[:-1], folder)
    numbers.write_counting(numbers.ROW, before[-1], folder)
    _write(folder / _CATEGORIES, merge([_read(place / _CATEGORIES) for place in places]))
    for place in places:
        (place / _CATEGORIES).unlink()
        for file in place.glob(f"*{numbers.SUFFIX}"):
            file.unlink()
    told = {
        "columns": all_columns(parts),
        "cells": [part.cells for part in parts],
        "sums": {str(file.relative_to(folder)): checksum(file) for file in sorted(_files(folder))},
    }
    (folder / TOLD).write_text(json.dumps(told))


def map_index(folder: Path) -> Index:
    """The index in `folder`; it goes on working when the folder is removed.

    Raises:
        Damaged: it is not there, or not as it was written.
    """
    try:
        told = json.loads((folder / TOLD).read_text())
        for name, expected in told["sums"].items():
            if checksum(folder / name) != expected:
                raise Damaged(name)
        return _mapped(folder, told)
    except (OSError, ValueError, KeyError, TypeError, pyarrow.ArrowException) as error:
        raise Damaged(str(error)) from error


def _mapped(folder: Path, told: dict[str, Any]) -> Index:
    cells, reasons = [], []
    for at, files in enumerate(told["cells"]):
        place = part_folder(folder, at)
        reasons += _batches(place / _REASONS)
        cells += [Cells(names, _batches(place / _cells(n))) for n, names in enumerate(files)]
    schema = facts_schema()
    facts = [numbers.mapped(folder, field.name, field.type) for field in schema]
    row_numbers = numbers.mapped(folder, numbers.ROW, pyarrow.int64())
    found = Index(
        columns=told["columns"],
        starts=numbers_in(numbers.mapped(folder, numbers.START, pyarrow.uint64())),
        lengths=numbers_in(numbers.mapped(folder, numbers.LENGTH, pyarrow.uint64())),
        bad=BadRows(
            numbers_in(numbers.mapped(folder, numbers.BAD, pyarrow.int64())),
            pyarrow.chunked_array([batch.column(0) for batch in reasons], pyarrow.string()),
        ),
        facts=Facts(pyarrow.Table.from_arrays(facts, schema=schema)),
        counted=_read(folder / _CATEGORIES),
        cells=cells,
        numbers=row_numbers,
        folder=folder,
    )
    if (
        not len(row_numbers)
        == found.rows
        == len(found.facts)
        == sum(len(b) for c in cells for b in c.batches)
    ):
        raise Damaged("its parts differ in length")
    return found


def part_folder(folder: Path, at: int) -> Path:
    """Where part `at` of an index lies."""
    return folder / f"part-{at}"


def checksum(file: Path) -> str:
    """Of the size, the beginning, the middle and the end: it tells what a full disk or a crash leaves."""
    size = file.stat().st_size
    found = xxh3_64(str(size).encode())
    with file.open("rb") as opened:
        for begin in (0, size // 2, size - _PIECE):
            opened.seek(max(0, begin))
            found.update(opened.read(_PIECE))
    return found.hexdigest()


def _cells(at: int) -> str:
    return f"cells-{at}.arrow"


def _files(folder: Path) -> Iterator[Path]:
    return (file for file in folder.rglob("*") if file.suffix in (numbers.SUFFIX, ".arrow"))


def _write(path: Path, batch: pyarrow.RecordBatch) -> None:
    with ipc.new_file(str(path), batch.schema) as writer:
        writer.write_batch(batch)


def _batches(path: Path) -> list[pyarrow.RecordBatch]:
    with pyarrow.memory_map(str(path)) as mapped:
        reader = ipc.open_file(mapped)
        return [reader.get_batch(at) for at in range(reader.num_record_batches)]


def _read(path: Path) -> pyarrow.RecordBatch:
    return _batches(path)[0]
