"""Checkpoints of a run, and whether each is whole. Nothing is loaded for that, and no torch imported."""

from __future__ import annotations

import json
import re
import zipfile
from dataclasses import dataclass
from pathlib import Path

from workbench.runs.directory import RunDirectory

_FOLDER = re.compile(r"checkpoint-(\d+)")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A folder as transformers' Trainer writes it: weights, optimizer, schedule, random state."""

    step: int
    path: Path
    damage: str | None
    """What is missing or cut off; None for a whole one."""


def list_checkpoints(run: RunDirectory) -> list[Checkpoint]:
    """All checkpoints in the order of their steps, damaged ones too."""
    try:
        folders = [path for path in run.checkpoints.iterdir() if path.is_dir()]
    except OSError:
        return []
    found = [(int(match[1]), path) for path in folders if (match := _FOLDER.fullmatch(path.name))]
    return [Checkpoint(step, path, _damage(path, step)) for step, path in sorted(found)]


def last_whole_checkpoint(run: RunDirectory) -> Checkpoint | None:
    """The latest checkpoint that can be resumed from."""
    whole = [checkpoint for checkpoint in list_checkpoints(run) if checkpoint.damage is None]
    return whole[-1] if whole else None


def _damage(folder: Path, step: int) -> str | None:
    try:
        state = json.loads((folder / "trainer_state.json").read_bytes())
        if state["global_step"] != step:
            return f"trainer_state.json is of step {state['global_step']}"
    except OSError:
        return "trainer_state.json is missing"
    except (ValueError, KeyError, TypeError):
        return "trainer_state.json is cut off"
    try:
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        if not any(path.suffix in (".safetensors", ".bin") and "model" in path.name for path in files):
            return "the weights are missing"
        for path in files:
            whole = _CHECKS.get(path.suffix)
            if whole is not None and not whole(path):
                return f"{path.name} is cut off"
    except OSError as error:
        return f"it cannot be read ({(error.strerror or str(error)).lower()})"
    return None


def _whole_safetensors(path: Path) -> bool:
    """Whether the file is as long as its header says.

    Format: 8 bytes length, a JSON header with `data_offsets` of each tensor, the data
    (https://github.com/huggingface/safetensors#format).
    """
    size = path.stat().st_size
    with path.open("rb") as file:
        length = int.from_bytes(file.read(8), "little")
        if size < 8 + length:
            return False
        try:
            header = json.loads(file.read(length))
            ends = [entry["data_offsets"][1] for name, entry in header.items() if name != "__metadata__"]
        except (ValueError, KeyError, TypeError, AttributeError):
            return False
    return size == 8 + length + max(ends, default=0)


_CHECKS = {
    ".safetensors": _whole_safetensors,
    # What torch.save writes is a zip archive, whose table of contents stands at the end.
    ".pt": zipfile.is_zipfile,
    ".pth": zipfile.is_zipfile,
    ".bin": zipfile.is_zipfile,
}
