"""What the app remembers between starts: the model last looked with, the files last opened."""

from __future__ import annotations

from typing import Any

# Modules that the first paint can do without are imported where they are needed.
from workbench import paths

RECENT_COUNT = 8


def recall(key: str, default: Any = None) -> Any:
    """What was last remembered under `key`; a missing or broken file remembers nothing."""
    return _everything().get(key, default)


def remember(key: str, value: Any) -> None:
    """Keep `value`, which JSON can hold, under `key`.

    A disk that is full or read-only is no reason to disturb: then it is forgotten.
    """
    everything = _everything()
    if everything.get(key) == value:
        return
    import contextlib
    import json

    from workbench import atomic
    from workbench.errors import WorkbenchError

    with contextlib.suppress(WorkbenchError):
        text = json.dumps({**everything, key: value}, ensure_ascii=False, indent=1)
        atomic.replace_text(paths.settings_file(), text + "\n")


def recent_files(kind: str) -> list[str]:
    """The files of this kind (`data`, `recipe`) that were opened last, newest first."""
    found = recall(f"recent_{kind}", [])
    return [path for path in found if isinstance(path, str)] if isinstance(found, list) else []


def remember_file(kind: str, path: str) -> None:
    """Put `path` at the head of the recent files of this kind."""
    others = [other for other in recent_files(kind) if other != path]
    remember(f"recent_{kind}", [path, *others][:RECENT_COUNT])


def _everything() -> dict[str, Any]:
    import json

    try:
        found = json.loads(paths.settings_file().read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
