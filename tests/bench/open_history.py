"""Seconds and memory to open a run of 50,000 steps with 20 metrics, beside pandas reading the same file.

python tests/bench/open_history.py [STEPS] [METRICS]
"""

from __future__ import annotations

import math
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import pandas

from workbench.runs.event_writer import EventWriter
from workbench.runs.history import read_history


def write_run(path: Path, steps: int, metrics: int) -> None:
    """Events of a run as a trainer writes them."""
    with EventWriter(path) as writer:
        for step in range(1, steps + 1):
            values = {f"metric_{number}": math.exp(-step / steps) + number for number in range(metrics)}
            writer.write("step", step=step, **values)


def seconds(work: Callable[[], object]) -> float:
    """The best of three."""
    times = []
    for _ in range(3):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def main() -> None:
    """Write, read both ways, print the table."""
    steps = int(sys.argv[1]) if len(sys.argv) > 1 else 50_000
    metrics = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "events.jsonl"
        write_run(path, steps, metrics)
        ours = seconds(lambda: read_history(path))
        theirs = seconds(lambda: pandas.read_json(path, lines=True))
        print(f"{steps:,} steps, {metrics} metrics, {path.stat().st_size / 2**20:.1f} MiB")
    print(f"{'':<24}{'seconds':>9}{'ratio':>8}")
    print(f"{'pandas.read_json(lines)':<24}{theirs:>9.3f}{1:>8.2f}")
    print(f"{'runs.history':<24}{ours:>9.3f}{ours / theirs:>8.2f}")


if __name__ == "__main__":
    main()
