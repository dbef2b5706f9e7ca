"""How far a comparison is, in one line, and how it ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content

from workbench.figures import duration
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.runs.status import Status

# A wide pane has room for a longer bar and for a word on stopping.
WIDE_FROM = 100


def progress_line(status: Status, now: float, width: int) -> Content:
    """What the comparison is at, for a pane of `width` cells. `now` is in seconds since the epoch."""
    if status.live:
        return _live(status, now, wide=width >= WIDE_FROM)
    spent = f" after {duration(status.ended - status.started)}" if status.ended and status.started else ""
    if status.state == "done":
        return Content.assemble(("✓ ", "$success"), (f"done{spent}", "$text-muted"))
    if status.state == "stopped":
        return Content.assemble(
            ("■ ", "$warning"), (f"stopped{spent}: what was measured stays", "$text-muted")
        )
    reason = printable(status.reason or "see its output.log", keep_newlines=False)
    return Content.styled(f"✗ {status.state}{spent}: {reason}", "$text-error")


def _live(status: Status, now: float, *, wide: bool) -> Content:
    parts: list[tuple[str, str] | str] = [("▶ ", "$primary"), printable(status.phase or status.state)]
    if status.max_steps:
        share = min(status.step / status.max_steps, 1.0)
        cells = 20 if wide else 10
        filled = round(share * cells)
        parts += [
            "  ",
            ("▮" * filled, "$primary"),
            ("▯" * (cells - filled), "$text-disabled"),
            f" {share:.0%}",
        ]
    if status.started:
        parts.append((f"  {duration(max(now - status.started, 0))}", "$text-muted"))
    if wide:
        parts += ["  ", ("x", "bold $primary"), (" stops it", "$text-muted")]
    return Content.assemble(*parts)
