"""Which screen a bare `workbench` opens on."""

from __future__ import annotations

from collections.abc import Callable

from terminal import Terminal

from workbench.runs.directory import RunDirectory

Open = Callable[..., Terminal]
Make = Callable[..., RunDirectory]

BARE = "import sys; from workbench.__main__ import main; sys.argv = ['workbench']; main()"
LAUNCH = """
from pathlib import Path
from workbench.runs.directory import RunDirectory
from workbench.runs.launch import launch
launch(RunDirectory(Path({path!r})), "steps_job")
"""


def test_without_a_live_run_it_is_data(open_terminal: Open) -> None:
    open_terminal(BARE).wait_for("No data file is open")


def test_while_a_run_is_live_it_is_monitor(make_run: Make, open_terminal: Open) -> None:
    run = make_run("live", steps=300, delay=0.1)
    terminal = open_terminal(LAUNCH.format(path=str(run.path)) + BARE, size=(80, 24))
    terminal.wait_for(run.id)
    terminal.wait_for("running")
    assert "No data file is open" not in terminal.text
