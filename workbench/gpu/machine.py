"""What one look at the machine gives. Memory is in GiB (1024**3 bytes)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class GpuProcess:
    """A process that holds memory of a GPU."""

    pid: int
    name: str
    used_gib: float | None
    """None where the driver does not tell: in some containers, and on WSL."""


@dataclass(frozen=True, slots=True)
class Gpu:
    """A GPU, or one MIG instance of a GPU; None is what this one does not tell."""

    index: int
    name: str
    used_gib: float
    total_gib: float
    utilisation: int | None = None
    """Per cent of the last sampling period in which a kernel ran."""
    power_w: float | None = None
    power_limit_w: float | None = None
    temperature_c: int | None = None
    processes: list[GpuProcess] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Host:
    """The computer itself, or the container that this runs in where that is the narrower limit."""

    name: str
    cpu_percent: float
    """Of all cores together, since the last look."""
    cores: int
    ram_used_gib: float
    ram_total_gib: float
    disk_free_gib: float
    """Where runs are kept."""
    load: float
    """Average number of runnable processes in the last minute."""


@dataclass(frozen=True, slots=True)
class Machine:
    """All GPUs and the host at one moment."""

    gpus: list[Gpu]
    gpu_absence: str | None
    """Why there is no GPU, in a sentence; None where there is one."""
    host: Host
