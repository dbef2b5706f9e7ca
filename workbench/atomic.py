"""Files and folders that are there whole or not at all: written beside, then renamed."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from workbench.errors import WorkbenchError


def replace_text(path: Path, text: str) -> None:
    """Write `text` as UTF-8 to `path`; a reader sees the old file or the new one.

    Raises:
        WorkbenchError: the disk is full, the folder is read-only, or the like.
    """
    replace_bytes(path, text.encode("utf-8", errors="surrogatepass"))


def replace_bytes(path: Path, data: bytes) -> None:
    """Write `data` to `path`; a reader sees the old file or the new one.

    Raises:
        WorkbenchError: the disk is full, the folder is read-only, or the like.
    """
    beside: str | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, beside = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        Path(beside).chmod(0o644)
        Path(beside).replace(path)
    except OSError as error:
        if beside:
            Path(beside).unlink(missing_ok=True)
        raise write_failure(path, error) from error


@contextlib.contextmanager
def replaced_folder(path: Path) -> Iterator[Path]:
    """Give an empty folder beside `path` to fill; it takes the name `path` if nothing is raised.

    A folder that stands there already is replaced. After an error nothing of the new one is left.

    Raises:
        WorkbenchError: for an OSError on the way, said as a sentence.
    """
    beside: Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
        beside.chmod(0o755)
        yield beside
        if path.exists():
            old = Path(tempfile.mkdtemp(prefix=f".{path.name}.old.", dir=path.parent))
            path.replace(old)
            beside.replace(path)
            shutil.rmtree(old, ignore_errors=True)
        else:
            beside.replace(path)
    except OSError as error:
        raise write_failure(path, error) from error
    finally:
        if beside is not None and beside.exists():
            shutil.rmtree(beside, ignore_errors=True)


def write_failure(path: Path, error: OSError) -> WorkbenchError:
    """The sentence for an OSError met while writing `path`."""
    remedies = {
        errno.ENOSPC: "Free some space there, or set WORKBENCH_HOME to a folder on another disk.",
        errno.EDQUOT: "Your quota is used up: free some space, or set WORKBENCH_HOME elsewhere.",
        errno.EROFS: "The disk is read-only: set WORKBENCH_HOME to a folder that can be written.",
        errno.EACCES: "Give yourself write permission, or set WORKBENCH_HOME to another folder.",
        errno.EPERM: "Give yourself write permission, or set WORKBENCH_HOME to another folder.",
    }
    reason = os.strerror(error.errno).lower() if error.errno else str(error)
    return WorkbenchError(
        f"cannot be written ({reason})", where=str(path), remedy=remedies.get(error.errno or 0)
    )
