"""LLaMA-Factory's registry of data sets, dataset_info.json: where the rows are, and what their columns."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping as AnyMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.atomic import replace_text
from workbench.data.formats.fields import kind, listed
from workbench.data.formats.naming import TAG_KEYS, Mapping, unknown_key
from workbench.errors import WorkbenchError, WrongUse
from workbench.paths import expanded, registry_file
from workbench.untrusted import shorten

NAME = "dataset_info.json"

# Where the rows are; the first that an entry names counts, as in LLaMA-Factory.
_PLACES = ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name", "file_name")
_TEXTS = (*_PLACES, "subset", "split", "folder")
# `file_sha1` is from older registries; `labels` is ours, and LLaMA-Factory passes over it.
_KEYS = (*_TEXTS, "num_samples", "formatting", "ranking", "columns", "tags", "file_sha1", "labels")
_MOST_BYTES = 64 * 2**20
# What a registry in OpenAI's words has to say, since LLaMA-Factory takes nothing for granted beside a tag.
_OPENAI_TAGS = {
    **TAG_KEYS,
    **{"role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"},
    "observation_tag": "tool",
}


@dataclass(frozen=True, slots=True)
class RegistryEntry:
    """One data set of a registry. `source` is the registry's file, `problem` what is wrong with the entry.

    Exactly one place counts, the first that is given of hf_hub_url, ms_hub_url, om_hub_url, script_url,
    cloud_file_name and file_name.
    """

    name: str
    source: Path
    mapping: Mapping = field(default_factory=Mapping)
    file_name: str | None = None
    hf_hub_url: str | None = None
    ms_hub_url: str | None = None
    om_hub_url: str | None = None
    script_url: str | None = None
    cloud_file_name: str | None = None
    subset: str | None = None
    split: str | None = None
    folder: str | None = None
    num_samples: int | None = None
    problem: str | None = None

    @property
    def shown(self) -> str:
        """The name, safe for a terminal."""
        return shorten(self.name, 60)

    @property
    def place(self) -> str:
        """The key that says where the rows are."""
        return next((key for key in _PLACES if getattr(self, key)), "file_name")

    @property
    def file(self) -> Path | None:
        """The file or folder on this machine; None if the rows are elsewhere."""
        if self.place != "file_name" or not self.file_name:
            return None
        return self.source.parent / expanded(self.file_name)

    @property
    def unusable(self) -> str | None:
        """Why its rows cannot be had here, as a clause; None if they can, or may be on the hub."""
        if self.problem:
            return self.problem
        value = shorten(getattr(self, self.place) or "", 80)
        match self.place:
            case "script_url":
                return f"its rows come from the loading script {value!r}, and code from elsewhere is not run"
            case "cloud_file_name":
                return f"its rows are in cloud storage ({value}), which is not read; download the file"
            case "ms_hub_url":
                return f"its rows are on ModelScope ({value}), which is not read; download them"
            case "om_hub_url":
                return f"its rows are on the Openmind hub ({value}), which is not read; download them"
        return None


def read_registry(path: Path) -> list[RegistryEntry]:
    """All entries, in the file's order; a broken one has a `problem` and spoils none of the others.

    Raises:
        WorkbenchError: the file cannot be read, or is no registry.
    """
    return [_entry(name, value, path) for name, value in _load(path).items()]


def find_entry(path: Path, name: str) -> RegistryEntry:
    """The entry called `name`, if its rows can be had.

    Raises:
        WrongUse: there is none; the nearest names are told.
        WorkbenchError: the file is no registry, or the entry is broken or of a kind that is not opened
            (a script, cloud storage, another hub).
    """
    entries = {entry.name: entry for entry in read_registry(path)}
    if name not in entries:
        near = difflib.get_close_matches(name, entries, n=3, cutoff=0.4)
        remedy = f"The nearest are {listed(near)}." if near else f"It has {len(entries):,} entries."
        raise WrongUse(f"there is no entry {name[:60]!r}", where=str(path), remedy=remedy)
    if reason := entries[name].unusable:
        raise WorkbenchError(f'the entry "{entries[name].shown}" cannot be opened: {reason}', where=str(path))
    return entries[name]


def entry_for(file: Path) -> tuple[RegistryEntry | None, str]:
    """The entry that names this file, and a sentence about it; the sentence is empty where none does.

    The workbench's own registry is asked first, then the one in the file's folder (for a link in either's).
    Where several entries name the file and do not agree, or the one that does is broken, there is none and
    the sentence says so.
    """
    wanted = file.resolve()
    if wanted.name == NAME:
        return None, ""
    for registry in dict.fromkeys((own_registry(), file.parent / NAME, wanted.parent / NAME)):
        if not registry.is_file():
            continue
        try:
            entries = read_registry(registry)
        except WorkbenchError as error:
            if _describes_arrow(registry):
                continue
            return None, f"{NAME} in {registry.parent} is not used: {error.problem}"
        named = [entry for entry in entries if _names(entry, wanted)]
        if not named:
            continue
        if broken := [entry for entry in named if entry.problem]:
            return None, f'the entry "{broken[0].shown}" of {NAME} is not used: {broken[0].problem}'
        if len({(entry.mapping, entry.num_samples) for entry in named}) > 1:
            names = listed(entry.name for entry in named)
            return None, f"the entries {names} of {NAME} name this file and differ, so none is used"
        return named[0], f'entry "{named[0].shown}" of {NAME}'
    return None, ""


def add_entry(registry: Path, name: str, file: Path, mapping: Mapping) -> None:
    """Write an entry for `file`, in place of one of that name for the same file; the others are kept.

    LLaMA-Factory reads it too.

    Raises:
        WrongUse: the name is blank, or another file has it.
        WorkbenchError: the registry is broken (it is left as it is) or cannot be written.
    """
    entries = _load(registry) if registry.exists() else {}
    if not name.strip():
        raise WrongUse("the entry needs a name")
    if name in entries and not _names(_entry(name, entries[name], registry), file.resolve()):
        raise WrongUse(
            f'there is an entry "{name}" for other rows', where=str(registry), remedy="Take another name."
        )
    entry = mapping.as_entry()
    if mapping.tags:
        usual = _OPENAI_TAGS if mapping.tag("role_tag") == "role" else TAG_KEYS
        entry["tags"] = {**usual, **entry["tags"]}
    inside = file.resolve().is_relative_to(registry.parent.resolve())
    place = (
        file.resolve().relative_to(registry.parent.resolve()).as_posix() if inside else str(file.resolve())
    )
    entries[name] = {"file_name": place, **entry}
    replace_text(registry, json.dumps(entries, ensure_ascii=False, indent=2) + "\n")


def own_registry() -> Path:
    """The workbench's own registry, for data in folders that cannot be written."""
    return registry_file()


def _load(path: Path) -> dict[str, Any]:
    where = str(path)
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise WorkbenchError("it is too large for a registry of data sets", where=where)
        value = json.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WorkbenchError(f"the registry cannot be read ({reason})", where=where) from error
    except json.JSONDecodeError as error:
        raise WorkbenchError(
            f"the registry is no JSON: {error.msg.lower()} in line {error.lineno:,}", where=where
        ) from error
    except (ValueError, RecursionError) as error:
        raise WorkbenchError("the registry is no UTF-8 JSON", where=where) from error
    if not isinstance(value, dict):
        raise WorkbenchError(f"it is {kind(value)}, not a registry of data sets by name", where=where)
    if "features" in value or "builder_name" in value:
        raise WorkbenchError("it describes Arrow files of `datasets` and is no registry", where=where)
    return value


def _describes_arrow(path: Path) -> bool:
    """`datasets` writes a file of the same name beside its Arrow files."""
    return path.parent.joinpath("state.json").is_file() or any(path.parent.glob("*.arrow"))


def _names(entry: RegistryEntry, file: Path) -> bool:
    """Whether the entry's rows are those of `file`, a resolved path."""
    try:
        return entry.file is not None and entry.file.resolve() == file
    except (OSError, ValueError, RuntimeError):  # a name that no file can have, or links in a circle
        return False


def _entry(name: str, value: object, source: Path) -> RegistryEntry:
    try:
        return _read_entry(name, value, source)
    except WrongUse as error:
        remedy = f" ({error.remedy.rstrip('.')})" if error.remedy else ""
        given = value if isinstance(value, dict) else {}
        places = {key: given[key] for key in _PLACES if isinstance(given.get(key), str)}
        return RegistryEntry(name, source, problem=f"{error.problem}{remedy}", **places)


def _read_entry(name: str, value: object, source: Path) -> RegistryEntry:
    if not isinstance(value, dict):
        raise WrongUse(f"it is {kind(value)}, not an object")
    for key in value:
        if key not in _KEYS:
            raise unknown_key(key, dict.fromkeys(_KEYS), "the key")
    texts = {key: _text(value, key) for key in _TEXTS}
    if not any(texts[key] for key in _PLACES):
        raise WrongUse("it names no rows: there is neither file_name nor hf_hub_url")
    count = value.get("num_samples")
    if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 1):
        raise WrongUse("num_samples is not a number of rows")
    mapping = Mapping.from_entry(value)
    return RegistryEntry(name, source, mapping, num_samples=count, **texts)


def _text(value: AnyMapping[str, Any], key: str) -> str | None:
    found = value.get(key)
    if found is None or found == "":
        return None
    if not isinstance(found, str):
        raise WrongUse(f"{key} is {kind(found)}, not text")
    return found
