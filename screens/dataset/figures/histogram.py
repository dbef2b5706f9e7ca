"""A histogram of row lengths, with the cutoff drawn through it."""

from __future__ import annotations

from textual.content import Content

from screens.dataset.figures.spread import Ranges, Spread
from screens.widgets.scale import brief, fit
from workbench.figures import count

LEAST_WIDTH, LEAST_HEIGHT = 16, 3
BLOCKS = " ▁▂▃▄▅▆▇█"
# For terminals that draw block characters two cells wide.
ASCII_BLOCKS = " ...:::##"

Cell = str | tuple[str, str]


def draw_histogram(
    found: Ranges,
    width: int,
    height: int,
    *,
    cutoff_len: int | None = None,
    chosen: int | None = None,
    ascii_only: bool = False,
) -> list[Content]:
    """Bars of how many rows have which length, in lines of `width` cells; the last line is the axis.

    The bars fill the width less that of the greatest count; `found` has to have as many columns (see
    `bars_width`). Bars behind the cutoff are red and the cutoff is a line; where it lies beyond all
    lengths the axis says so. The bar of the range `chosen` stands out.
    """
    if width < LEAST_WIDTH or height < LEAST_HEIGHT or not found.counts:
        return []
    highest = max(found.counts)
    label_width = width - len(found.columns)
    cut_at = None
    if cutoff_len is not None and cutoff_len <= found.end:
        cut_at = found.column(cutoff_len)
    floors = height - 1
    lines = []
    for line in range(floors):
        label = count(highest) if line == 0 else "0" if line == floors - 1 else ""
        pieces: list[Cell] = [(f"{label:>{label_width - 1}} ", "$text-muted")]
        floor = floors - 1 - line
        for column, place in enumerate(found.columns):
            if column == cut_at:
                pieces.append(("|" if ascii_only else "│", "bold $error"))
                continue
            # Any rows at all show as a sliver: the long tail is what one looks for.
            value = found.counts[place]
            eighths = max(round(8 * floors * value / highest), 1) if value else 0
            filled = min(max(eighths - 8 * floor, 0), 8)
            sign = (ASCII_BLOCKS if ascii_only else BLOCKS)[filled]
            if place == chosen:
                # Seen also where the bar has no rows, and by its ground where there are no colours.
                pieces.append((sign, "bold $text-warning on $panel"))
            elif filled:
                pieces.append((sign, "$error" if cut_at is not None and column > cut_at else "$primary"))
            else:
                pieces.append(" ")
        lines.append(Content.assemble(*pieces))
    lines.append(_axis(found, label_width, cutoff_len, cut_at, ascii_only))
    return lines


def bars_width(spread: Spread, width: int) -> int:
    """How many columns are left for bars beside the greatest count there could be."""
    return width - len(count(len(spread))) - 1


def _axis(
    found: Ranges, label_width: int, cutoff_len: int | None, cut_at: int | None, ascii_only: bool
) -> Content:
    columns = len(found.columns)
    cells: list[Cell] = [" "] * columns

    def write(start: int, text: str, style: str) -> bool:
        """Put `text` there if nothing stands there or right beside."""
        end = start + len(text)
        if start < 0 or end > columns or any(cell != " " for cell in cells[max(start - 1, 0) : end + 1]):
            return False
        cells[start:end] = [(sign, style) for sign in text]
        return True

    if cut_at is not None and cutoff_len is not None:
        mark = "^" if ascii_only else "╵"
        words = f"cutoff {count(cutoff_len)}"
        if not write(cut_at, mark + words, "bold $error"):
            write(cut_at - len(words), words + mark, "bold $error") or write(cut_at, mark, "bold $error")
    longest = count(found.end)
    write(columns - len(longest), longest, "$text-muted")
    if cut_at is None and cutoff_len is not None:
        words = f"cutoff {count(cutoff_len)} cuts none"
        write((columns - len(words)) // 2, words, "$text-success")
    first = count(found.edges[0])
    write(0, first, "$text-muted")
    scale = fit(max(found.edges[0], 1), found.end, log=True) if found.log else fit(0, found.end)
    for tick in scale.ticks(max(columns // 12, 2)):
        if found.edges[0] < tick < found.end:
            label = brief(tick)
            write(found.column(int(tick)) - len(label) // 2, label, "$text-muted")
    return Content(" " * label_width) + Content.assemble(*cells)


def describe_range(found: Ranges, chosen: int, rows: int, unit: str) -> str:
    """A range in words: `120 to 139 tokens: 312 rows, 3.60 %`."""
    low, high = found.edges[chosen], min(found.edges[chosen + 1] - 1, found.end)
    span = count(low) if low >= high else f"{count(low)} to {count(high)}"
    share = found.counts[chosen] / rows if rows else 0
    return f"{span} {unit}: {count(found.counts[chosen])} rows, {share:.1%}"
