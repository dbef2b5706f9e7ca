"""A run directory: where everything of one job lies."""

from __future__ import annotations

import difflib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import WorkbenchError, WrongUse
from workbench.paths import runs_dir

_NAME_BYTES = 80
_NUMBERED = re.compile(r"(?P<name>.+)-(?P<number>\d+)")


@dataclass(frozen=True, slots=True)
class RunDirectory:
    """The files of one run; its folder's name is the run's id."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def recipe_file(self) -> Path:
        """What the job does, as resolved when it was launched."""
        return self.path / "recipe.yaml"

    @property
    def events_file(self) -> Path:
        """What happened: append-only, one writer, one JSON object a line."""
        return self.path / "events.jsonl"

    @property
    def status_file(self) -> Path:
        """How it stands: replaced whole."""
        return self.path / "status.json"

    @property
    def output_log(self) -> Path:
        """What the job's process printed."""
        return self.path / "output.log"

    @property
    def checkpoints(self) -> Path:
        return self.path / "checkpoints"

    @property
    def adapter(self) -> Path:
        return self.path / "adapter"

    @property
    def model_dir(self) -> Path:
        return self.path / "model"

    @property
    def results_file(self) -> Path:
        """A comparison's results."""
        return self.path / "results.json"

    @property
    def stop_file(self) -> Path:
        """Its being there asks the job to save and stop."""
        return self.path / "stop"


def create_run(name: str) -> RunDirectory:
    """Make a run directory with a new id, `name` and a number: alpaca-01.

    Two programs that ask at once get two ids: a folder is only ever made once.

    Raises:
        WorkbenchError: the folder cannot be made (disk full, read-only, no permission).
    """
    stem = _folder_name(name)
    folder = runs_dir()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = max((_number(path.name, stem) for path in folder.iterdir()), default=0)
        while True:
            number += 1
            path = folder / f"{stem}-{number:02}"
            try:
                path.mkdir()
            except FileExistsError:
                continue
            return RunDirectory(path)
    except OSError as error:
        from workbench.atomic import write_failure

        raise write_failure(folder, error) from error


def all_runs() -> list[RunDirectory]:
    """Every run directory, in the order of their ids."""
    try:
        return [
            RunDirectory(path)
            for path in sorted(runs_dir().iterdir())
            if not path.name.startswith(".") and path.is_dir()
        ]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise WorkbenchError(
            f"the runs cannot be listed ({(error.strerror or str(error)).lower()})",
            where=str(runs_dir()),
            remedy="Give yourself permission to read it, or set WORKBENCH_HOME to another folder.",
        ) from error


def find_run(run_id: str) -> RunDirectory:
    """The run of that id, of that unique beginning of an id, or `last`: the one started last.

    Raises:
        WrongUse: there is none, or several begin so; the sentence names the nearest.
    """
    runs = all_runs()
    by_id = {run.id: run for run in runs}
    if run_id in by_id:
        return by_id[run_id]
    if not runs:
        raise WrongUse(
            f"there is no run {run_id!r}: there are no runs yet",
            where=str(runs_dir()),
            remedy="Start one with `workbench train` or `workbench demo`.",
        )
    if run_id == "last":
        from workbench.runs.catalog import newest_run

        return newest_run(runs)
    beginning = [name for name in by_id if run_id and name.startswith(run_id)]
    if len(beginning) == 1:
        return by_id[beginning[0]]
    if beginning:
        raise WrongUse(f"{run_id!r} fits several runs: {_some(beginning)}", remedy="Write more of the name.")
    near = difflib.get_close_matches(run_id, by_id, n=3, cutoff=0.5)
    raise WrongUse(
        f"there is no run {run_id!r}" + (f"; nearest: {_some(near)}" if near else ""),
        remedy="`workbench runs` lists them.",
    )


def _folder_name(name: str) -> str:
    """`name` as the stem of a folder's name: letters of any script, digits, `.`, `_` and `-`."""
    stem = re.sub(r"[^\w.-]+", "-", unicodedata.normalize("NFC", name)).strip("-._")
    while len(stem.encode()) > _NAME_BYTES:
        stem = stem[:-1]
    return stem.rstrip("-._") or "run"


def _number(folder: str, stem: str) -> int:
    match = _NUMBERED.fullmatch(folder)
    return int(match["number"]) if match and match["name"] == stem else 0


def _some(names: list[str]) -> str:
    return ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
