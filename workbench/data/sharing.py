"""A data set that worker processes open as well: the same rows under the same numbers."""

from __future__ import annotations

from collections.abc import Mapping as AnyMapping
from typing import Any

from workbench.data.dataset import Dataset
from workbench.data.formats.detect import UNKNOWN
from workbench.data.formats.mapping import Mapping
from workbench.data.opening import open_dataset
from workbench.errors import WorkbenchError


def as_order(dataset: Dataset) -> dict[str, Any]:
    """What `shared_dataset` needs, as JSON."""
    mapping = dataset.mapping
    return {
        "spec": dataset.spec,
        # The format that was found is given, since it was found in this file.
        "format": None if mapping or dataset.format == UNKNOWN else dataset.format,
        "mapping": mapping.as_entry() if mapping else None,
        "fingerprint": dataset.fingerprint,
    }


def shared_dataset(order: AnyMapping[str, Any]) -> Dataset:
    """The data set of which `as_order` told; its index is likely there already.

    Raises:
        WorkbenchError: the file is another one by now, or cannot be opened.
    """
    told = order["mapping"]
    mapping = Mapping.from_entry(told) if told is not None else None
    dataset = open_dataset(order["spec"], format=order["format"], mapping=mapping)
    if dataset.fingerprint != order["fingerprint"]:
        raise WorkbenchError(
            "the file was changed after it was opened", where=order["spec"], remedy="Open it again."
        )
    return dataset
