"""What is to be indexed, told in a way that a process of its own can open the same rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench.data.containers.base import Container
from workbench.data.containers.several import open_files
from workbench.data.formats.detect import Format, find_format
from workbench.data.formats.mapping import Mapping, mapped_format


@dataclass(frozen=True)
class Job:
    """Files and how their rows are read: under a mapping, as a format, or (neither) as columns alone.

    `texts` is the folder in which text that had to be decoded is kept, None where it is not.
    """

    files: tuple[Path, ...]
    texts: Path | None
    format: str | None = None
    mapping: Mapping | None = None

    def container(self, *, progress: Callable[[float], None] | None = None) -> Container:
        """The rows, not yet gone through; `progress` is told of the decoding that may be needed before."""
        return open_files(self.files, texts=self.texts, progress=progress)

    def reader(self) -> Format | None:
        """What a good row has to be."""
        if self.mapping:
            return mapped_format(self.mapping)
        return find_format(self.format) if self.format else None

    def as_json(self) -> dict[str, Any]:
        """All of it, for `from_json`."""
        return {
            "files": [str(file) for file in self.files],
            "texts": str(self.texts) if self.texts else None,
            "format": self.format,
            "mapping": self.mapping.as_entry() if self.mapping else None,
        }

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> Job:
        """A job as `as_json` told it."""
        files: Sequence[str] = told["files"]
        mapping = told["mapping"]
        return cls(
            tuple(map(Path, files)),
            Path(told["texts"]) if told["texts"] else None,
            told["format"],
            Mapping.from_entry(mapping) if mapping is not None else None,
        )
