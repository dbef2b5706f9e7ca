"""How a file is to be read anew."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.data.formats.mapping import Mapping


@dataclass(frozen=True)
class Reread:
    """As an entry of a registry (`spec`), as a `format`, or under a `mapping`; with none, as detected."""

    spec: str | None = None
    format: str | None = None
    mapping: Mapping | None = None
