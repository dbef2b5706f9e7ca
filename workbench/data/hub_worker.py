"""The process that fetches a data set from the Hugging Face Hub: `python -m workbench.data.hub_worker`."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import Any

from workbench.data.workers import serve
from workbench.errors import WorkbenchError, WrongUse

_HUB = "https://huggingface.co"
_PATIENCE_S = 4.0
_NAMED = 12
_GATEWAYS = (403, 407)


def fetch(order: dict[str, Any], progress: Callable[[float], None]) -> dict[str, Any]:
    """`files` and `notes` of the data set that the order names (see `hub.fetch`).

    Raises:
        WorkbenchError, WrongUse: as `hub.fetch` says.
    """
    name: str = order["name"]
    trouble = _trouble()
    # Read when the libraries are imported: they would try again and again for minutes.
    os.environ["HF_HUB_ETAG_TIMEOUT"] = os.environ["HF_HUB_DOWNLOAD_TIMEOUT"] = "10"
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"
    if trouble:
        os.environ["HF_HUB_OFFLINE"] = "1"
    import datasets

    datasets.disable_progress_bars()
    datasets.logging.set_verbosity_error()
    try:
        builder = datasets.load_dataset_builder(
            name, _configuration(order, datasets, trouble), data_dir=order["folder"]
        )
        progress(0.1)
        builder.download_and_prepare()
        splits = list(builder.info.splits or ())
        split = _split(name, splits, order["split"])
        rows = builder.as_dataset(split=split)
    except WorkbenchError:
        raise
    except Exception as error:  # many libraries stand behind it, each with errors of its own
        raise _sentence(name, error, trouble) from error
    files = [file["filename"] for file in rows.cache_files]
    others = [other for other in splits if other != split]
    notes = []
    if trouble:
        notes.append(f"the hub was not asked, since {trouble}: this is what was fetched before")
    if others and not order["split"]:
        notes.append(f"the split {split} is opened; {name}:{others[0]} opens another ({', '.join(others)})")
    return {"files": files, "notes": notes}


def _trouble() -> str | None:
    """Why the hub cannot be asked, as a clause; None if it answers."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "ON", "YES", "TRUE"):
        return "HF_HUB_OFFLINE is set"
    import httpx

    place = os.environ.get("HF_ENDPOINT", _HUB).rstrip("/")
    try:
        status = httpx.head(f"{place}/api/datasets", timeout=_PATIENCE_S).status_code
    except (httpx.HTTPError, httpx.InvalidURL, OSError, ValueError) as error:
        why = "it does not answer" if isinstance(error, httpx.TimeoutException) else _first_line(error)
        return f"{place} cannot be reached ({why})"
    # A network's own gateway answers in place of what it does not let through.
    return f"{place} cannot be reached (status {status})" if status in _GATEWAYS or status >= 500 else None


def _configuration(order: dict[str, Any], datasets: Any, trouble: str | None) -> str | None:
    wanted: str | None = order["configuration"]
    if trouble or order["folder"]:
        return wanted
    there = datasets.get_dataset_config_names(order["name"])
    if wanted and wanted not in there:
        raise WrongUse(
            f"there is no configuration {wanted!r}", where=order["name"], remedy=f"There is: {_some(there)}."
        )
    if not wanted and len(there) > 1 and "default" not in there:
        raise WorkbenchError(
            f"it has {len(there):,} configurations: {_some(there)}",
            where=order["name"],
            remedy=f"Give one of them and a split, such as {order['name']}:{there[0]}/train.",
        )
    return wanted


def _split(name: str, there: Sequence[str], wanted: str | None) -> str:
    if wanted and wanted not in there:
        raise WrongUse(f"there is no split {wanted!r}", where=name, remedy=f"There is: {_some(there)}.")
    if not there:
        raise WorkbenchError("it has no splits", where=name)
    return wanted or ("train" if "train" in there else there[0])


def _sentence(name: str, error: Exception, trouble: str | None) -> WorkbenchError:
    if trouble:
        return WorkbenchError(
            f"this is no file here, and as a data set of the hub it cannot be fetched: {trouble}",
            where=name,
            remedy="Check the spelling and the network, or give a file that is here.",
        )
    kind, said = type(error).__name__, _first_line(error)
    if "scripts are no longer supported" in str(error):
        return WorkbenchError(
            "its rows come from a loading script, and code from elsewhere is not run",
            where=name,
            remedy="Download its files, if it has any, and open those.",
        )
    if "LocalEntryNotFoundError" in str(error):
        return WorkbenchError("the hub does not give its files", where=name, remedy="Try again later.")
    if kind in ("DatasetNotFoundError", "FileNotFoundError", "RepositoryNotFoundError", "GatedRepoError"):
        return WorkbenchError(
            "this is no file here, and no data set of the hub that you may see",
            where=name,
            remedy="Check the spelling; for a private or gated one log in with `hf auth login`.",
        )
    return WorkbenchError(f"it could not be fetched from the hub: {said} ({kind})", where=name)


def _first_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:300].rstrip(".") if lines else type(error).__name__


def _some(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more:,} more" if more > 0 else "")


if __name__ == "__main__":
    serve(fetch)
