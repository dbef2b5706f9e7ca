"""The data files of a folder, also of one that `datasets` saved."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import WorkbenchError
from workbench.untrusted import printable

_SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".parquet", ".arrow")
_PACKED = (".gz", ".zst", ".bz2", ".xz")
# What describes a data set and holds none of its rows.
ABOUT = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
_SPLITS = ("train", "training")
_NAMED_IN_A_NOTE = 5


def files_in(folder: Path) -> tuple[list[Path], list[str]]:
    """The data files of a folder, in the order of their names, and sentences on what is left out.

    Raises:
        WorkbenchError: it cannot be read, or holds none.
    """
    if splits := _splits(folder):
        return _dataset_dict(folder, splits)
    if (folder / "state.json").is_file() and (files := _saved_files(folder)):
        return files, []
    entries = _entries(folder)
    visible = [entry for entry in entries if not entry.name.startswith(".")]
    files = [entry for entry in visible if is_data(entry.name) and not is_folder(entry)]
    left_out = [entry.name for entry in visible if entry not in set(files) and not is_folder(entry)]
    folders = [entry for entry in visible if is_folder(entry)]
    if not files:
        raise _no_data(folder, folders)
    notes = []
    unknown = [name for name in left_out if name not in ABOUT]
    if unknown:
        notes.append(f"left out, since their names are not those of data: {_some(unknown)}")
    if folders:
        notes.append(f"folders inside it are left out: {_some([inner.name for inner in folders])}")
    return files, notes


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda entry: by_number(entry.name))
    except OSError as error:
        raise WorkbenchError(
            f"the folder cannot be read: {error.strerror or error}", where=str(folder)
        ) from error


def by_number(name: str) -> list[tuple[int, int, str]]:
    """The key to sort names by so that part 2 comes before part 10."""
    pieces = re.split(r"([0-9]+)", name)
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces if piece]


def is_folder(path: Path) -> bool:
    """Whether it is a folder that can be looked at."""
    try:
        return path.is_dir()
    except OSError:
        return False


def is_data(name: str) -> bool:
    """Whether a file of this name holds rows, likely."""
    lower = name.lower()
    for packed in _PACKED:
        lower = lower.removesuffix(packed)
    return lower.endswith(_SUFFIXES) and name not in ABOUT and not lower.startswith("license")


def _no_data(folder: Path, folders: Sequence[Path]) -> WorkbenchError:
    inside = [inner for inner in folders if any(is_data(entry.name) for entry in _quiet(inner))]
    if not inside:
        kinds = ", ".join(suffix[1:] for suffix in _SUFFIXES)
        remedy = f"Give a folder with {kinds} files (or such compressed), or one file."
    elif len(inside) == 1:
        remedy = f"There are some in {inside[0]}."
    else:
        remedy = f"Folders inside it hold some: give one of them, or all as '{folder}/*/*'."
    return WorkbenchError("the folder holds no data files", where=str(folder), remedy=remedy)


def _quiet(folder: Path) -> Iterator[Path]:
    try:
        yield from folder.iterdir()
    except OSError:
        return


def _splits(folder: Path) -> list[str]:
    """The splits of a DatasetDict that `datasets` saved; none if it is none."""
    try:
        found = json.loads((folder / "dataset_dict.json").read_bytes())["splits"]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []
    if not isinstance(found, list):
        return []
    return [name for name in found if isinstance(name, str) and name and Path(name).name == name]


def _dataset_dict(folder: Path, splits: list[str]) -> tuple[list[Path], list[str]]:
    chosen = next((split for split in _SPLITS if split in splits), splits[0])
    files = _saved_files(folder / chosen)
    if not files:
        raise WorkbenchError(f"the folder of its split {chosen} holds no Arrow files", where=str(folder))
    others = [split for split in splits if split != chosen]
    if not others:
        return files, []
    one = others[0] if len(others) == 1 else "another"
    remedy = f"give {folder / one} to open it" if len(others) == 1 else "give such a folder to open another"
    return files, [f"the split {chosen} is opened; {remedy} ({_some(others)})"]


def _saved_files(folder: Path) -> list[Path]:
    """The Arrow files of a data set that `datasets` saved, in their order."""
    try:
        named: Any = json.loads((folder / "state.json").read_bytes())["_data_files"]
        names = [entry["filename"] for entry in named]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        names = []
    if names and all(isinstance(name, str) and Path(name).name == name for name in names):
        return [folder / name for name in names]
    return sorted(
        (entry for entry in _quiet(folder) if entry.suffix == ".arrow"),
        key=lambda entry: by_number(entry.name),
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name, keep_newlines=False) for name in names[:_NAMED_IN_A_NOTE])
    more = len(names) - _NAMED_IN_A_NOTE
    return f"{shown} and {more:,} more" if more > 0 else shown
