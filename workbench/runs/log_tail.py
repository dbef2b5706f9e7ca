"""The last lines of a log, as one would have seen them."""

from __future__ import annotations

from pathlib import Path

from workbench.untrusted import printable

_LAST_BYTES = 256 * 1024


def tail_lines(path: Path, count: int) -> list[str]:
    """The last `count` lines of a log, safe to print; [] where there is no log.

    A line that a progress bar drew over with carriage returns is its last state. No more than the last
    256 KiB are read, however long the log is.
    """
    if count <= 0:
        return []
    try:
        with path.open("rb", buffering=0) as file:
            start = max(file.seek(0, 2) - _LAST_BYTES, 0)
            file.seek(start)
            data = file.read(_LAST_BYTES)
    except OSError:
        return []
    if start and b"\n" in data:
        data = data[data.find(b"\n") + 1 :]
    lines = data.decode("utf-8", errors="replace").split("\n")
    if lines[-1] == "":
        lines.pop()
    return [printable(_last_drawn(line), keep_newlines=False) for line in lines[-count:]]


def _last_drawn(line: str) -> str:
    return next((part for part in reversed(line.split("\r")) if part.strip()), "")
