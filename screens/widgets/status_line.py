"""The first line of every screen: where one is, the current run, the machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from textual.content import Content

from screens.widgets.frugal import Frugal

if TYPE_CHECKING:
    from screens.app import WorkbenchApp
    from workbench.gpu.sample import Machine
    from workbench.runs.status import Status

MODES = ("data", "train", "monitor", "quantize", "chat")
TITLES = {"data": "Data", "train": "Train", "monitor": "Monitor", "quantize": "Quantize", "chat": "Chat"}
MARKS = {
    "starting": ("◌", "$warning"),
    "running": ("▶", "$primary"),
    "stopping": ("▶", "$warning"),
    "done": ("✓", "$success"),
    "stopped": ("■", "$warning"),
    "failed": ("✗", "$error"),
    "crashed": ("✗", "$error"),
}


class StatusLine(Frugal):
    """Modes on the left; the current run, GPU memory and host on the right, as far as they fit."""

    DEFAULT_CSS = """
    StatusLine { height: 1; dock: top; background: $panel; padding: 0 1; }
    """

    def __init__(self, mode: str) -> None:
        super().__init__()
        self._mode = mode

    def on_mount(self) -> None:
        self.watch(self.app, "runs", self.redraw, init=False)
        self.watch(self.app, "machine", self.redraw, init=False)

    def text(self, width: int) -> Content:
        app = cast("WorkbenchApp", self.app)
        left = _modes(self._mode)
        current = current_run(app.runs)
        room = width - left.cell_length - 2
        right = run_brief(current, room)
        machine = _machine(app.machine, current)
        if machine and right.cell_length + machine.cell_length + 2 <= room:
            right = Content("  ").join(part for part in (right, machine) if part)
        gap = max(room + 2 - right.cell_length, 1)
        return Content.assemble(left, " " * gap, right)

    async def on_click(self, event: object) -> None:
        x = getattr(event, "x", 0) - 1
        edge = 0
        for mode in MODES:
            edge += len(TITLES[mode]) + 4
            if x < edge:
                await self.app.run_action(f"app.open_mode('{mode}')")
                return


def current_run(runs: tuple[Status, ...]) -> Status | None:
    """The run that the status line speaks of: the newest live one, else the newest."""
    live = [run for run in runs if run.live]
    return next(iter(live or runs), None)


def run_brief(run: Status | None, room: int) -> Content:
    """`▶ alpaca-01 412/900 loss 1.31`: a run in one breath, its state by sign and by colour.

    Where `room` is short the loss goes first, then the steps, then the beginning of the name: what tells
    two runs apart stands at its end.
    """
    if run is None:
        return Content("")
    from workbench.figures import significant
    from workbench.untrusted import display_width

    mark, colour = MARKS.get(run.state, ("·", "$secondary"))
    words = []
    if run.max_steps:
        words.append(f"{run.step or 0}/{run.max_steps}")
    if not run.live:
        words.append(run.state)
    elif run.loss is not None:
        words.append(f"loss {significant(run.loss)}")
    room -= 2
    while words and display_width(" ".join([run.id, *words])) > room:
        words.pop()
    name = run.id
    while display_width(name) > max(room, 8):
        name = "…" + name[2:]
    return Content.assemble((f"{mark} ", colour), " ".join([name, *words]))


def _modes(current: str) -> Content:
    pieces: list[Content | tuple[str, str] | str] = []
    for number, mode in enumerate(MODES, 1):
        if mode == current:
            pieces.append((f" {number} {TITLES[mode]} ", "bold $background on $primary"))
        else:
            pieces += [(f" {number} ", "$primary"), (f"{TITLES[mode]} ", "$text-muted")]
    return Content.assemble(*pieces)


def _machine(machine: Machine | None, run: Status | None) -> Content:
    if machine is None:
        return Content("")
    if machine.gpus:
        cells = []
        for gpu in machine.gpus[:2]:
            filled = round(5 * gpu.used_gib / gpu.total_gib) if gpu.total_gib else 0
            colour = "$error" if gpu.used_gib > 0.95 * gpu.total_gib else "$primary"
            cells.append(
                Content.assemble(
                    (f"GPU{gpu.index} ", "$text-muted"),
                    ("▮" * filled, colour),
                    ("▯" * (5 - filled), "$text-disabled"),
                    f" {gpu.used_gib:.0f}/{gpu.total_gib:.0f}G",
                )
            )
        return Content("  ").join(cells)
    # Without a GPU the host's figures are of interest only while something runs.
    if run is None or not run.live:
        return Content("")
    host = machine.host
    return Content.assemble(("RAM ", "$text-muted"), f"{host.ram_used_gib:.0f}/{host.ram_total_gib:.0f}G")
