"""From what a user names (a file, a folder, a glob, a registry's entry, a hub id) to the files to open."""

from __future__ import annotations

import json
import os
import re
import stat
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from workbench.data.workers import WorkStopped
from workbench.errors import WorkbenchError
from workbench.paths import expanded
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.data.registry import RegistryEntry

SUFFIXES = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".txt", ".parquet", ".arrow")
PACKED = (".gz", ".zst", ".bz2", ".xz")
# What describes a data set and holds none of its rows.
_ABOUT = ("dataset_info.json", "dataset_infos.json", "dataset_dict.json", "state.json")
_SPLITS = ("train", "training")
_MAGIC = re.compile(r"[*?]")
_HUB_ID = re.compile(r"([\w.-]+/[\w.-]+)(?::([\w./-]+))?")
_NAMED_IN_A_NOTE = 5
_MOST_FILES = 10_000
_PIECE = 64 << 10


@dataclass(frozen=True, slots=True)
class Target:
    """The files that a spec means, in order, as one set.

    `entry` is the registry's where the spec names one, and `notes` are sentences on what was left out.
    """

    files: tuple[Path, ...]
    spec: str
    entry: RegistryEntry | None = None
    notes: tuple[str, ...] = ()


class _Calls(NamedTuple):
    progress: Callable[[float], None] | None
    cancelled: Callable[[], bool] | None


def locate(
    spec: str | Path,
    *,
    progress: Callable[[float], None] | None = None,
    cancelled: Callable[[], bool] | None = None,
) -> Target:
    """What `spec` means: a file, a folder, a glob (`*`, `**`, `?`), `dataset_info.json#entry`, or a hub id.

    A hub id is `org/name`, `org/name:split` or `org/name:configuration/split`. `progress` and
    `cancelled` are for what the hub has to send.

    Raises:
        WorkbenchError: there is nothing, a folder holds no data files, or the hub cannot be reached.
        WrongUse: there is no such entry or split.
        WorkStopped: `cancelled` said so.
    """
    text = os.fspath(spec)
    path = expanded(text)
    if _is_there(path):
        return _local(path, text)
    registry, hash_sign, name = text.rpartition("#")
    if hash_sign and name and _is_there(expanded(registry)):
        return _entry(text, expanded(registry), name, _Calls(progress, cancelled))
    if _MAGIC.search(text):
        return _globbed(text, path, cancelled)
    if (hub := _HUB_ID.fullmatch(text)) and not path.parent.is_dir() and not _is_data(path.name):
        return _from_hub(text, hub[1], *_configuration_and_split(hub[2]), _Calls(progress, cancelled))
    # Opening says that it is not there, and what is called nearly so.
    return Target((path,), text)


def fingerprint(target: Target) -> str:
    """32 hexadecimal digits: each file's real path, name, size, time of change, beginning, middle and end.

    A file that is not there, or cannot be read, counts as such.
    """
    from xxhash import xxh3_128

    digest = xxh3_128()
    for file in target.files:
        try:
            # The name, which may be a link's, has a say in what container the file is.
            digest.update(os.fsencode(os.path.realpath(file)) + b"\0" + os.fsencode(file.name) + b"\0")
            if not stat.S_ISREG(file.stat().st_mode):
                raise OSError("a pipe would keep its reader waiting")
            with file.open("rb", buffering=0) as opened:
                facts = os.fstat(opened.fileno())
                digest.update(f"{facts.st_size} {facts.st_mtime_ns} ".encode())
                for place in (0, facts.st_size // 2, max(0, facts.st_size - _PIECE)):
                    digest.update(os.pread(opened.fileno(), _PIECE, place))
        except (OSError, ValueError):
            digest.update(b"unreadable")
    return digest.hexdigest()


def _is_there(path: Path) -> bool:
    try:
        path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    except (OSError, ValueError):
        # It cannot be looked at, for a reason that opening it will say.
        return True
    return True


def _local(path: Path, spec: str, entry: RegistryEntry | None = None) -> Target:
    if not _is_folder(path):
        return Target((path,), spec, entry)
    files, notes = _folder(path)
    return Target(tuple(files), spec, entry, tuple(notes))


def _folder(folder: Path) -> tuple[list[Path], list[str]]:
    """The data files of a folder, in the order of their names, and sentences on what is left out."""
    if splits := _splits(folder):
        return _dataset_dict(folder, splits)
    if (folder / "state.json").is_file() and (files := _saved_files(folder)):
        return files, []
    entries = _entries(folder)
    visible = [entry for entry in entries if not entry.name.startswith(".")]
    files = [entry for entry in visible if _is_data(entry.name) and not _is_folder(entry)]
    left_out = [entry.name for entry in visible if entry not in set(files) and not _is_folder(entry)]
    folders = [entry for entry in visible if _is_folder(entry)]
    if not files:
        raise _no_data(folder, folders)
    notes = []
    unknown = [name for name in left_out if name not in _ABOUT]
    if unknown:
        notes.append(f"left out, since their names are not those of data: {_some(unknown)}")
    if folders:
        notes.append(f"folders inside it are left out: {_some([inner.name for inner in folders])}")
    return files, notes


def _entries(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir(), key=lambda entry: _by_number(entry.name))
    except OSError as error:
        raise WorkbenchError(
            f"the folder cannot be read: {error.strerror or error}", where=str(folder)
        ) from error


def _by_number(name: str) -> list[tuple[int, int, str]]:
    """Part 2 comes before part 10."""
    pieces = re.split(r"([0-9]+)", name)
    return [(0, int(piece), "") if piece.isdigit() else (1, 0, piece) for piece in pieces if piece]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:
        return False


def _is_data(name: str) -> bool:
    lower = name.lower()
    for packed in PACKED:
        lower = lower.removesuffix(packed)
    return lower.endswith(SUFFIXES) and name not in _ABOUT and not lower.startswith("license")


def _no_data(folder: Path, folders: Sequence[Path]) -> WorkbenchError:
    inside = [inner for inner in folders if any(_is_data(entry.name) for entry in _quiet(inner))]
    if not inside:
        kinds = ", ".join(suffix[1:] for suffix in SUFFIXES)
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
        key=lambda entry: _by_number(entry.name),
    )


