"""The app ends in order, whatever a model is doing in it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from terminal import Terminal

CHAT = (
    "import sys; from workbench.__main__ import main; "
    "sys.argv = ['workbench', 'chat', '--model', {model!r}]; main()"
)
HANGS_S = 30.0


def leave(terminal: Terminal) -> None:
    """Press ctrl+q and wait for the end of the process."""
    deadline = time.monotonic() + HANGS_S
    terminal.type("\x11")
    while terminal.status is None:
        terminal.read(0.05)
        assert time.monotonic() < deadline, terminal.text


def test_while_torch_is_imported_and_the_model_loads(
    tiny_model: Path, open_terminal: Callable[..., Terminal]
) -> None:
    terminal = open_terminal(CHAT.format(model=str(tiny_model)))
    terminal.wait_for("importing torch")
    terminal.read(1.0)
    leave(terminal)
    assert terminal.status == 0


def test_in_the_middle_of_an_answer_and_without_a_complaint(
    tiny_model: Path, open_terminal: Callable[..., Terminal]
) -> None:
    terminal = open_terminal(CHAT.format(model=str(tiny_model)))
    terminal.wait_for("Nothing said yet", 120)
    terminal.type("hello\r")
    terminal.wait_for("writing …")
    leave(terminal)
    # Python's own way out would abort here: "terminate called without an active exception".
    assert terminal.status == 0
    assert "terminate" not in terminal.text
