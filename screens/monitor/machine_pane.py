"""Memory of the run, its GPUs and the host."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from textual.content import Content

from screens.monitor.portrait import Portrait
from screens.widgets.frugal import Frugal
from workbench.figures import GIB, gib, significant
from workbench.untrusted import shorten

if TYPE_CHECKING:
    from workbench.gpu.machine import Gpu, Machine
    from workbench.runs.status import Status

_LABEL = 9
_GPUS_IN_DETAIL = 2


class MachinePane(Frugal):
    """GPUs by NVML with the run's share; without one, that there is none, and CPU and RAM.

    Figures that never stand still are shown only while a run is live: a screen at rest writes nothing.
    """

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._machine: Machine | None = None
        self._status: Status | None = None
        self._portrait = Portrait()
        self._busy = False
        self._height = 0
        self.border_title = "memory"

    def show(self, machine: Machine | None, status: Status | None, portrait: Portrait, *, busy: bool) -> None:
        """Show the machine and what this run holds of it; `busy` while any run is live."""
        self._machine, self._status, self._portrait, self._busy = machine, status, portrait, busy
        height = len(self.text(40).split()) + self.gutter.height
        if height != self._height:
            self._height = self.styles.height = height
        self.redraw()

    def text(self, width: int) -> Content:
        machine = self._machine
        if machine is None:
            return Content.styled("looking at the machine …", "$text-muted")
        lines: list[Content] = []
        for gpu in machine.gpus:
            lines += _gpu(gpu, width, details=self._busy and len(machine.gpus) <= _GPUS_IN_DETAIL)
        lines.append(self._run())
        if not machine.gpus:
            lines += _absence(machine, width)
        lines += _host(machine, width, busy=self._busy)
        return Content("\n").join(lines)

    def _run(self) -> Content:
        status, portrait = self._status, self._portrait
        if status is None:
            return _labelled("this run", "none is chosen")
        words = []
        if status.live and portrait.process_gib is not None:
            words.append(f"{gib(portrait.process_gib * GIB)} now")
        if status.peak_memory_gib is not None:
            most = max(status.peak_memory_gib, portrait.process_gib or 0.0)
            words.append(f"{gib(most * GIB)} at most")
        _, torch_gib = portrait.curve("torch_allocated_gib")
        if len(torch_gib) and math.isfinite(torch_gib[-1]):
            words.append(f"torch {significant(torch_gib[-1])}")
        return _labelled("this run", "   ".join(words) or "not known yet")


def _labelled(label: str, value: str | Content) -> Content:
    return Content.assemble((f"{label:<{_LABEL}}", "$text-muted"), value)


def _bar(share: float, text: str, width: int, *, limit: float = 0.95) -> Content:
    """A bar with its figures to the right; red above `limit`."""
    cells = max(min(width - _LABEL - len(text) - 2, 24), 4)
    share = min(max(share, 0.0), 1.0)
    filled = round(share * cells)
    colour = "$error" if share > limit else "$primary"
    return Content.assemble(("━" * filled, colour), ("━" * (cells - filled), "$border-blurred"), f"  {text}")


def _gpu(gpu: Gpu, width: int, *, details: bool) -> list[Content]:
    share = gpu.used_gib / gpu.total_gib if gpu.total_gib else 0.0
    used = f"{significant(gpu.used_gib)} of {significant(gpu.total_gib)} GiB"
    lines = [_labelled(f"GPU{gpu.index}", _bar(share, used, width))]
    if details:
        words = [shorten(gpu.name, max(width - _LABEL - 26, 8))]
        if gpu.utilisation is not None:
            words.append(f"{gpu.utilisation} %")
        if gpu.power_w is not None:
            limit = f"/{gpu.power_limit_w:.0f}" if gpu.power_limit_w else ""
            words.append(f"{gpu.power_w:.0f}{limit} W")
        if gpu.temperature_c is not None:
            words.append(f"{gpu.temperature_c} °C")
        lines.append(_labelled("", Content.styled("  ".join(words), "$text-muted")))
    return lines


def _absence(machine: Machine, width: int) -> list[Content]:
    reason = shorten(f"none: {machine.gpu_absence or 'it shows none'}", width - _LABEL)
    return [
        _labelled("GPU", Content.styled(reason, "$warning")),
        _labelled("", Content.styled("training runs on the CPU", "$text-muted")),
    ]


def _host(machine: Machine, width: int, *, busy: bool) -> list[Content]:
    host = machine.host
    lines = []
    if busy:
        share = host.ram_used_gib / host.ram_total_gib if host.ram_total_gib else 0.0
        used = f"{significant(host.ram_used_gib)} of {significant(host.ram_total_gib)} GiB"
        lines.append(_labelled("RAM", _bar(share, used, width)))
        cores = f"{host.cpu_percent:.0f} % of {host.cores} cores"
        lines.append(_labelled("CPU", _bar(host.cpu_percent / 100, cores, width, limit=1.0)))
    else:
        lines.append(_labelled("RAM", f"{significant(host.ram_total_gib)} GiB"))
        lines.append(_labelled("CPU", f"{host.cores} cores"))
    if host.disk_free_gib < 10:
        free = f"{significant(host.disk_free_gib)} GiB free"
        lines.append(_labelled("disk", Content.styled(free, "$warning")))
    return lines
