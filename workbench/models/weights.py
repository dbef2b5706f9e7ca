"""What lies in safetensors files, from their headers alone. No torch.

The format: eight bytes of length, that many bytes of JSON, then the data
(https://github.com/huggingface/safetensors#format).
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError

_LONGEST_HEADER = 100_000_000  # bytes; the limit of the format's own reader


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor in a file: its type as the format writes it (F32, BF16, U8…) and its shape."""

    dtype: str
    shape: tuple[int, ...]

    @property
    def elements(self) -> int:
        return math.prod(self.shape)


def stored_tensors(folder: Path) -> dict[str, StoredTensor]:
    """Every tensor in the .safetensors files of `folder`, by name.

    Raises:
        WorkbenchError: a file is cut off or is no safetensors file.
    """
    found: dict[str, StoredTensor] = {}
    for file in sorted(folder.glob("*.safetensors")):
        found.update(_read_header(file))
    return found


def _read_header(file: Path) -> dict[str, StoredTensor]:
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            length = int.from_bytes(stream.read(8), "little")
            if size < 8 or length > min(size - 8, _LONGEST_HEADER):
                raise ValueError("the header is cut off")
            header = json.loads(stream.read(length))
        tensors = {name: entry for name, entry in header.items() if name != "__metadata__"}
        end = max((entry["data_offsets"][1] for entry in tensors.values()), default=0)
        if 8 + length + end != size:
            raise ValueError(f"it should have {8 + length + end:,} bytes and has {size:,}")
        return {name: StoredTensor(entry["dtype"], tuple(entry["shape"])) for name, entry in tensors.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise WorkbenchError(
            f"is damaged ({error})", where=str(file), remedy="Copy or download it again."
        ) from error
