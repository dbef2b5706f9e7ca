"""The one place where the engine opens the app."""

from __future__ import annotations

import gc
import os
import sys

from workbench.errors import WorkbenchError


def open_app(
    mode: str | None = None,
    *,
    dataset: str | None = None,
    run_id: str | None = None,
    model: str | None = None,
    offer_chat: bool = False,
) -> None:
    """Open the app in this terminal and stay until it is closed.

    Without a `mode` it opens on Monitor if a run is live, else on Data.

    Raises:
        WorkbenchError: standard input or output is no terminal.
        Exception: whatever the app could not handle, once the terminal is as it was.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise WorkbenchError(
            "the app needs a terminal",
            remedy="Start it in one (ssh -t), or use the commands: workbench --help.",
        )
    # Read by Textual when it is imported. Nothing here is worth animating over a thin line.
    os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")
    # Collecting garbage among the many objects of a start finds none and delays the first paint; the app
    # switches it on again once it is painted.
    gc.disable()
    from screens.app import WorkbenchApp

    app = WorkbenchApp(
        mode or _first_mode(), dataset=dataset, run_id=run_id, model=model, offer_chat=offer_chat
    )
    with _native_output_logged():
        app.run()
    if app.fault is not None:
        raise app.fault


def _first_mode() -> str:
    from workbench import paths

    if not paths.runs_dir().is_dir():
        return "data"
    from workbench.runs.catalog import list_runs

    return "monitor" if any(run.live for run in list_runs()) else "data"


class _native_output_logged:
    """Point file descriptor 2 at a log while the app runs.

    Native code (CUDA, OpenMP, tokenizers) writes there past Python and would tear the screen. Textual
    draws to `sys.__stderr__`, so that gets a descriptor of its own on the terminal.
    """

    def __enter__(self) -> None:
        from workbench import paths

        self._terminal = os.dup(2)
        try:
            paths.log_dir().mkdir(parents=True, exist_ok=True)
            log = os.open(paths.log_dir() / "app.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        except OSError:
            log = os.open(os.devnull, os.O_WRONLY)
        os.dup2(log, 2)
        os.close(log)
        self._stderr = sys.__stderr__
        sys.__stderr__ = os.fdopen(os.dup(self._terminal), "w", encoding="utf-8")  # type: ignore[misc]

    def __exit__(self, *_: object) -> None:
        os.dup2(self._terminal, 2)
        os.close(self._terminal)
        sys.__stderr__ = self._stderr  # type: ignore[misc]
