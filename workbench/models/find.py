"""From what a user calls a model to the folders it consists of. No torch."""

from __future__ import annotations

import difflib
import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from workbench import paths
from workbench.errors import WorkbenchError, WrongUse

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_WEIGHTS = ("*.safetensors", "*.safetensors.index.json")
_TOKENIZERS = ("tokenizer.json", "tokenizer.model", "tokenizer_config.json", "vocab.json")


@dataclass(frozen=True, slots=True)
class ModelRef:
    """A model that can be loaded: a base folder, and an adapter folder where a run trained one.

    `run` is the id of the run that it comes from, if any.
    """

    name: str
    base: Path
    adapter: Path | None = None
    run: str | None = None


def find_model(name: str, *, download: bool = True) -> ModelRef:
    """The model that `name` means: a folder, a run's id, a model the workbench holds, or a hub id.

    With `download` a hub id that is not in the cache is fetched.

    Raises:
        WrongUse: nothing has that name.
        WorkbenchError: the folder has no weights, no configuration or no tokenizer, or a run has not
            saved anything yet.
    """
    wanted = name.strip()
    if not wanted:
        raise WrongUse("no model is given", remedy="Give a folder, a run's id or a hub id.")
    try:
        return _found(wanted, download)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise WorkbenchError(f"it cannot be looked at ({reason})", where=wanted) from error


def _found(wanted: str, download: bool) -> ModelRef:
    folder = paths.expanded(wanted)
    if folder.is_dir():
        return _from_folder(wanted, folder, download)
    if folder.is_file():
        raise WorkbenchError(
            "this is a file, not a model folder",
            where=wanted,
            remedy="Give the folder that holds config.json and the .safetensors files.",
        )
    if not wanted.startswith(("/", "./", "../", "~")):
        if (run := paths.runs_dir() / wanted).is_dir():
            return _from_run(run, download)
        if (held := paths.models_dir() / wanted).is_dir():
            return ModelRef(wanted, _checked(held))
        if _HUB_ID.fullmatch(wanted):
            return ModelRef(wanted, _from_hub(wanted, download))
    raise WrongUse(f"no folder, run or model is called {wanted!r}", remedy=_nearest(wanted))


def list_models() -> list[ModelRef]:
    """The models the workbench holds, then the runs that saved one, newest first."""
    found = []
    for folder in _newest_first(paths.models_dir()):
        if (folder / "config.json").is_file():
            found.append(ModelRef(folder.name, folder))
    for folder in _newest_first(paths.runs_dir()):
        try:
            found.append(_from_run(folder, download=False))
        except WorkbenchError:
            continue
    return found


def read_config(base: Path) -> dict[str, Any]:
    """The `config.json` of a model folder.

    Raises:
        WorkbenchError: it is missing or is no JSON object.
    """
    file = base / "config.json"
    try:
        config = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise WorkbenchError(
            "this is no model folder: config.json is missing",
            where=str(base),
            remedy="Give the folder that holds config.json and the .safetensors files.",
        ) from None
    except (OSError, ValueError) as error:
        raise WorkbenchError(f"cannot be read ({error})", where=str(file)) from error
    if not isinstance(config, dict):
        raise WorkbenchError("must hold a JSON object", where=str(file))
    return config


def _from_folder(name: str, folder: Path, download: bool) -> ModelRef:
    if (folder / "adapter_config.json").is_file():
        return ModelRef(name, _base_of(folder, download), folder)
    if (folder / "recipe.yaml").is_file() and not (folder / "config.json").is_file():
        return _from_run(folder, download)
    return ModelRef(name, _checked(folder))


def _from_run(run: Path, download: bool) -> ModelRef:
    if (run / "adapter" / "adapter_config.json").is_file():
        return ModelRef(run.name, _base_of(run / "adapter", download), run / "adapter", run.name)
    if (run / "model" / "config.json").is_file():
        return ModelRef(run.name, _checked(run / "model"), None, run.name)
    raise WorkbenchError(
        "this run has not saved a model",
        where=run.name,
        remedy=f"See `workbench runs`; `workbench resume {run.name}` goes on with it.",
    )


