"""What is installed and what this machine has, each with what to do where something is missing."""

from __future__ import annotations

import importlib.metadata
import locale
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from workbench import paths
from workbench.errors import WorkbenchError
from workbench.figures import GIB, significant

PACKAGES = ("torch", "transformers", "peft", "accelerate", "bitsandbytes", "datasets", "textual", "ollama")
LEAST_DISK_GIB = 5.0


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at. `bad` keeps the workbench from working, `note` is a normal state."""

    name: str
    state: Literal["good", "note", "bad"]
    detail: str
    remedy: str = ""


def examine() -> list[Finding]:
    """Everything that is worth knowing before a fine-tune; takes about a second, loads no torch."""
    return [*_packages(), *_gpus(), _memory(), _disk(), _ollama(), *_terminal()]


def _packages() -> Iterator[Finding]:
    yield Finding("python", "good", f"{sys.version.split()[0]} at {sys.executable}")
    for name in PACKAGES:
        if version := _version(name):
            yield Finding(name, "good", version)
        else:
            yield Finding(name, "bad", "is not installed", f"pip install {name}")


def _version(package: str) -> str | None:
    try:
        return importlib.metadata.version(package)
    except importlib.metadata.PackageNotFoundError:
        return None


def _gpus() -> Iterator[Finding]:
    from workbench.gpu.sample import Sampler

    machine = Sampler().sample()
    if not machine.gpus:
        yield Finding(
            "GPU", "note", f"{machine.gpu_absence or 'none'}: training and chat run on the CPU, slowly"
        )
    for gpu in machine.gpus:
        free = gpu.total_gib - gpu.used_gib
        detail = f"{gpu.name}, {significant(free)} of {significant(gpu.total_gib)} GiB free"
        yield Finding(f"GPU {gpu.index}", "good", detail)
    if machine.gpus and (_version("torch") or "").endswith("+cpu"):
        yield Finding(
            "torch",
            "bad",
            "this is a CPU build on a machine with a GPU",
            "pip install --force-reinstall torch",
        )


def _memory() -> Finding:
    import psutil

    memory = psutil.virtual_memory()
    detail = f"{significant(memory.available / GIB)} of {significant(memory.total / GIB)} GiB free"
    return Finding("memory", "good", f"{detail}, {os.cpu_count()} CPU cores")


def _disk() -> Finding:
    from workbench.gpu.host import free_disk_bytes

    place = paths.runs_dir()
    existing = next(folder for folder in (place, *place.parents) if os.path.lexists(folder))
    free = free_disk_bytes(place) / GIB
    detail = f"{significant(free)} GiB free for {place}"
    if not os.access(existing, os.W_OK):
        return Finding(
            "disk", "bad", f"{existing} cannot be written", "Set WORKBENCH_HOME to another folder."
        )
    if free < LEAST_DISK_GIB:
        return Finding("disk", "bad", detail, "Free some space, or set WORKBENCH_HOME to a larger disk.")
    return Finding("disk", "good", detail)


def _ollama() -> Finding:
    from workbench.chat.ollama import list_ollama_models

    try:
        models = list_ollama_models()
    except WorkbenchError as error:
        return Finding("Ollama", "note", error.problem, error.remedy or "")
    return Finding("Ollama", "good", f"answers, {len(models)} models")


def _terminal() -> Iterator[Finding]:
    encoding = locale.getpreferredencoding(False)
    if encoding.lower().replace("-", "") == "utf8":
        yield Finding("encoding", "good", encoding)
    else:
        yield Finding("encoding", "bad", f"{encoding}: Chinese cannot be shown", "export LANG=C.UTF-8")
    if not sys.stdout.isatty():
        yield Finding("terminal", "note", "standard output is no terminal")
        return
    size = shutil.get_terminal_size()
    state: Literal["good", "note"] = "good" if size.columns >= 80 and size.lines >= 24 else "note"
    yield Finding(
        "terminal",
        state,
        f"{os.environ.get('TERM', 'TERM is not set')}, {size.columns}x{size.lines}, {_colours()}",
        "" if state == "good" else "The screens need 80x24.",
    )
    if os.environ.get("TMUX"):
        yield Finding("tmux", "good", "yes: runs outlive it anyway")


def _colours() -> str:
    if os.environ.get("COLORTERM", "").lower() in ("truecolor", "24bit"):
        return "true colours"
    return "256 colours" if "256" in os.environ.get("TERM", "") else "16 colours"
