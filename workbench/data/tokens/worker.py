"""A process that counts the tokens of a share of the rows: `python -m workbench.data.tokens.worker`."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.data.formats.mapping import Mapping
from workbench.data.opening import open_dataset
from workbench.data.tokens.counting import count_rows
from workbench.data.tokens.encode import RowEncoder
from workbench.data.tokens.lost_characters import LostCharacters
from workbench.data.tokens.portable import take_over
from workbench.data.workers import serve
from workbench.errors import WorkbenchError


def count_share(order: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """Count the good rows that the order names, into the file that it names, if the tokenizer can be had."""
    # A template leaves rings of garbage behind.
    gc.enable()
    mapping = Mapping.from_entry(order["mapping"]) if order["mapping"] is not None else None
    dataset = open_dataset(order["spec"], format=order["format"], mapping=mapping)
    if dataset.fingerprint != order["fingerprint"]:
        raise WorkbenchError(
            "the file was changed while its tokens were counted", where=order["spec"], remedy="Open it again."
        )
    tokenizer = take_over(Path(order["tokenizer"]))
    if tokenizer is None:
        return {"counted": False}
    rows = dataset.good_rows[order["from"] : order["to"]]
    found = count_rows(
        (dataset.conversation(row) for row in rows),
        RowEncoder(tokenizer, **order["options"]),
        LostCharacters(tokenizer),
        lambda done: progress(done / len(rows)),
    )
    Path(order["found"]).write_bytes(found.as_bytes())
    return {"counted": True}


if __name__ == "__main__":
    serve(count_share)
