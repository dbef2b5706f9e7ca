"""A process that searches a share of the rows: `python -m workbench.data.finding.worker`."""

from __future__ import annotations

from typing import Any

from workbench.data.finding.find import find_rows
from workbench.data.sharing import shared_dataset
from workbench.data.workers import Tell, serve


def search(order: dict[str, Any], tell: Tell) -> dict[str, Any]:
    """Search the rows that the order names; hits are told as they are found."""
    dataset = shared_dataset(order)
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
