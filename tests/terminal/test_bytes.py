"""What Monitor writes to the terminal: little with a live run, nothing at rest."""

from __future__ import annotations

from collections.abc import Callable

from terminal import Terminal

from workbench.runs.directory import RunDirectory

Open = Callable[..., Terminal]
Make = Callable[..., RunDirectory]

PROGRAM = """
from pathlib import Path
from workbench.runs.directory import RunDirectory
from workbench.runs.launch import launch
launch(RunDirectory(Path({path!r})), "steps_job")
from screens.app import WorkbenchApp
WorkbenchApp("monitor").run()
"""


def test_a_live_run_takes_at_most_8_kib_a_second_and_an_ended_one_nothing(
    make_run: Make, open_terminal: Open
) -> None:
    run = make_run("thin", steps=450, delay=0.02, save_every=100)
    terminal = open_terminal(PROGRAM.format(path=str(run.path)), size=(140, 40))
    terminal.wait_for("running")
    terminal.read(2)

    seconds = 5
    written = terminal.read(seconds)
    assert "running" in terminal.text
    assert 0 < written / seconds <= 8 * 1024

    terminal.wait_for("✓ done", 60)
    terminal.read(4)  # the last curve, the log's last line
    assert terminal.read(5) == 0
