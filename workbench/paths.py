"""Where runs, models, samples, caches and settings live.

With WORKBENCH_HOME set, everything lies under it; otherwise the XDG base directories are used
(https://specifications.freedesktop.org/basedir-spec/latest/).
"""

from __future__ import annotations

import os
from pathlib import Path


def runs_dir() -> Path:
    """Run directories, one a job."""
    return _data() / "runs"


def models_dir() -> Path:
    """Model folders that the workbench fetched or made."""
    return _data() / "models"


def samples_dir() -> Path:
    """Sample sets that the workbench brings along."""
    return _data() / "samples"


def registry_file() -> Path:
    """What the workbench was told of data files in folders that it cannot write to."""
    return _data() / "dataset_info.json"


def cache_dir() -> Path:
    """What can be deleted without loss."""
    return _place("cache", "XDG_CACHE_HOME", ".cache")


def log_dir() -> Path:
    """Logs of the app itself."""
    return _place("state", "XDG_STATE_HOME", ".local/state") / "logs"


def settings_file() -> Path:
    """What the app remembers between starts."""
    return _place("config", "XDG_CONFIG_HOME", ".config") / "settings.json"


def configs_dir() -> Path:
    """The recipes that come with the workbench: inside the package of a wheel, beside it in a checkout."""
    inside = Path(__file__).parent / "configs"
    return inside if inside.is_dir() else Path(__file__).parents[1] / "configs"


def expanded(path: str | Path) -> Path:
    """`path` with a leading `~` or `~user` as that home folder; as it is where nobody is called so."""
    try:
        return Path(path).expanduser()
    except RuntimeError:
        return Path(path)


def _data() -> Path:
    home = os.environ.get("WORKBENCH_HOME")
    if home:
        return expanded(home)
    return _place("data", "XDG_DATA_HOME", ".local/share")


def _place(name: str, variable: str, fallback: str) -> Path:
    home = os.environ.get("WORKBENCH_HOME")
    if home:
        return expanded(home) / name
    base = os.environ.get(variable)
    return (Path(base) if base else Path.home() / fallback) / "workbench"
