"""What ended a job, said in a sentence."""

from __future__ import annotations

import errno
import traceback
from pathlib import Path

from workbench.atomic import write_failure
from workbench.errors import WorkbenchError

_DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EFBIG)


def as_sentence(error: BaseException, folder: Path) -> WorkbenchError:
    """The sentence for whatever a job raised; `folder` is where it was writing.

    Torch is not imported for this: its out-of-memory error is known by its name.
    """
    if isinstance(error, WorkbenchError):
        return error
    if type(error).__name__ == "OutOfMemoryError":
        return WorkbenchError(
            f"the GPU's memory ran out ({_first_line(error)})",
            where=_raised_at(error),
            remedy="Try a smaller batch or cutoff_len, gradient checkpointing, or 4-bit weights (QLoRA).",
        )
    if isinstance(error, MemoryError):
        return WorkbenchError(
            "the computer's memory ran out",
            where=_raised_at(error),
            remedy="Try a smaller batch, a smaller model, or close other programs.",
        )
    if isinstance(error, OSError) and error.errno in _DISK:
        return write_failure(Path(error.filename or folder), error)
    if isinstance(error, ModuleNotFoundError) and error.name:
        return WorkbenchError(
            f"the package {error.name} is not installed", remedy=f"pip install {error.name.partition('.')[0]}"
        )
    if isinstance(error, SystemExit):
        return WorkbenchError(f"it left with exit code {error.code}")
    return WorkbenchError(
        f"{type(error).__name__}: {_first_line(error)}".rstrip(": "),
        where=_raised_at(error),
        remedy="The whole traceback is in the run's output.log.",
    )


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0].strip()[:300] if lines else ""


def _raised_at(error: BaseException) -> str | None:
    frames = traceback.extract_tb(error.__traceback__)
    return f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else None
