"""Which process a pid means: the number is reused, the number with its start mark is not.

Wall clocks step, so on Linux nothing here is a time of day: the mark is the start in clock ticks since
boot, from /proc/PID/stat (field 22, proc_pid_stat(5)), and it counts only under the same boot.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

_PROC = Path("/proc/self/stat").exists()


@functools.cache
def this_machine() -> str:
    """Where a pid means the same process: this boot of this kernel and this pid namespace."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot} {os.readlink('/proc/self/ns/pid')}"  # noqa: PTH115 (the link leads nowhere)
    except OSError:
        return host_name()


def same_boot(machine: str) -> bool:
    """Whether `machine`, once told by `this_machine()`, is this boot (perhaps another container of it)."""
    return machine.partition(" ")[0] == this_machine().partition(" ")[0]


def host_name() -> str:
    """This machine's name."""
    return os.uname().nodename


def start_mark(pid: int) -> str:
    """What tells this process from a later one of the same pid; "" if there is none (zombies have one)."""
    return _look(pid)[0]


def is_alive(pid: int | None, mark: str) -> bool:
    """Whether that very process runs. A zombie does not: it only waits to be reaped."""
    if pid is None or pid <= 0 or not mark:
        return False
    found, dead = _look(pid)
    return found == mark and not dead


def peak_resident_bytes() -> int:
    """The most host memory that this process has held; 0 where the system does not say.

    Not getrusage's maximum: a launched process inherits that of its launcher.
    """
    try:
        status = Path("/proc/self/status").read_bytes()
    except OSError:
        return 0
    return next(
        (int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith(b"VmHWM:")), 0
    )


def _look(pid: int) -> tuple[str, bool]:
    """The start mark and whether only a zombie is left."""
    if not _PROC:
        return _look_with_psutil(pid)
    try:
        # The name in field 2 may hold spaces and parentheses of its own.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
        return fields[19].decode(), fields[0] in (b"Z", b"X", b"x")
    except (OSError, IndexError):
        return "", True


def _look_with_psutil(pid: int) -> tuple[str, bool]:
    import psutil

    try:
        process = psutil.Process(pid)
        return f"{process.create_time():.2f}", process.status() in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.Error:
        return "", True
