"""Opening a data file: container, encoding and format by content, and every row gone through once."""

from __future__ import annotations

from array import array
from collections.abc import Callable
from pathlib import Path

from workbench.data.containers.base import Unreadable
from workbench.data.containers.sniff import open_container
from workbench.data.conversation import BadRow
from workbench.data.dataset import Dataset
from workbench.data.formats.detect import Format, detect_format, find_format
from workbench.data.formats.fields import RowProblem, kind
from workbench.errors import WorkbenchError
from workbench.paths import expanded

_SAMPLE = 200
_BETWEEN_REPORTS = 1000


class OpeningStopped(WorkbenchError):
    """The user stopped the opening of a file."""


def open_dataset(
    path: str | Path,
    *,
    format: str | None = None,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Dataset:
    """The rows of a file, each one read once, so that rows = good rows + bad rows.

    Args:
        path: a JSON list, JSON Lines, CSV, TSV, Parquet or text file, whatever its name says.
        format: take the rows as this format instead of detecting it.
        progress: told the share that is done, 0 to 1, now and then.
        cancelled: asked now and then whether to stop.

    Raises:
        WorkbenchError: the file is missing, empty, unreadable, or holds no rows.
        OpeningStopped: `cancelled` said so.
        WrongUse: there is no such format.
    """
    chosen = find_format(format) if format else None
    path = expanded(path)
    container = open_container(path)
    found, why = (chosen, "chosen by you") if chosen else detect_format(container.sample(_SAMPLE))
    if container.name == "text" and not chosen:
        why = "lines of plain text"
    columns = dict.fromkeys(container.columns)
    bad: list[BadRow] = []
    starts, lengths = array("Q"), array("Q")
    for row, (start, length, value) in enumerate(container.scan(), start=1):
        starts.append(start)
        lengths.append(length)
        if isinstance(value, dict) and not value.keys() <= columns.keys():
            columns.update(dict.fromkeys(value))
        if reason := problem(value, found, row):
            bad.append(BadRow(row, reason))
        if row % _BETWEEN_REPORTS == 0:
            _report(container.fraction(None, start + length), path, progress, cancelled)
    if not starts:
        raise WorkbenchError("the file holds no rows", where=str(path), remedy="Give a file with rows.")
    if progress:
        progress(1.0)
    return Dataset(path, container, found, why, list(columns), bad, starts, lengths)


def problem(value: object, format: Format | None, row: int) -> str | None:
    """Why this value is no good row of `format`; None if it is one."""
    if isinstance(value, Unreadable):
        return value.reason
    if not isinstance(value, dict):
        return f"the row is {kind(value)}, not an object with named columns"
    if format is None:
        return None
    try:
        for name, text in format.read(value, row).strings():
            _check_surrogates(name, text)
    except RowProblem as found:
        return str(found.args[0])
    except RecursionError:
        return "its lists and objects are nested too deeply"
    return None


def _check_surrogates(name: str, text: str) -> None:
    """JSON can spell half of a character; no tokenizer reads it."""
    if text.isascii():
        return
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = f"U+{ord(text[error.start]):04X}"
        raise RowProblem(
            f"{name} holds half of a surrogate pair ({half}) at character {error.start + 1:,}"
        ) from None


def _report(
    fraction: float,
    path: Path,
    progress: Callable[[float], None] | None,
    cancelled: Callable[[], bool] | None,
) -> None:
    if cancelled and cancelled():
        raise OpeningStopped("opening the file was stopped", where=str(path))
    if progress:
        progress(fraction)
