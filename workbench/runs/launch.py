"""Starting a job that outlives whoever started it."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from dataclasses import replace

from workbench.atomic import replace_text
from workbench.errors import WorkbenchError
from workbench.runs.directory import RunDirectory
from workbench.runs.event_writer import EventWriter
from workbench.runs.process import host_name, start_mark, this_machine
from workbench.runs.status import LAUNCH_LINE, Status, read_status, recorded_status

_ENVIRONMENT = {
    # Spin barriers of OpenMP cost several times when another program uses a core.
    "OMP_WAIT_POLICY": "PASSIVE",
    "TOKENIZERS_PARALLELISM": "false",
    # Rows differ in length: without it, the GPU memory that torch holds grows to twice what it uses.
    "PYTORCH_ALLOC_CONF": "expandable_segments:True",
    # The log is followed while it is written, is UTF-8 whatever the locale, and shows where C code died.
    "PYTHONUNBUFFERED": "1",
    "PYTHONUTF8": "1",
    "PYTHONFAULTHANDLER": "1",
}

_PREDECESSOR_S = 5.0


def launch(run: RunDirectory, module: str) -> int:
    """Start `python -m module RUN_PATH` detached; its pid.

    The process has a session of its own, no terminal and no pipe: neither the end of this process nor of
    its terminal reaches it. What it prints is appended to output.log. When it ends it is reaped here, so
    that it leaves no zombie.

    Raises:
        WorkbenchError: the run is live already, its directory cannot be written, or no process starts.
    """
    known = _refuse_a_live_one(run)
    # Its lock keeps other launches out, and the job waits for it. A process killed a moment ago may still
    # hold it.
    with EventWriter(run.events_file, wait_s=_PREDECESSOR_S) as events:
        before = _refuse_a_live_one(run)
        if (before and before.pid_started) != (known and known.pid_started):
            raise WorkbenchError(f"run {run.id} was launched by another program at the same moment")
        status = replace(before or Status(id=run.id, started=time.time()), module=module, state="starting")
        status.pid, status.phase, status.reason, status.ended = None, "", "", None
        status.first_seq, status.heartbeat = events.next_seq, time.time()
        status.machine, status.host = this_machine(), host_name()
        replace_text(run.status_file, status.to_json())
        try:
            process = _start(run, module)
        except OSError as error:
            status.state, status.ended = "failed", time.time()
            status.reason = f"its process could not be started ({(error.strerror or str(error)).lower()})"
            replace_text(run.status_file, status.to_json())
            raise WorkbenchError(status.reason, where=f"run {run.id}") from error
        try:
            status.pid, status.pid_started = process.pid, start_mark(process.pid)
            replace_text(run.status_file, status.to_json())
        except BaseException:
            # Whoever asked is told that nothing runs. The job still waits for the lock, so nothing is lost.
            process.kill()
            process.wait()
            raise
    threading.Thread(target=process.wait, name=f"reap-{run.id}", daemon=True).start()
    return process.pid


def _refuse_a_live_one(run: RunDirectory) -> Status | None:
    """How the run stands, if it was launched before."""
    if recorded_status(run) is None:
        return None
    before = read_status(run)
    if before.live:
        raise WorkbenchError(f"run {run.id} is at work already", remedy="Follow it, or stop it first.")
    return before


def _start(run: RunDirectory, module: str) -> subprocess.Popen[bytes]:
    # -P: a file in the user's folder must not be imported in place of a package of the same name.
    command = [sys.executable, "-P", "-m", module, str(run.path.absolute())]
    with run.output_log.open("ab", buffering=0) as log:
        log.write(f"{LAUNCH_LINE}{time.strftime('%Y-%m-%d %H:%M:%S')} {module}\n".encode())
        return subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            env={**os.environ, **_ENVIRONMENT},
        )
