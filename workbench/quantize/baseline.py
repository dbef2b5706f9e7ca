"""The baseline's predictions, kept on disk for as long as a comparison runs."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import torch

from workbench.atomic import write_failure
from workbench.errors import WorkbenchError
from workbench.figures import gib


class BaselineFile:
    """Log-probabilities over the vocabulary as float16 and the likeliest token, position by position.

    Two bytes a vocabulary entry: 96 KiB a token for SmolLM2's 49,152, 300 KiB for Qwen's 151,936.
    """

    def __init__(self, file: IO[bytes], folder: Path) -> None:
        self._file = file
        self._folder = folder
        self._vocabulary = 0
        self._next = 0

    def append(self, log_probs: torch.Tensor, top: torch.Tensor) -> None:
        """Keep log-probabilities [n, V] (float16) and likeliest tokens [n].

        Raises:
            WorkbenchError: the disk is full, or the like.
        """
        self._vocabulary = log_probs.shape[-1]
        try:
            self._file.seek(0, 2)
            for row, token in zip(log_probs.cpu().numpy(), top.cpu().numpy(), strict=True):
                self._file.write(np.int32(token).tobytes() + row.tobytes())
        except OSError as error:
            raise write_failure(self._folder, error) from error

    def rewind(self) -> None:
        """Start again from the first position."""
        self._next = 0

    def next(self, n: int, device: torch.device) -> tuple[torch.Tensor, torch.Tensor]:
        """Log-probabilities [n, V] (float16) and likeliest tokens [n] of the next n positions."""
        width = _width(self._vocabulary)
        self._file.seek(self._next * width)
        data = np.frombuffer(self._file.read(n * width), dtype=np.uint8).reshape(n, width)
        self._next += n
        top = np.ascontiguousarray(data[:, :4]).view(np.int32)[:, 0]
        log_probs = np.ascontiguousarray(data[:, 4:]).view(np.float16)
        return torch.from_numpy(log_probs).to(device), torch.from_numpy(top.astype(np.int64)).to(device)

    @property
    def nbytes(self) -> int:
        """Bytes on disk so far."""
        return self._file.seek(0, 2)


@contextmanager
def baseline_file(folder: Path, *, tokens: int = 0, vocabulary: int = 0) -> Iterator[BaselineFile]:
    """A new `BaselineFile` on the disk of `folder`. It has no name, so even a killed process leaves none.

    Raises:
        WorkbenchError: it cannot be made, or so many tokens with that vocabulary do not fit on the disk.
    """
    needed = tokens * _width(vocabulary)
    with ExitStack() as stack:
        try:
            free = shutil.disk_usage(folder).free
            file = stack.enter_context(tempfile.TemporaryFile(dir=folder))
        except OSError as error:
            raise write_failure(folder, error) from error
        if free < needed:
            raise WorkbenchError(
                f"the baseline's predictions need {gib(needed)} on disk, and {gib(free)} are free",
                where=str(folder),
                remedy="Compare on fewer rows or a smaller cutoff_len, or free some space there.",
            )
        yield BaselineFile(file, folder)


def _width(vocabulary: int) -> int:
    """Bytes a position."""
    return 4 + 2 * vocabulary
