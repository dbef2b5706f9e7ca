"""A process that counts the tokens of a share of the rows: `python -m workbench.data.tokens.worker`."""

from __future__ import annotations

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

from workbench.data.sharing import shared_dataset
from workbench.data.tokens.counting import count_rows
from workbench.data.tokens.encode import RowEncoder
from workbench.data.tokens.lost_characters import LostCharacters
from workbench.data.tokens.portable import take_over
from workbench.data.workers import serve


def count_share(order: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """Count the good rows that the order names, into the file that it names, if the tokenizer can be had."""
    # A template leaves rings of garbage behind.
    gc.enable()
    dataset = shared_dataset(order)
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
