"""A process that searches a share of the rows: `python -m workbench.data.finding.worker`."""

from __future__ import annotations

from typing import Any

from workbench.data.finding.find import find_rows
from workbench.data.formats.mapping import Mapping
from workbench.data.opening import open_dataset
from workbench.data.workers import Tell, serve
from workbench.errors import WorkbenchError


def search(order: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Search the rows that the order names; hits are told as they are found."""
    mapping = Mapping.from_entry(order["mapping"]) if order["mapping"] is not None else None
    dataset = open_dataset(order["spec"], format=order["format"], mapping=mapping)
    if dataset.fingerprint != order["fingerprint"]:
        raise WorkbenchError("the file was changed", where=order["spec"], remedy="Open it again.")
    text, regex, match_case = order["pattern"]
    share = 0.0

    def told(done: float) -> None:
        nonlocal share
        share = done
        tell(done)

    find_rows(
        dataset,
        text,
        regex=regex,
        match_case=match_case,
        column=order["column"],
        rows=range(order["from"], order["to"]),
        found=lambda rows: tell(share, rows.tolist()),
        progress=told,
    )
    return {}


if __name__ == "__main__":
    serve(search)
