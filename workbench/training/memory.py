"""The memory that a run takes: on the GPU, or in the host where there is none."""

from __future__ import annotations

import os
import time

import psutil
import torch

from workbench.figures import GIB
from workbench.gpu.sample import Sampler
from workbench.runs.process import peak_resident_bytes
from workbench.runs.writer import RunWriter

_EVERY_S = 2.0


class MemoryWatch:
    """Samples now and then, and writes `memory` events.

    `process_gib` is the GPU memory of this process, by NVML or, where NVML cannot tell (containers), what
    torch holds; without a GPU it is the process's resident memory.
    """

    def __init__(self, writer: RunWriter) -> None:
        self._writer = writer
        self._sampler = Sampler()
        self._next = 0.0
        self._seen_gib = 0.0

    def after_step(self, step: int) -> None:
        """Write an event if the last one is two seconds old."""
        if time.monotonic() >= self._next:
            self.sample(step)

    def sample(self, step: int) -> None:
        """Write an event."""
        self._next = time.monotonic() + _EVERY_S
        process = self._process_gib()
        self._seen_gib = max(self._seen_gib, process)
        self._writer.event(
            "memory",
            step=step,
            process_gib=process,
            host_used_gib=self._sampler.sample().host.ram_used_gib,
            **_device(),
        )

    @property
    def peak_gib(self) -> float:
        """The most that this process ever held."""
        if torch.cuda.is_available():
            return max(self._seen_gib, torch.cuda.max_memory_reserved() / GIB)
        return max(self._seen_gib, peak_resident_bytes() / GIB)

    def _process_gib(self) -> float:
        if not torch.cuda.is_available():
            return float(psutil.Process().memory_info().rss / GIB)
        return self._sampler.process_gpu_gib(os.getpid()) or torch.cuda.memory_reserved() / GIB


def _device() -> dict[str, float | None]:
    """The GPU that torch uses, as torch sees it: NVML's numbering is another where some are hidden."""
    names = "device_used_gib", "device_total_gib", "torch_allocated_gib", "torch_peak_gib", "gpu_util"
    if not torch.cuda.is_available():
        return dict.fromkeys(names)
    free, total = torch.cuda.mem_get_info()
    allocated, peak = torch.cuda.memory_allocated(), torch.cuda.max_memory_allocated()
    return dict(
        zip(names, [(total - free) / GIB, total / GIB, allocated / GIB, peak / GIB, _busy()], strict=True)
    )


def _busy() -> float | None:
    try:
        return float(torch.cuda.utilization())
    except Exception:  # whatever NVML says, it is no reason to end a run
        return None


def total_gib() -> float | None:
    """The memory of the GPU, or of the host without one."""
    if torch.cuda.is_available():
        return float(torch.cuda.get_device_properties(0).total_memory / GIB)
    return float(psutil.virtual_memory().total / GIB)