def _some(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name, keep_newlines=False) for name in names[:_NAMED_IN_A_NOTE])
    more = len(names) - _NAMED_IN_A_NOTE
    return f"{shown} and {more:,} more" if more > 0 else shown


def _globbed(spec: str, path: Path, cancelled: Callable[[], bool] | None) -> Target:
    parts = path.parts
    magic = next(index for index, part in enumerate(parts) if _MAGIC.search(part))
    base = Path(*parts[:magic]) if magic else Path()
    pattern = "/".join(re.sub(r"\[", "[[]", part) for part in parts[magic:])
    if not base.is_dir():
        raise WorkbenchError("there is no such folder", where=str(base))
    files: list[Path] = []
    try:
        # Links to folders are not followed, so that they cannot go round in circles.
        for found in base.glob(pattern):
            if cancelled and cancelled():
                raise WorkStopped("the search for files was stopped", where=spec)
            inside = found.relative_to(base).parts
            if found.is_file() and not any(part.startswith(".") for part in inside):
                files.append(found)
            if len(files) > _MOST_FILES:
                raise WorkbenchError(f"more than {_MOST_FILES:,} files match", where=spec)
    except (OSError, ValueError, NotImplementedError, RecursionError) as error:
        raise WorkbenchError(f"the files cannot be listed: {error}", where=spec) from error
    wanted = [file for file in files if file.name not in _ABOUT] or files
    if not wanted:
        raise WorkbenchError("no file matches", where=spec, remedy=f"Look in {base.absolute()}.")
    wanted.sort(key=lambda file: [_by_number(part) for part in file.parts])
    return Target(tuple(wanted), spec)


def _entry(spec: str, registry: Path, name: str, calls: _Calls) -> Target:
    from workbench.data.registry import find_entry

    if registry.is_dir():
        registry = registry / "dataset_info.json"
    entry = find_entry(registry, name)
    if entry.place == "hf_hub_url" and entry.hf_hub_url:
        found = _from_hub(spec, entry.hf_hub_url, entry.subset, entry.split, calls, folder=entry.folder)
        return Target(found.files, spec, entry, found.notes)
    file = entry.file
    if file is None:
        raise WorkbenchError(f'the entry "{name}" names no file', where=str(registry))
    if not _is_there(file):
        raise WorkbenchError(
            f'there is no file {entry.file_name!r}, which the entry "{name}" names', where=str(registry)
        )
    return _local(file, spec, entry)


def _configuration_and_split(said: str | None) -> tuple[str | None, str | None]:
    if not said:
        return None, None
    configuration, slash, split = said.rpartition("/")
    return (configuration or None) if slash else None, split or None


def _from_hub(
    spec: str,
    name: str,
    configuration: str | None,
    split: str | None,
    calls: _Calls,
    *,
    folder: str | None = None,
) -> Target:
    from workbench.data.hub import fetch

    files, notes = fetch(
        name,
        configuration=configuration,
        split=split,
        folder=folder,
        progress=calls.progress,
        cancelled=calls.cancelled,
    )
    return Target(tuple(files), spec, None, tuple(notes))