def _base_of(adapter: Path, download: bool) -> Path:
    file = adapter / "adapter_config.json"
    try:
        base = json.loads(file.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (OSError, ValueError, AttributeError) as error:
        raise WorkbenchError(f"cannot be read ({error})", where=str(file)) from error
    if not base:
        raise WorkbenchError("does not say which model it belongs to", where=str(file))
    if Path(base).is_dir():
        return _checked(Path(base))
    if _HUB_ID.fullmatch(base):
        return _from_hub(base, download)
    raise WorkbenchError(
        f"its base model is gone: {base}",
        where=str(adapter),
        remedy="Put the base model's folder back there.",
    )


def _checked(folder: Path) -> Path:
    """`folder`, if a model can be loaded from it."""
    read_config(folder)
    if not any(next(folder.glob(pattern), None) for pattern in _WEIGHTS):
        other = next(folder.glob("*.bin"), None) or next(folder.glob("*.gguf"), None)
        raise WorkbenchError(
            "this model folder has no weights in safetensors",
            where=str(folder),
            remedy=f"{other.name} is another format: convert it to safetensors first."
            if other
            else "Copy or download the .safetensors files into it.",
        )
    if missing := _missing_parts(folder):
        raise WorkbenchError(
            f"{len(missing)} of its weight files {'is' if len(missing) == 1 else 'are'} missing, "
            f"the first is {missing[0]}",
            where=str(folder),
            remedy="Copy or download it into the folder.",
        )
    if not any((folder / name).is_file() for name in _TOKENIZERS):
        raise WorkbenchError(
            "this model folder has no tokenizer",
            where=str(folder),
            remedy="Copy tokenizer.json and tokenizer_config.json of the model into it.",
        )
    return folder.resolve()


def _missing_parts(folder: Path) -> list[str]:
    """The files that an index of split weights names and that are not there.

    Raises:
        WorkbenchError: the index cannot be read.
    """
    named: set[str] = set()
    for index in folder.glob("*.safetensors.index.json"):
        try:
            named.update(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values())
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            raise WorkbenchError(
                f"cannot be read ({error})", where=str(index), remedy="Copy or download it again."
            ) from error
    return sorted(name for name in named if not (folder / str(name)).is_file())


def _from_hub(hub_id: str, download: bool) -> Path:
    """The hub's model in the cache, whole; fetched if it is not, and `download` allows it."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    patterns = ["*.safetensors", "*.json", "*.model", "*.jinja", "*.txt"]
    try:
        return _checked(Path(snapshot_download(hub_id, allow_patterns=patterns, local_files_only=True)))
    except (LocalEntryNotFoundError, HFValidationError):
        if not download:
            raise WrongUse(f"{hub_id} is no folder and has not been downloaded") from None
    except WorkbenchError:  # another program fetched its tokenizer only, or a download was cut off
        if not download:
            raise
    try:
        fetched = Path(snapshot_download(hub_id, allow_patterns=patterns))
    except (LocalEntryNotFoundError, HfHubHTTPError, HFValidationError, OSError) as error:
        raise WrongUse(
            f"{hub_id!r} is no folder or run here, and could not be fetched from the Hugging Face Hub "
            f"({type(error).__name__})",
            remedy="Check the spelling and the network, log in for a gated model, or give a local folder.",
        ) from error
    return _checked(fetched)


def _nearest(wanted: str) -> str:
    names = [
        folder.name for place in (paths.models_dir(), paths.runs_dir()) for folder in _newest_first(place)
    ]
    near = difflib.get_close_matches(wanted, names, n=1, cutoff=0.5)
    if near:
        return f"Did you mean {near[0]}?"
    return f"There is: {', '.join(names[:5])}." if names else "`workbench demo` fetches a small model."


def _newest_first(place: Path) -> list[Path]:
    try:
        folders = [entry for entry in place.iterdir() if entry.is_dir() and not entry.name.startswith(".")]
    except OSError:
        return []
    return sorted(folders, key=_changed, reverse=True)


def _changed(folder: Path) -> float:
    try:
        return folder.stat().st_mtime
    except OSError:  # deleted while we looked
        return 0.0
