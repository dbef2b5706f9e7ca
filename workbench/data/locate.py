"""From what a user names (a file, a folder, a glob, a registry's entry, a hub id) to the files to open."""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workbench.data.folders import ABOUT, by_number, files_in, is_data, is_folder
from workbench.data.workers import WorkStopped
from workbench.errors import WorkbenchError
from workbench.paths import expanded

if TYPE_CHECKING:
    from workbench.data.registry import RegistryEntry

_MAGIC = re.compile(r"[*?]")
_HUB_ID = re.compile(r"([\w.-]+/[\w.-]+)(?::([\w./-]+))?")
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
    if hub := _hub_id(text, path):
        return _from_hub(text, hub[1], *_configuration_and_split(hub[2]), _Calls(progress, cancelled))
    # Opening says that it is not there, and what is called nearly so.
    return Target((path,), text)


def from_anywhere(spec: str) -> str:
    """What means the same in another working folder: a whole path; a hub id stays as it is."""
    path = expanded(spec)
    return spec if not _is_there(path) and _hub_id(spec, path) else str(path.absolute())


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


def _hub_id(spec: str, path: Path) -> re.Match[str] | None:
    return None if path.parent.is_dir() or is_data(path.name) else _HUB_ID.fullmatch(spec)


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
    if not is_folder(path):
        return Target((path,), spec, entry)
    files, notes = files_in(path)
    return Target(tuple(files), spec, entry, tuple(notes))


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
    wanted = [file for file in files if file.name not in ABOUT] or files
    if not wanted:
        raise WorkbenchError("no file matches", where=spec, remedy=f"Look in {base.absolute()}.")
    wanted.sort(key=lambda file: [by_number(part) for part in file.parts])
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
