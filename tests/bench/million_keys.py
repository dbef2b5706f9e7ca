"""A file of a million rows in the app: seconds to its first rows, and how long a key waits for the screen.

    python tests/bench/million_keys.py FILE [ROUNDS]

Each round opens FILE (JSON Lines; tests/bench/million_rows.py --keep makes one) in a real pseudo-terminal of
140x40, in a fresh WORKBENCH_HOME: it times from the start of the process to the file's first row on the
screen, presses keys while the rest is indexed, waits for the index, and presses keys again. Beside it stands
the same for an app that is nothing but textual-fastdatatable over the first 1,000 rows, already in memory.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import sys
import tempfile
import termios
import time
from pathlib import Path

WORKBENCH = str(Path(sys.executable).with_name("workbench"))
BARE_TABLE = """
import sys, json, itertools, pyarrow
from textual.app import App
from textual_fastdatatable import DataTable, ArrowBackend
with open(sys.argv[1], encoding="utf-8") as file:
    rows = [{k: str(v)[:60] for k, v in json.loads(line).items()} for line in itertools.islice(file, 1000)]
class Bare(App):
    def compose(self):
        yield DataTable(backend=ArrowBackend(pyarrow.Table.from_pylist(rows)), cursor_type="row")
Bare().run()
"""
KEYS = {"down": b"\x1b[B", "page down": b"\x1b[6~", "end": b"\x1b[F", "home": b"\x1b[H"}
QUIET_S = 0.12


class Terminal:
    """A program in a pseudo-terminal, with everything that it has written."""

    def __init__(self, command: list[str]) -> None:
        self.started = time.perf_counter()
        self._child, self._file = pty.fork()
        if self._child == 0:
            os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
            os.execv(command[0], command)
        fcntl.ioctl(self._file, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
        self.written = b""

    def read(self, wait_s: float) -> bytes:
        """What it writes next; nothing if it is silent for `wait_s`."""
        if not select.select([self._file], [], [], wait_s)[0]:
            return b""
        data = os.read(self._file, 1 << 18)
        self.written += data
        return data

    def seconds_to(self, text: str, limit_s: float = 300) -> float:
        """Seconds from the start until it has written `text`."""
        wanted = text.encode()
        while wanted not in self.written:
            if time.perf_counter() - self.started > limit_s:
                raise SystemExit(f"no {text!r} within {limit_s:.0f} s")
            self.read(1)
        return time.perf_counter() - self.started

    def lag(self, key: bytes) -> float:
        """Milliseconds from a key to the first byte that answers it."""
        while self.read(QUIET_S / 4):
            pass
        os.write(self._file, key)
        begun = time.perf_counter()
        if not self.read(5):
            raise SystemExit(f"the key {key!r} changed nothing")
        return 1000 * (time.perf_counter() - begun)

    def close(self) -> None:
        """End the program."""
        os.kill(self._child, signal.SIGKILL)
        os.waitpid(self._child, 0)
        os.close(self._file)


def lags(terminal: Terminal, presses: int) -> list[float]:
    """Walk: mostly line by line, now and then by pages, and to both ends."""
    found = []
    for number in range(presses):
        name = "page down" if number % 10 == 9 else "down"
        if number % 40 == 38:
            name = "end"
        elif number % 40 == 39:
            name = "home"
        found.append(terminal.lag(KEYS[name]))
    return found


def line(name: str, values: list[float], unit: str) -> str:
    """Median, 99th percentile and largest."""
    values = sorted(values)
    p99 = values[min(len(values) - 1, round(0.99 * (len(values) - 1)))]
    middle = statistics.median(values)
    return f"{name:<44}{middle:>9.3g}{p99:>9.3g}{values[-1]:>9.3g}  {unit} ({len(values)})"


def main() -> None:
    """Measure in turn and print the table."""
    path = str(Path(sys.argv[1]).resolve())
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with Path(path).open(encoding="utf-8") as file:
        mark = next(value for value in json.loads(file.readline()).values() if value)[:10]
    first: dict[str, list[float]] = {"ours": [], "bare": []}
    keys: dict[str, list[float]] = {"bare": [], "indexing": [], "indexed": []}
    indexed: list[float] = []
    for _ in range(rounds):
        bare = Terminal([sys.executable, "-c", BARE_TABLE, path])
        first["bare"].append(bare.seconds_to(mark))
        keys["bare"] += lags(bare, 100)
        bare.close()
        with tempfile.TemporaryDirectory() as home:
            os.environ["WORKBENCH_HOME"] = home
            ours = Terminal([WORKBENCH, "open", path])
            first["ours"].append(ours.seconds_to(mark))
            keys["indexing"] += lags(ours, 60)
            indexed.append(ours.seconds_to("of 1,000,000"))
            time.sleep(2)
            keys["indexed"] += lags(ours, 200)
            ours.close()
    print(f"{'':<44}{'median':>9}{'p99':>9}{'most':>9}")
    print(line("bare table of 1,000 rows, to its first row", first["bare"], "s"))
    print(line("workbench, to the first row", first["ours"], "s"))
    print(line("workbench, to the last row", indexed, "s"))
    print(line("bare table, key to screen", keys["bare"], "ms"))
    print(line("workbench while indexing, key to screen", keys["indexing"], "ms"))
    print(line("workbench with all rows, key to screen", keys["indexed"], "ms"))


if __name__ == "__main__":
    main()
