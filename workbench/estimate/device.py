"""What the recipe would run on: a GPU with its free memory, or this computer's RAM. No torch."""

from __future__ import annotations

import os
import threading
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.gpu.sample import Sampler

_LOCK = threading.Lock()


@dataclass(frozen=True, slots=True)
class Device:
    """A place to train. `free_gib` is None where the system does not tell."""

    name: str
    is_gpu: bool
    free_gib: float | None
    quick_at_bf16: bool


def this_device() -> Device:
    """The GPU that torch would take, or the CPU where there is none."""
    with _LOCK:
        machine = _sampler().sample()
    index = _first_visible()
    gpus = [gpu for gpu in machine.gpus if gpu.index == index] or machine.gpus[:1]
    if gpus and index is not None:
        gpu = gpus[0]
        return Device(f"GPU {gpu.index}, {gpu.name}", True, gpu.total_gib - gpu.used_gib, True)
    host = machine.host
    return Device("CPU", False, host.ram_total_gib - host.ram_used_gib, _cpu_has_bf16())


def _first_visible() -> int | None:
    """The index of the GPU that torch calls cuda:0; None where all are hidden from it.

    https://docs.nvidia.com/cuda/cuda-c-programming-guide/#cuda-environment-variables
    """
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    if visible is None:
        return 0
    first = visible.split(",")[0].strip()
    if first.isdigit():
        return int(first)
    return 0 if first.startswith(("GPU-", "MIG-")) else None


@cache
def _sampler() -> Sampler:
    # Kept: opening NVML anew costs more than all the rest of an estimate.
    from workbench.gpu.sample import Sampler

    return Sampler()


@cache
def _cpu_has_bf16() -> bool:
    try:
        information = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    except OSError:
        return False
    return "avx512_bf16" in information or "amx_bf16" in information
