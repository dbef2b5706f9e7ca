"""The rows that cannot be used, written to a file of their own."""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.atomic import write_failure
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.conversation import BadRow
    from workbench.data.dataset import Dataset

# Characters of a row that are kept: a row may be the whole of a broken file.
MOST_RAW = 1 << 24


class SavingStopped(WorkbenchError):
    """The user stopped it; no file was written."""


def save_bad_rows(
    dataset: Dataset,
    bad_rows: Iterable[BadRow],
    path: Path,
    *,
    progress: Callable[[int], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> int:
    """Write JSON Lines, an object a row: `row` (its number), `reason`, `raw` (as it stands in the file).

    Of a set of several files also `file` and `row_in_file`, the row's number there.
    The file is there whole or not at all; one that was there is replaced.

    Returns:
        How many rows were written.

    Raises:
        WorkbenchError: the file cannot be written, or the data was changed meanwhile.
        SavingStopped: `cancelled` said so.
    """
    written = 0
    beside: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "w", encoding="utf-8", errors="replace", newline="\n") as file:
            for bad in bad_rows:
                if cancelled and cancelled():
                    raise SavingStopped("the saving was stopped; nothing was written", where=str(path))
                row = {
                    "row": bad.row,
                    **dataset.origin_entry(bad.row),
                    "reason": bad.reason,
                    "raw": dataset.raw_text(bad.row, MOST_RAW),
                }
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                written += 1
                if progress:
                    progress(written)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
        beside = None
    except OSError as error:
        raise write_failure(path, error) from error
    finally:
        if beside:
            with contextlib.suppress(OSError):
                Path(beside).unlink()
    return written
