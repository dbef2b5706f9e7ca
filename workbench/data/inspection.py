"""All that is to be said about a data file, as `workbench inspect` prints it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.data.dataset import Dataset
from workbench.data.opening import first_rows, open_dataset
from workbench.errors import WrongUse

if TYPE_CHECKING:
    from workbench.data.formats.mapping import Mapping
    from workbench.data.health.near import NearDuplicates

# Told what is being done, and the share of it that is done, 0 to 1.
Told = Callable[[str, float], None]


def inspect(
    spec: str | Path,
    *,
    model: str | None = None,
    cutoff_len: int | None = None,
    format: str | None = None,
    mapping: Mapping | str | None = None,
    held_out: str | Path | None = None,
    near: bool = True,
    progress: Told | None = None,
) -> dict[str, Any]:
    """What a data file is, in words and numbers that JSON can hold.

    Each of `bad_rows` has `row` and `reason`, in a set of several files also `file` and `row_in_file`.
    `not_trained` is the reason why it cannot be trained on, or None. `tokens` is there with a model, if the
    file can be trained on; `overlap` with held-out rows. `labels` holds the columns of few different values.

    Args:
        spec: a file, or what else `open_dataset` takes.
        mapping: which column is what, also as one line of text: `prompt=title response=answer`.
        held_out: rows that must not be among those of `spec`.
        near: whether near duplicates are looked for; `duplicates` has None for them if not.

    Raises:
        WorkbenchError: a file cannot be opened, or there is no such model.
        WrongUse: the format is none, a cutoff is given without a model, or the mapping makes no sense.
    """
    check_options(model, cutoff_len)
    dataset = opened(spec, format, mapping, progress)
    nearly = near_duplicates(dataset, progress) if near else None
    return inspected(
        dataset, nearly, model=model, cutoff_len=cutoff_len, held_out=held_out, progress=progress
    )


def check_options(model: str | None, cutoff_len: int | None) -> None:
    """Refuse what makes no sense before a large file is gone through.

    Raises:
        WrongUse: a cutoff is given without a model, or leaves no token.
    """
    if cutoff_len is not None and model is None:
        raise WrongUse("a cutoff counts tokens, which needs a model", remedy="Give --model too.")
    if cutoff_len is not None and cutoff_len < 1:
        raise WrongUse(f"cutoff_len is {cutoff_len}, and must be at least 1")


def opened(
    spec: str | Path,
    format: str | None = None,
    mapping: Mapping | str | None = None,
    progress: Told | None = None,
) -> Dataset:
    """The rows, with a mapping that may be a line of text, in which only columns of the file can stand."""
    if isinstance(mapping, str):
        from workbench.data.formats.mapping import parse_mapping

        mapping = parse_mapping(mapping, first_rows(spec).columns)
    return open_dataset(spec, format=format, mapping=mapping, progress=_named("opening", progress))


def near_duplicates(dataset: Dataset, progress: Told | None = None) -> NearDuplicates:
    """Rows that are nearly an earlier one, with the progress in words."""
    from workbench.data.health.near import find_near

    return find_near(dataset, progress=_named("looking for near duplicates", progress))


def inspected(
    dataset: Dataset,
    near: NearDuplicates | None,
    *,
    model: str | None = None,
    cutoff_len: int | None = None,
    held_out: str | Path | None = None,
    progress: Told | None = None,
) -> dict[str, Any]:
    """What `inspect` says, of rows that are open and near duplicates that were looked for, or not."""
    from workbench.data.health.duplicates import find_duplicates
    from workbench.data.health.lengths import lengths_by_role
    from workbench.data.health.report import findings, languages
    from workbench.data.tokens.counting import count_tokens
    from workbench.data.tokens.statistics import DEFAULT_CUTOFF
    from workbench.models.find import find_model

    not_trained = dataset.why_not_trained()
    # Looked for first: that there is none is said before the long work.
    base = find_model(model).base if model is not None and not_trained is None else None
    told: dict[str, Any] = {
        "path": dataset.spec,
        "container": dataset.container,
        "encoding": dataset.encoding,
        "format": dataset.format,
        "why": dataset.why,
        "notes": list(dataset.notes),
        "rows": dataset.rows,
        "bad_rows": [
            {"row": bad.row, **dataset.origin_entry(bad.row), "reason": bad.reason}
            for bad in dataset.bad_rows
        ],
        "columns": list(dataset.columns),
        "not_trained": not_trained,
        "labels": _labels(dataset),
    }
    if note := dataset.training_note():
        told["notes"].append(f"{note[0].upper()}{note[1:]}.")
    nearly = near.count if near else None
    health = {finding.key: finding.count for finding in findings(dataset)}
    told["duplicates"] = {**find_duplicates(dataset.facts).as_dict(), "near": nearly}
    told["placeholders"] = health["placeholders"]
    told["health"] = {**health, "near": nearly}
    told["languages"] = languages(dataset.facts)
    told["lengths"] = {role: found.as_dict() for role, found in lengths_by_role(dataset.facts).items()}
    if held_out is not None:
        told["overlap"] = _overlap(dataset, held_out, progress)
    if base is not None:
        lengths = count_tokens(dataset, base, progress=_named("counting tokens", progress))
        told["tokens"] = lengths.under(cutoff_len or DEFAULT_CUTOFF).as_dict()
    printable: dict[str, Any] = _without_halves(told)
    return printable


def _labels(dataset: Dataset) -> dict[str, dict[str, int]]:
    asked_for = dataset.mapping.labels if dataset.mapping else ()
    return {
        category.column: category.as_dict()
        for category in dataset.categories
        if category.for_the_eye or category.column in asked_for
    }


def _overlap(dataset: Dataset, held_out: str | Path, progress: Told | None) -> dict[str, Any]:
    from workbench.data.health.overlap import overlap

    # It is likely laid out as the training rows are; what its own columns say comes first.
    others = open_dataset(held_out, progress=_named("opening the held-out rows", progress))
    if others.format == "unknown" and dataset.mapping is not None:
        others = open_dataset(held_out, mapping=dataset.mapping)
    found = overlap(dataset, others)
    return {
        "path": others.spec,
        "held_out_rows": others.rows,
        "rows": found.rows,
        "prompts": found.prompts,
        "row_numbers": found.held_out_rows.tolist(),
        "prompt_numbers": found.held_out_prompts.tolist(),
    }


def _named(what: str, progress: Told | None) -> Callable[[float], None] | None:
    return (lambda share: progress(what, share)) if progress else None


def _without_halves(value: Any) -> Any:
    """JSON can spell half of a character, which cannot be printed."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode()
    if isinstance(value, dict):
        return {_without_halves(key): _without_halves(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_without_halves(each) for each in value]
    return value
