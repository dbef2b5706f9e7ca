"""The entries of a dataset_info.json, to open one: those whose rows are here come first."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from screens.widgets.pick_list import Choice, PickList


class RegistryPicker(PickList):
    """Gives `FILE#NAME` for one of the entries, or None."""

    LOOKING: ClassVar[str] = "reading the registry …"
    HINT: ClassVar[str] = "Entries whose rows are on this machine come first."

    def __init__(self, registry: Path) -> None:
        super().__init__(f"Open an entry of {registry.name}")
        self._registry = registry
        self._absent: dict[str, str] = {}

    def find_choices(self) -> Sequence[Choice]:
        """The entries, with where their rows are or why they cannot be had."""
        from workbench.data.registry import read_registry

        here: list[Choice] = []
        hub: list[Choice] = []
        absent: list[Choice] = []
        for entry in read_registry(self._registry):
            spec = f"{self._registry}#{entry.name}"
            how = f"{'preference pairs, ' if entry.mapping.ranking else ''}{entry.mapping.formatting}"
            if reason := entry.unusable:
                self._absent[spec] = reason
            elif entry.file is None:
                hub.append(Choice(spec, entry.name, f"{how}, on the hub: {entry.hf_hub_url}"))
                continue
            elif entry.file.exists():
                here.append(Choice(spec, entry.name, f"{how}, {entry.file_name}"))
                continue
            else:
                self._absent[spec] = f"there is no {entry.file_name}"
            absent.append(Choice(spec, entry.name, self._absent[spec], dim=True))
        return here + hub + absent

    def nothing_found(self) -> str:
        """An empty registry."""
        return "This registry has no entries."

    def check(self, value: str) -> str | None:
        """Why an entry cannot be opened."""
        return self._absent.get(value)
