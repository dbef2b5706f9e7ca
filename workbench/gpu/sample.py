"""Looking at the machine: every GPU and the host."""

from __future__ import annotations

from typing import Any

from workbench.figures import GIB
from workbench.gpu.host import HostSampler
from workbench.gpu.machine import Gpu, GpuProcess, Host, Machine
from workbench.gpu.nvml import NvmlSampler

__all__ = ["Gpu", "GpuProcess", "Host", "Machine", "Sampler"]


class Sampler:
    """Looks at the machine when asked. One thread at a time; an app keeps one, in one sampling thread.

    Args:
        nvml: the module that speaks NVML; pynvml by default.
    """

    def __init__(self, nvml: Any = None) -> None:
        self._host = HostSampler()
        self._nvml = NvmlSampler(self._host.process_name, self._host.memory_bytes, nvml)

    def sample(self, *, processes: bool = False) -> Machine:
        """One look. Never raises: a GPU that is missing or stops answering is told in `gpu_absence`.

        Args:
            processes: list the processes on each GPU too; that costs milliseconds.
        """
        gpus, absence = self._nvml.sample(processes=processes)
        return Machine(gpus=gpus, gpu_absence=absence, host=self._host.sample())

    def process_gib(self, pid: int) -> float:
        """Host memory that a process holds (resident set), GiB; 0 if it is gone."""
        return self._host.process_bytes(pid) / GIB

    def process_gpu_gib(self, pid: int) -> float | None:
        """GPU memory that a process holds over all GPUs, GiB; None where the driver does not tell."""
        gpus, _ = self._nvml.sample(processes=True)
        used = [
            process.used_gib
            for gpu in gpus
            for process in gpu.processes
            if process.pid == pid and process.used_gib is not None
        ]
        return sum(used) if used else None

    def close(self) -> None:
        """Let go of the driver."""
        self._nvml.close()
