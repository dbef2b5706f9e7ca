"""A stand-in for pynvml that answers from a recording: NVML itself cannot run without an NVIDIA driver."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pynvml

GIB = 1024**3


@dataclass
class Card:
    """What one card answers; an NVMLError in place of an answer is raised."""

    name: Any = "NVIDIA H100 80GB HBM3"
    memory: Any = (41 * GIB, 80 * GIB)
    utilisation: Any = 87
    power: Any = 512_000
    limit: Any = 700_000
    temperature: Any = 61
    processes: Any = ()
    mig: Any = pynvml.NVML_ERROR_NOT_SUPPORTED
    old_driver: bool = False
    instances: list[Card] = field(default_factory=list)


class RecordedNvml:
    """Has the functions and constants of pynvml that the sampler uses."""

    def __init__(self, *cards: Card, init_error: int | None = None) -> None:
        self.cards = cards
        self.init_error = init_error
        self.broken: int | None = None
        self.inits = 0

    def __getattr__(self, name: str) -> Any:
        if name.startswith("NVML") or name == "nvmlMemory_v2":
            return getattr(pynvml, name)
        raise AttributeError(name)

    def _give(self, answer: Any) -> Any:
        if self.broken is not None:
            raise pynvml.NVMLError(self.broken)
        if isinstance(answer, pynvml.NVMLError):
            raise answer
        return answer

    def nvmlInit(self) -> None:
        self.inits += 1
        if self.init_error is not None:
            raise pynvml.NVMLError(self.init_error)

    def nvmlShutdown(self) -> None:
        self._give(None)

    def nvmlDeviceGetCount(self) -> int:
        return self._give(len(self.cards))

    def nvmlDeviceGetHandleByIndex(self, index: int) -> Card:
        return self._give(self.cards[index])

    def nvmlDeviceGetName(self, card: Card) -> Any:
        return self._give(card.name)

    def nvmlDeviceGetMemoryInfo(self, card: Card, version: int = 1) -> Any:
        if version != 1 and card.old_driver:
            raise pynvml.NVMLError(pynvml.NVML_ERROR_FUNCTION_NOT_FOUND)
        used_total = self._give(card.memory)
        return SimpleNamespace(used=used_total[0], total=used_total[1])

    def nvmlDeviceGetUtilizationRates(self, card: Card) -> Any:
        return SimpleNamespace(gpu=self._give(card.utilisation))

    def nvmlDeviceGetPowerUsage(self, card: Card) -> Any:
        return self._give(card.power)

    def nvmlDeviceGetEnforcedPowerLimit(self, card: Card) -> Any:
        return self._give(card.limit)

    def nvmlDeviceGetTemperature(self, card: Card, _sensor: int) -> Any:
        return self._give(card.temperature)

    def nvmlDeviceGetComputeRunningProcesses(self, card: Card) -> Any:
        return [SimpleNamespace(pid=pid, usedGpuMemory=used) for pid, used in self._give(card.processes)]

    def nvmlDeviceGetGraphicsRunningProcesses(self, card: Card) -> Any:
        return self._give(pynvml.NVMLError(pynvml.NVML_ERROR_NOT_SUPPORTED))

    def nvmlDeviceGetMigMode(self, card: Card) -> Any:
        if card.instances:
            return self._give((1, 1))
        return self._give(pynvml.NVMLError(card.mig))

    def nvmlDeviceGetMaxMigDeviceCount(self, card: Card) -> int:
        return self._give(len(card.instances) + 2)

    def nvmlDeviceGetMigDeviceHandleByIndex(self, card: Card, number: int) -> Card:
        if number >= len(card.instances):
            raise pynvml.NVMLError(pynvml.NVML_ERROR_NOT_FOUND)
        return self._give(card.instances[number])
