"""What a data file holds, for people: aligned, short, with the numbers of rows to look at."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from workbench.cli.printing import say
from workbench.figures import average, count
from workbench.untrusted import display_width, shorten

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset
    from workbench.data.health.near import NearDuplicates
    from workbench.data.health.report import Finding

_MOST_BAD = 20
_MOST_VALUES = 12
_BAR = 24
_NAME = 28


def print_report(dataset: Dataset, report: Mapping[str, Any], near: NearDuplicates | None) -> None:
    """Print what `inspected` says about the rows."""
    _print_lines(_about(report) + (_tokens(report) if "tokens" in report else []))
    _print_bad(report["bad_rows"])
    for column, counts in report["labels"].items():
        _print_labels(column, counts, report["rows"])
    _print_findings(dataset, near)
    if shared := report.get("overlap"):
        _print_overlap(shared)
    for note in report["notes"]:
        say(f"note: {note}")


def _about(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    bad, columns = report["bad_rows"], report["columns"]
    shown = ", ".join(shorten(name, 40) for name in columns[:20])
    if len(columns) > 20:
        shown += f" and {count(len(columns) - 20)} more"
    lines = [
        ("path", report["path"]),
        ("container", f"{report['container']}, {report['encoding']}"),
        ("format", f"{report['format']} ({report['why']})" if report["why"] else report["format"]),
        ("columns", shown),
        ("rows", f"{count(report['rows'])}, {_how_many(len(bad), report['rows'])} of them bad"),
    ]
    if report["not_trained"]:
        lines.append(("training", f"refused: {report['not_trained']}"))
    if report["languages"]:
        total = sum(report["languages"].values())
        found = [f"{name} {_share(rows, total)}" for name, rows in report["languages"].items()]
        lines.append(("languages", ", ".join(found)))
    for role, found in report["lengths"].items():
        name = "characters" if role == "text" else f"{role} chars"
        median, longest = average(found["median"]), count(found["longest"])
        lines.append(
            (name, f"median {median}, 99 % up to {count(math.ceil(found['p99']))}, longest {longest} "
             f"(row {count(found['longest_row'])})")
        )  # fmt: skip
    return lines


def _tokens(report: Mapping[str, Any]) -> list[tuple[str, str]]:
    tokens = report["tokens"]
    share = _share(tokens["trained"], tokens["total"] - tokens["tokens_lost"])
    if tokens["tokens_lost"]:
        share += " of those not cut off"
    lines = [
        ("tokens", f"{count(tokens['total'])}, {count(tokens['trained'])} trained ({share})"),
        (
            f"cut at {count(tokens['cutoff_len'])}",
            f"{_counted(tokens['rows_cut'])}, {count(tokens['tokens_lost'])} tokens lost",
        ),
        ("end token lost", _counted(tokens["eos_lost"])),
        ("trains nothing", _counted(tokens["untrained_rows"])),
    ]
    if "lossless_cutoff" in tokens:
        lines.append(("cuts nothing", f"a cutoff of {count(tokens['lossless_cutoff'])}"))
    if partly := tokens.get("partly_trained"):
        why = "the chat template does not let all answers be told from the rest"
        lines.append(("trained in part", f"{_counted(partly)}: {why}"))
    if lost := tokens.get("lost_characters"):
        lines.append(("characters lost", f"in {_counted(lost)}: the tokenizer has no token for them"))
    if special := tokens.get("special_text"):
        why = "a text holds what the tokenizer reads as a special token, such as the end of a turn"
        lines.append(("special tokens", f"in {_counted(special)}: {why}"))
    if packed := tokens.get("packing"):
        full = f"{packed['efficiency']:.1%}"
        lines.append(("packed", f"{count(packed['sequences'])} sequences, {full} full"))
    if rows := tokens["rows_counted"]:
        lines.append(("mean row", f"{average(tokens['total'] / rows)} tokens"))
    return lines


def _print_lines(lines: Sequence[tuple[str, str]]) -> None:
    width = max(len(name) for name, _ in lines)
    for name, value in lines:
        say(f"{name:<{width}}  {value}")


def _print_bad(bad: Sequence[Mapping[str, Any]]) -> None:
    if not bad:
        return
    say("\nbad rows")
    width = len(count(bad[:_MOST_BAD][-1]["row"]))
    for item in bad[:_MOST_BAD]:
        say(f"  row {count(item['row']):>{width}}{_place_in_file(item)}: {item['reason']}")
    if len(bad) > _MOST_BAD:
        say(f"  … and {count(len(bad) - _MOST_BAD)} more: --json names all, --save-bad-rows FILE saves them")


def _place_in_file(item: Mapping[str, Any]) -> str:
    """Which row of which file it is, if there are several."""
    return f" ({item['file']}, row {count(item['row_in_file'])})" if "file" in item else ""


def _print_labels(column: str, counts: Mapping[str, int], rows: int) -> None:
    say(f"\n{shorten(column, _NAME)}, {count(len(counts))} values")
    shown = list(counts.items())[:_MOST_VALUES]
    names = [shorten(value, _NAME) or "(empty)" for value, _ in shown]
    width = max(map(display_width, names))
    digits = len(count(shown[0][1]))
    for name, (_, found) in zip(names, shown, strict=True):
        gap = " " * (width - display_width(name))
        bar = _bar(found / shown[0][1])
        say(f"  {name}{gap}  {count(found):>{digits}}  {_share(found, rows):>6}  {bar}".rstrip())
    if rest := list(counts.values())[_MOST_VALUES:]:
        say(f"  {count(len(rest))} more have {_counted(sum(rest))}, {_share(sum(rest), rows)}")


def _print_findings(dataset: Dataset, near: NearDuplicates | None) -> None:
    from workbench.data.health.report import findings, near_finding

    found = [finding for finding in findings(dataset) if finding.key != "bad"]
    if near:
        found.insert(3, near_finding(near))
    there = [finding for finding in found if finding.count]
    say("\nfindings" if there else "\nfindings: none")
    if there:
        digits = max(len(count(finding.count)) for finding in there)
        width = max(len(finding.title) for finding in there)
        for finding in there:
            sign = "!" if finding.serious else " "
            say(f"{sign} {count(finding.count):>{digits}}  {finding.title:<{width}}  {_rows(finding)}")
        if any(finding.serious for finding in there):
            say("! makes training worse")
    absent = [finding.title for finding in found if not finding.count]
    if absent:
        say(f"not found: {', '.join(absent)}")
    if there:
        say("See the rows: workbench open PATH, then s for the figures; each opens its rows.")


def _rows(finding: Finding) -> str:
    first = [count(row) for row in finding.rows[:5].tolist()]
    more = " …" if len(finding.rows) > len(first) else ""
    return f"row{'' if len(finding.rows) == 1 else 's'} {', '.join(first)}{more}"


def _print_overlap(shared: Mapping[str, Any]) -> None:
    total = shared["held_out_rows"]
    say(f"\nheld out: {shared['path']}, {_counted(total)}")
    for what, numbers in (("are trained on", "row_numbers"), ("ask what is trained", "prompt_numbers")):
        rows = shared[numbers]
        first = ", ".join(count(row) for row in rows[:5]) + (" …" if len(rows) > 5 else "")
        say(f"  {count(len(rows))} of them {what}" + (f": rows {first}" if rows else ""))


def _counted(rows: int) -> str:
    return f"{count(rows)} row{'' if rows == 1 else 's'}"


def _how_many(some: int, of: int) -> str:
    return ("all" if some == of else count(some)) if some else "none"


def _bar(share: float) -> str:
    """A bar of eighths of a character."""
    eighths = max(1, round(share * _BAR * 8))
    return "█" * (eighths // 8) + " ▏▎▍▌▋▊▉"[eighths % 8].strip()


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.1%}" if whole else "0%"
