"""A real pseudo-terminal with a program in it, and the screen that a person would see."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import termios
import time
from collections.abc import Callable, Sequence

import pyte

# Sequences that pyte would print as text: keyboard protocol, private queries, strings.
_UNSEEN = re.compile(
    rb"\x1b\[[<>=?][0-9;:]*[a-ln-zA-Z~]?u|\x1b\[>[0-9;]*[a-zA-Z]|\x1b\[\?[0-9;]*\$p|\x1b[P_^][^\x1b]*\x1b\\"
)


class Terminal:
    """Starts `command` in a terminal of its own.

    Args:
        command: the program and its arguments.
        size: columns and rows.
        environment: variables besides this process's own.
    """

    def __init__(
        self, command: Sequence[str], *, size: tuple[int, int] = (120, 36), environment: dict[str, str]
    ) -> None:
        columns, rows = size
        self._screen = pyte.Screen(columns, rows)
        self._stream = pyte.ByteStream(self._screen)
        self.written = 0
        self.status: int | None = None
        # Forked and not spawned: the child must have the terminal as its controlling one.
        self.pid, self._fd = pty.fork()
        if self.pid == 0:
            os.environ.update(environment, TERM="xterm-256color", COLORTERM="truecolor")
            os.environ.update(COLUMNS=str(columns), LINES=str(rows))
            os.execvp(command[0], list(command))
        fcntl.ioctl(self._fd, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    @property
    def text(self) -> str:
        """What stands on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def wait_for(self, condition: Callable[[], object] | str, seconds: float = 60) -> None:
        """Read on until `condition` holds, or its text stands on the screen.

        Raises:
            AssertionError: that did not come in time; with the screen.
        """
        holds = (lambda: condition in self.text) if isinstance(condition, str) else condition
        deadline = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < deadline and self.status is None, f"not in {seconds} s:\n{self.text}"
            self.read(0.05)

    def read(self, seconds: float) -> int:
        """Read for that long; how many bytes came."""
        before, deadline = self.written, time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0 and self.status is None:
            ready, _, _ = select.select([self._fd], [], [], left)
            if ready:
                self._take()
        return self.written - before

    def type(self, keys: str) -> None:
        """Press these keys."""
        os.write(self._fd, keys.encode())

    def kill(self) -> None:
        """`kill -9` of the program."""
        os.kill(self.pid, signal.SIGKILL)
        self._reap()

    def hang_up(self, seconds: float = 10) -> None:
        """Close the terminal, as a lost line or a closed window does, and see the program end."""
        os.close(self._fd)
        self._fd = -1
        deadline = time.monotonic() + seconds
        while self.status is None:
            found, status = os.waitpid(self.pid, os.WNOHANG)
            if found:
                self.status = status
            assert time.monotonic() < deadline, "it lives on without a terminal"
            time.sleep(0.02)

    def close(self) -> None:
        """Leave nothing behind."""
        if self.status is None:
            self.kill()
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def _take(self) -> None:
        try:
            data = os.read(self._fd, 1 << 16)
        except OSError:
            data = b""
        if not data:
            self._reap()
            return
        self.written += len(data)
        self._stream.feed(_UNSEEN.sub(b"", data))

    def _reap(self) -> None:
        self.status = os.waitpid(self.pid, 0)[1]
