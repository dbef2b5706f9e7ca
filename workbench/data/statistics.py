"""What a data set is, in figures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from workbench.data.opening import open_dataset
from workbench.data.tokens.statistics import DEFAULT_CUTOFF
from workbench.errors import WrongUse


def inspect(
    path: str | Path,
    *,
    model: str | None = None,
    cutoff_len: int | None = None,
    format: str | None = None,
) -> dict[str, Any]:
    """What a data file is, as `workbench inspect` prints it.

    `not_trained` is the reason why it cannot be trained on, or None. With a model, and if it can be, there
    is `tokens` too.

    Raises:
        WorkbenchError: the file cannot be opened, or there is no such model.
        WrongUse: the format is none, or a cutoff is given without a model.
    """
    if cutoff_len is not None and model is None:
        raise WrongUse("a cutoff counts tokens, which needs a model", remedy="Give --model too.")
    if cutoff_len is not None and cutoff_len < 1:
        raise WrongUse(f"cutoff_len is {cutoff_len}, and must be at least 1")
    dataset = open_dataset(path, format=format)
    facts: dict[str, Any] = {
        "path": str(path),
        "container": dataset.container,
        "encoding": dataset.encoding,
        "format": dataset.format,
        "why": dataset.why,
        "rows": dataset.rows,
        "bad_rows": [{"row": bad.row, "reason": bad.reason} for bad in dataset.bad_rows],
        # JSON can name a column with half a character, which cannot be printed.
        "columns": [name.encode("utf-8", "replace").decode() for name in dataset.columns],
        "not_trained": dataset.why_not_trained(),
    }
    if model is not None and facts["not_trained"] is None:
        from workbench.data.tokens.counting import count_tokens
        from workbench.models.find import find_model

        counted = count_tokens(dataset, find_model(model).base)
        facts["tokens"] = counted.under(cutoff_len or DEFAULT_CUTOFF).as_dict()
    return facts
