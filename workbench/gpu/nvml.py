"""NVIDIA's GPUs through NVML (the package nvidia-ml-py)."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Any, TypeVar

from workbench.figures import GIB
from workbench.gpu.machine import Gpu, GpuProcess
from workbench.untrusted import printable

T = TypeVar("T")

_AGAIN_S = 30.0
"""After a failure NVML is asked again this much later: drivers come back."""


class NvmlSampler:
    """Looks at the GPUs; that there is none, or none any more, is an answer and not an error.

    Args:
        process_name: names a process by its pid, or gives None where it cannot be seen.
        host_memory: bytes used and in all, for GPUs that share the host's memory.
        nvml: the module that speaks NVML; pynvml by default.
    """

    def __init__(
        self,
        process_name: Callable[[int], str | None],
        host_memory: Callable[[], tuple[int, int]],
        nvml: Any = None,
    ) -> None:
        self._process_name = process_name
        self._host_memory = host_memory
        self._nvml = nvml
        self._ready = False
        self._absence: str | None = None
        self._ask_again = 0.0

    def sample(self, *, processes: bool) -> tuple[list[Gpu], str | None]:
        """All GPUs, and why there is none.

        Args:
            processes: list the processes on each GPU too; that costs milliseconds.
        """
        if not self._ready and not self._start():
            return [], self._absence
        try:
            gpus = [
                gpu
                for index in range(self._nvml.nvmlDeviceGetCount())
                for gpu in self._look_at(index, processes)
            ]
        except self._nvml.NVMLError as error:
            self._give_up(f"the NVIDIA driver stopped answering ({error})")
            return [], self._absence
        return gpus, None if gpus else "the NVIDIA driver shows no GPU"

    def close(self) -> None:
        """Let go of the driver."""
        if self._ready:
            self._ready = False
            with contextlib.suppress(self._nvml.NVMLError):
                self._nvml.nvmlShutdown()

    def _start(self) -> bool:
        if time.monotonic() < self._ask_again:
            return False
        if self._nvml is None:
            try:
                import pynvml
            except ImportError:
                self._give_up("nvidia-ml-py is not installed")
                return False
            self._nvml = pynvml
        try:
            self._nvml.nvmlInit()
        except self._nvml.NVMLError as error:
            self._give_up(self._why_not(error))
            return False
        self._ready, self._absence = True, None
        return True

    def _give_up(self, reason: str) -> None:
        self.close()
        self._absence = reason
        self._ask_again = time.monotonic() + _AGAIN_S

    def _why_not(self, error: Exception) -> str:
        nvml = self._nvml
        reasons = {
            nvml.NVML_ERROR_LIBRARY_NOT_FOUND: "no NVIDIA driver found",
            nvml.NVML_ERROR_DRIVER_NOT_LOADED: "the NVIDIA driver is installed but not loaded",
            nvml.NVML_ERROR_NO_PERMISSION: "no permission to use the NVIDIA driver",
            nvml.NVML_ERROR_LIB_RM_VERSION_MISMATCH: "the NVIDIA driver was updated: restart the computer",
        }
        return reasons.get(getattr(error, "value", None), f"the NVIDIA driver does not answer ({error})")

    def _look_at(self, index: int, processes: bool) -> list[Gpu]:
        nvml = self._nvml
        handle = nvml.nvmlDeviceGetHandleByIndex(index)
        mig = self._ask(nvml.nvmlDeviceGetMigMode, handle)
        if mig is None or mig[0] != nvml.NVML_DEVICE_MIG_ENABLE:
            return [self._read(index, handle, handle, processes)]
        instances = [
            instance
            for number in range(self._ask(nvml.nvmlDeviceGetMaxMigDeviceCount, handle) or 0)
            if (instance := self._ask(nvml.nvmlDeviceGetMigDeviceHandleByIndex, handle, number)) is not None
        ]
        return [self._read(index, instance, handle, processes) for instance in instances or [handle]]

    def _read(self, index: int, handle: Any, card: Any, processes: bool) -> Gpu:
        """One GPU or MIG instance (`handle`) of the card that has its power and temperature."""
        nvml = self._nvml
        # The first version counts what the driver reserves for itself as used; nvidia-smi does not.
        memory = self._ask(nvml.nvmlDeviceGetMemoryInfo, handle, nvml.nvmlMemory_v2) or self._ask(
            nvml.nvmlDeviceGetMemoryInfo, handle
        )
        # GPUs that share the host's memory have none of their own to report.
        used, total = (memory.used, memory.total) if memory else self._host_memory()
        utilisation = self._ask(nvml.nvmlDeviceGetUtilizationRates, handle)
        power = self._ask(nvml.nvmlDeviceGetPowerUsage, card)
        limit = self._ask(nvml.nvmlDeviceGetEnforcedPowerLimit, card)
        name = self._ask(nvml.nvmlDeviceGetName, handle)
        return Gpu(
            index=index,
            name=printable(_text(name), keep_newlines=False) or f"GPU {index}",
            used_gib=used / GIB,
            total_gib=total / GIB,
            utilisation=None if utilisation is None else int(utilisation.gpu),
            power_w=None if power is None else power / 1000,
            power_limit_w=None if limit is None else limit / 1000,
            temperature_c=self._ask(nvml.nvmlDeviceGetTemperature, card, nvml.NVML_TEMPERATURE_GPU),
            processes=self._processes(handle) if processes else [],
        )

    def _processes(self, handle: Any) -> list[GpuProcess]:
        nvml = self._nvml
        used: dict[int, float | None] = {}
        for ask in (nvml.nvmlDeviceGetComputeRunningProcesses, nvml.nvmlDeviceGetGraphicsRunningProcesses):
            for process in self._ask(ask, handle) or []:
                bytes_used = process.usedGpuMemory
                used[process.pid] = None if bytes_used is None else bytes_used / GIB
        found = [GpuProcess(pid, self._name(pid), gib) for pid, gib in used.items()]
        return sorted(found, key=lambda process: -(process.used_gib or 0.0))

    def _name(self, pid: int) -> str:
        # In a container the driver may give the host's numbers, which mean nothing here.
        return printable(self._process_name(pid) or f"process {pid} (not visible here)", keep_newlines=False)

    def _ask(self, question: Callable[..., T], *arguments: object) -> T | None:
        """What NVML answers; None where this GPU, driver or container does not tell.

        Raises NVMLError where the GPU or the driver is gone.
        """
        nvml = self._nvml
        try:
            return question(*arguments)
        except nvml.NVMLError as error:
            if getattr(error, "value", None) in (
                nvml.NVML_ERROR_NOT_SUPPORTED,
                nvml.NVML_ERROR_NO_PERMISSION,
                nvml.NVML_ERROR_NOT_FOUND,
                nvml.NVML_ERROR_INVALID_ARGUMENT,
                nvml.NVML_ERROR_FUNCTION_NOT_FOUND,
                nvml.NVML_ERROR_NO_DATA,
            ):
                return None
            raise


def _text(name: object) -> str:
    return name.decode(errors="replace") if isinstance(name, bytes) else str(name or "")
