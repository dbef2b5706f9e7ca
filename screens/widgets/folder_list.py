"""What stands in a folder, and how a path that is half typed goes on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

MOST_ENTRIES = 5_000


@dataclass(frozen=True, slots=True)
class Entry:
    """A name in a folder. `size` is in bytes, None for a folder."""

    name: str
    size: int | None

    @property
    def is_folder(self) -> bool:
        """Whether one can go into it."""
        return self.size is None


@dataclass(frozen=True, slots=True)
class Listing:
    """A folder's entries, folders first, or the reason why they cannot be read."""

    folder: Path
    entries: tuple[Entry, ...]
    problem: str = ""


def split_typed(typed: str) -> tuple[str, str]:
    """The folder part of what was typed, with its slash, and the beginning of a name."""
    head, slash, tail = typed.rpartition("/")
    return head + slash, tail


def folder_of(typed: str, start: Path) -> Path:
    """The folder that a typed path is in; what is not absolute counts from `start`."""
    return start / Path(split_typed(typed)[0]).expanduser()


def list_folder(folder: Path) -> Listing:
    """The entries of `folder` by name, folders first; never raises."""
    found: list[Entry] = []
    try:
        with os.scandir(folder) as entries:
            for entry in entries:
                if len(found) == MOST_ENTRIES:
                    break
                try:
                    size = None if entry.is_dir() else entry.stat().st_size
                except OSError:
                    continue
                found.append(Entry(entry.name, size))
    except OSError as error:
        return Listing(folder, (), f"{folder}: {(error.strerror or str(error)).lower()}")
    found.sort(key=lambda entry: (not entry.is_folder, entry.name.casefold()))
    return Listing(folder, tuple(found))


def matching(entries: Sequence[Entry], beginning: str) -> list[Entry]:
    """Entries that begin with what was typed, then those that hold it; hidden ones only if asked for.

    With `*` or `?` in it, what was typed is a pattern.
    """
    wanted = beginning.casefold()
    if is_pattern(beginning):
        return [entry for entry in entries if fnmatchcase(entry.name.casefold(), wanted)]
    seen = [entry for entry in entries if beginning.startswith(".") or not entry.name.startswith(".")]
    first = [entry for entry in seen if entry.name.casefold().startswith(wanted)]
    return first + [entry for entry in seen if wanted in entry.name.casefold() and entry not in first]


def is_pattern(typed: str) -> bool:
    """Whether it stands for several names."""
    return "*" in typed or "?" in typed


def completed(typed: str, entries: Sequence[Entry]) -> str:
    """`typed`, longer by what all matching names have in common."""
    folder, beginning = split_typed(typed)
    if is_pattern(beginning):
        return typed
    found = [entry for entry in matching(entries, beginning) if entry.name.startswith(beginning)]
    if not found:
        # Nothing begins like that: the only name that holds it will do.
        found = matching(entries, beginning)
        if len(found) != 1:
            return typed
    common = _common_beginning([entry.name for entry in found])
    whole = len(found) == 1 and found[0].is_folder
    return f"{folder}{common}{'/' if whole else ''}"


def _common_beginning(names: Sequence[str]) -> str:
    first, last = min(names), max(names)
    for index, character in enumerate(first):
        if index >= len(last) or last[index] != character:
            return first[:index]
    return first
