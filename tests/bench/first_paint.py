"""Seconds from the start of the process to the first text on the screen, beside an empty Textual app.

    python tests/bench/first_paint.py [ROUNDS]

Both are run in turn in a real pseudo-terminal of 140x40, in a fresh WORKBENCH_HOME; the table gives medians.
Also: `workbench --help` beside `python -c pass`.
"""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from pathlib import Path

EMPTY = """
from textual.app import App
from textual.widgets import Static
class Empty(App):
    def compose(self):
        yield Static("hello")
Empty().run()
"""
WORKBENCH = str(Path(sys.executable).with_name("workbench"))


def seconds_to_text(command: list[str], text: bytes) -> float:
    """Run `command` in a pseudo-terminal and time until it has written `text`; then end it."""
    started = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.execv(command[0], command)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 140, 0, 0))
    seen = b""
    try:
        while text not in seen:
            if not select.select([terminal], [], [], 20)[0]:
                raise SystemExit(f"{command} wrote no {text!r}")
            seen += os.read(terminal, 1 << 16)
        return time.perf_counter() - started
    finally:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os.close(terminal)


def seconds_to_end(command: list[str]) -> float:
    """Run `command` to its end."""
    started = time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - started


def main() -> None:
    """Measure in turn and print the table."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    times: dict[str, list[float]] = {"empty": [], "ours": [], "python": [], "help": []}
    with tempfile.TemporaryDirectory() as home:
        os.environ["WORKBENCH_HOME"] = home
        for _ in range(rounds + 1):
            times["empty"].append(seconds_to_text([sys.executable, "-c", EMPTY], b"hello"))
            times["ours"].append(seconds_to_text([WORKBENCH], b"Monitor"))
            times["python"].append(seconds_to_end([sys.executable, "-c", "pass"]))
            times["help"].append(seconds_to_end([WORKBENCH, "--help"]))
    # The first round reads everything from the disk.
    median = {name: statistics.median(values[1:]) for name, values in times.items()}
    print(f"{'median of ' + str(rounds):<28}{'seconds':>9}{'ratio':>8}")
    print(f"{'empty Textual app':<28}{median['empty']:>9.3f}{1:>8.2f}")
    print(f"{'workbench, first paint':<28}{median['ours']:>9.3f}{median['ours'] / median['empty']:>8.2f}")
    print(f"{'python -c pass':<28}{median['python']:>9.3f}{1:>8.2f}")
    print(f"{'workbench --help':<28}{median['help']:>9.3f}{median['help'] / median['python']:>8.2f}")


if __name__ == "__main__":
    main()
