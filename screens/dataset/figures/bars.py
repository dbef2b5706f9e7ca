"""Values with their counts as bars of one scale, aligned also in Chinese."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from screens.dataset.figures.distribution import Bar
from workbench.figures import count
from workbench.untrusted import display_width, shorten

EIGHTHS = " ▏▎▍▌▋▊▉"
_LEAST_BAR = 4
_SHARE = 7  # "100.0 %"


def draw_bars(bars: Sequence[Bar], rows: int, width: int, *, ascii_only: bool = False) -> list[Content]:
    """One line a bar: value, count, share of the `rows`, and a bar; the most frequent fills its line."""
    if not bars:
        return []
    count_width = max(len(count(bar.count)) for bar in bars)
    fixed = count_width + _SHARE + 4
    wanted = max(display_width(bar.label) for bar in bars)
    label_width = min(wanted, max(width - fixed - _LEAST_BAR, 8), max(2 * (width - fixed) // 3, 8))
    room = max(width - fixed - label_width, 0)
    greatest = max(bar.count for bar in bars if bar.values <= 1) if any(b.values <= 1 for b in bars) else 1
    return [
        Content.assemble(
            _padded(bar.label, label_width),
            " ",
            f" {count(bar.count):>{count_width}}",
            (f" {share(bar.count, rows):>{_SHARE}} ", "$text-muted"),
            (bar_of(min(bar.count / max(greatest, 1), 1), room, ascii_only), _colour(bar)),
        )
        for bar in bars
    ]


def share(part: int, whole: int) -> str:
    """A share in per cent: `16.1 %`; what is there at all is never none, nor all if something is left."""
    if not whole:
        return "–"
    percent = 100 * part / whole
    if part and percent < 0.1:
        return "<0.1 %"
    if part < whole and percent > 99.9:
        return ">99.9 %"
    return f"{percent:.1f} %"


def bar_of(portion: float, room: int, ascii_only: bool = False) -> str:
    """A bar that fills this portion of `room` cells; anything at all shows as a sliver."""
    if room <= 0 or portion <= 0:
        return ""
    if ascii_only:
        return "#" * max(round(portion * room), 1)
    eighths = max(round(portion * room * 8), 1)
    rest = EIGHTHS[eighths % 8] if eighths % 8 else ""
    return "█" * (eighths // 8) + rest


def _padded(text: str, width: int) -> str:
    short = shorten(text, width)
    return short + " " * (width - display_width(short))


def _colour(bar: Bar) -> str:
    return "$primary" if bar.values == 1 else "$secondary"
