"""A histogram of row lengths in characters, with the cutoff drawn through it."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from workbench.figures import count

_EIGHTHS = " ▁▂▃▄▅▆▇█"


def draw_histogram(lengths: Sequence[int], cutoff_len: int, width: int, height: int) -> list[Content]:
    """Bars of how many rows have which length, `width` cells wide and `height` lines high.

    Bars behind the cutoff are red; the cutoff is a line where it falls among the lengths,
    and is said in words where it lies beyond them. The last line is the axis in tokens.
    """
    bars_high = height - 1
    if not lengths or bars_high < 2 or width < 24:
        return []
    longest = max(lengths)
    # A cutoff a little beyond the longest row is drawn as well: one sees how much room is left.
    end = cutoff_len if longest < cutoff_len <= longest * 1.5 else longest
    label_width = len(count(len(lengths))) + 1
    columns = width - label_width
    counts = [0] * columns
    for length in lengths:
        counts[min(length * columns // (end + 1), columns - 1)] += 1
    highest = max(counts)
    label_width = len(count(highest)) + 1
    cut_at = cutoff_len * columns // (end + 1) if cutoff_len <= end else None
    lines = []
    for line in range(bars_high):
        label = count(highest) if line == 0 else "0" if line == bars_high - 1 else ""
        pieces: list[str | tuple[str, str]] = [(f"{label:>{label_width - 1}} ", "$text-muted")]
        for column, value in enumerate(counts):
            pieces.append(_cell(value, highest, bars_high - 1 - line, bars_high, column, cut_at))
        lines.append(Content.assemble(*pieces))
    lines.append(_axis(label_width, columns, end, cutoff_len, cut_at))
    return lines


def _cell(
    value: int, highest: int, floor: int, floors: int, column: int, cut_at: int | None
) -> str | tuple[str, str]:
    if column == cut_at:
        return ("│", "bold $error")
    # Any rows at all show as a sliver: the long tail is what one looks for.
    eighths = max(round(8 * floors * value / highest), 1) if value else 0
    filled = min(max(eighths - 8 * floor, 0), 8)
    if not filled:
        return " "
    if cut_at is not None and column > cut_at:
        return (_EIGHTHS[filled], "$error")
    return (_EIGHTHS[filled], "$primary")


def _axis(label_width: int, columns: int, end: int, cutoff_len: int, cut_at: int | None) -> Content:
    right = f"{count(end)} tokens"
    if cut_at is None:
        words = f"cutoff {count(cutoff_len)} cuts none"
        gap = columns - 1 - len(right) - len(words)
        middle = f" {words} " if gap >= 4 else ""
        rest = columns - 1 - len(middle) - len(right)
        line = Content.assemble(("0", ""), " " * (rest // 2), (middle, "$text-success"))
        line += " " * (rest - rest // 2) + right
    else:
        words = f"cutoff {count(cutoff_len)}"
        if cut_at + 1 + len(words) + 2 + len(right) <= columns:
            start, words = cut_at, f"╵{words}"
        else:
            start, words = max(cut_at - len(words), 2), f"{words}╵"
            right = right if cut_at + len(right) + 4 <= columns else ""
        behind = max(columns - start - len(words) - len(right), 0)
        line = Content.assemble("0", " " * (start - 1), (words, "bold $error"), " " * behind, right)
    return Content(" " * label_width) + line
