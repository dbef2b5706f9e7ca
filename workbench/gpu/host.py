"""The host's CPU, memory and disk."""

from __future__ import annotations

import os
from pathlib import Path

from workbench.figures import GIB
from workbench.gpu.machine import Host
from workbench.paths import runs_dir

_CGROUP = Path("/sys/fs/cgroup")


class HostSampler:
    """Looks at the host. The share of the CPU is that since the look before."""

    def __init__(self) -> None:
        import psutil

        self._psutil = psutil
        psutil.cpu_percent()  # its first answer has no past to compare with

    def sample(self) -> Host:
        """One look."""
        used, total = self.memory_bytes()
        return Host(
            name=os.uname().nodename,
            cpu_percent=self._psutil.cpu_percent(),
            cores=os.cpu_count() or 1,
            ram_used_gib=used / GIB,
            ram_total_gib=total / GIB,
            disk_free_gib=free_disk_bytes(runs_dir()) / GIB,
            load=os.getloadavg()[0],
        )

    def memory_bytes(self) -> tuple[int, int]:
        """RAM used (what is not available to programs) and in all; the container's, if that is less."""
        memory = self._psutil.virtual_memory()
        limit = _container_limit()
        if limit is not None and limit[1] < memory.total:
            return limit
        return memory.total - memory.available, memory.total

    def process_bytes(self, pid: int) -> int:
        """Resident memory of a process; 0 if it is gone."""
        try:
            return int(self._psutil.Process(pid).memory_info().rss)
        except self._psutil.Error:
            return 0

    def process_name(self, pid: int) -> str | None:
        """What a process is called; None if it cannot be seen from here."""
        try:
            return str(self._psutil.Process(pid).name())
        except self._psutil.Error:
            return None


def free_disk_bytes(path: Path) -> int:
    """Free for this user on the disk where `path` lies or would be made; 0 if that cannot be told."""
    for place in (path, *path.parents):
        try:
            disk = os.statvfs(place)
        except OSError:
            continue
        return disk.f_bavail * disk.f_frsize
    return 0


def _container_limit() -> tuple[int, int] | None:
    """Memory used and allowed in this control group (version 2); None without a limit.

    Pages of files that can be dropped at once do not count as used
    (https://docs.kernel.org/admin-guide/cgroup-v2.html#memory).
    """
    try:
        limit = int((_CGROUP / "memory.max").read_text())
        used = int((_CGROUP / "memory.current").read_text())
        lines = (_CGROUP / "memory.stat").read_text().splitlines()
        inactive = sum(int(line.split()[1]) for line in lines if line.startswith("inactive_file "))
    except (OSError, ValueError, IndexError):
        return None
    return max(used - inactive, 0), limit
