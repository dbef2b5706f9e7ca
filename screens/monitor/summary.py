"""The chosen run in two lines: how it stands, how far it is, what it is."""

from __future__ import annotations

import math
import time
from pathlib import PurePath
from typing import TYPE_CHECKING

from textual.content import Content

from screens.monitor.portrait import Portrait
from screens.widgets.frugal import Frugal
from screens.widgets.status_line import MARKS
from workbench.figures import GIB, count, duration, gib, significant
from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    from workbench.runs.status import Status

_GAUGE = 20
Part = Content | None


class Summary(Frugal):
    """State, progress, losses; times, speed; model, data, method. What does not fit is left out."""

    def __init__(self, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._status: Status | None = None
        self._portrait = Portrait()
        self._title = ""
        self._at_once: object = None

    def show(self, status: Status | None, portrait: Portrait) -> None:
        """Show how this run stands: another state at once, figures with the next `redraw`."""
        self._status, self._portrait = status, portrait
        title = shorten(status.id, 60) if status else ""
        if title != self._title:
            self._title = title
            self.border_title = Content(title)
        at_once = (title, status and (status.state, status.phase, status.max_steps), portrait.start is None)
        if at_once != self._at_once or not (status and status.live):
            self._at_once = at_once
            self.redraw()

    def text(self, width: int) -> Content:
        status = self._status
        if status is None:
            return Content("")
        first = [_state(status), *_progress(status, gauge=width >= 100), _loss(status, self._portrait)]
        first += [_held_out(status), _phase(status)]
        second = [*_times(status), *_speed(status, self._portrait), *_what(status, self._portrait)]
        return Content("\n").join([_fitting(first, width), _fitting(second, width)])


def elapsed(status: Status) -> float | None:
    """Seconds since the run was started, until it ended."""
    if status.started is None:
        return None
    end = time.time() if status.live else status.ended
    return max(end - status.started, 0.0) if end is not None else None


def loss_is_nan(portrait: Portrait) -> bool:
    """Whether the last step had a loss that was no finite number."""
    _, losses = portrait.curve("loss")
    return bool(len(losses)) and not math.isfinite(losses[-1])


def _fitting(parts: list[Part], width: int) -> Content:
    line = Content("")
    for part in parts:
        if part is None:
            continue
        gap = 3 if line else 0
        if line.cell_length + gap + part.cell_length > width:
            break
        line += Content.assemble(" " * gap, part)
    return line


def _named(name: str, value: str, style: str = "") -> Content:
    return Content.assemble((f"{name} ", "$text-muted"), (value, style))


def _state(status: Status) -> Content:
    mark, colour = MARKS.get(status.state, ("·", "$secondary"))
    return Content.assemble((mark, colour), (f" {status.state}", f"bold {colour}"))


def _phase(status: Status) -> Part:
    # While it trains the phase tells nothing that the state does not.
    if not status.live or status.phase in ("", "training"):
        return None
    return Content.styled(shorten(status.phase, 60), "$primary")


def _progress(status: Status, *, gauge: bool) -> list[Part]:
    if not status.max_steps:
        return [_named("step", count(status.step))] if status.step else []
    share = min(status.step / status.max_steps, 1.0)
    filled = round(share * _GAUGE)
    bar = Content.assemble(("━" * filled, "$primary"), ("━" * (_GAUGE - filled), "$border-blurred"))
    steps = _named("step", f"{count(status.step)}/{count(status.max_steps)}")
    if not status.live:
        return [steps]
    percent = f" {100 * share:.0f} %"
    return [bar + percent, steps] if gauge else [steps + Content.styled(percent, "$text-muted")]


def _loss(status: Status, portrait: Portrait) -> Part:
    if loss_is_nan(portrait):
        return _named("loss", "NaN", "bold $error")
    return _named("loss", significant(status.loss)) if status.loss is not None else None


def _held_out(status: Status) -> Part:
    before, after = status.eval_loss_before, status.eval_loss_after
    if before is None and after is None:
        return None
    if before is None or after is None:
        return _named("held-out", significant(after if before is None else before))
    change = 100 * (after - before) / before if before else 0.0
    sign = "−" if change < 0 else "+"
    colour = "$success" if change < 0 else "$warning"
    return Content.assemble(
        ("held-out ", "$text-muted"),
        f"{significant(before)} → {significant(after)} ",
        (f"{sign}{abs(change):.0f} %", colour),
    )


def _times(status: Status) -> list[Part]:
    parts: list[Part] = [_named("elapsed" if status.live else "took", duration(elapsed(status)))]
    if status.live and status.eta_s is not None:
        parts.append(_named("left", duration(status.eta_s)))
    return parts


def _speed(status: Status, portrait: Portrait) -> list[Part]:
    parts: list[Part] = []
    if status.tokens_per_s is not None:
        parts.append(_named("tokens/s", significant(status.tokens_per_s)))
    _, rates = portrait.curve("learning_rate")
    if len(rates) and math.isfinite(rates[-1]) and status.live:
        parts.append(_named("lr", significant(rates[-1])))
    memory = portrait.process_gib if status.live else None
    if memory is not None or status.peak_memory_gib is not None:
        held = memory if memory is not None else status.peak_memory_gib or 0.0
        parts.append(_named("memory" if status.live else "peak memory", gib(held * GIB)))
    return parts


def _what(status: Status, portrait: Portrait) -> list[Part]:
    words = [
        shorten(status.model, 32),
        shorten(PurePath(status.dataset).name, 32),
        shorten(status.method, 24),
    ]
    start = portrait.start or {}
    if isinstance(start.get("dtype"), str):
        words.append(shorten(printable(start["dtype"]), 12))
    if isinstance(start.get("rows_train"), int):
        words.append(f"{count(start['rows_train'])} rows")
    return [Content.styled(word, "$text-muted") for word in words if word]
