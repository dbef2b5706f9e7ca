"""Disks that are full or read-only: really so, by file size limits and by mounts of a private namespace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.runs.directory import RunDirectory
from workbench.runs.events import EventTail, read_events
from workbench.runs.launch import launch
from workbench.runs.status import read_status

HERE = Path(__file__).parent


def _in_namespace(script: str, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a shell script that may mount; nobody else sees its mounts."""
    for options in (["-m"], ["-rm"]):
        if subprocess.run(["unshare", *options, "true"], capture_output=True).returncode == 0:
            break
    else:
        pytest.skip("this system lets nobody make a mount namespace")
    command = ["unshare", *options, "sh", "-ec", script, "sh", *map(str, arguments)]
    path = os.pathsep.join([str(HERE), os.environ.get("PYTHONPATH", "")])
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, env={**os.environ, "PYTHONPATH": path}
    )


def _assert_gap_free(run: RunDirectory) -> None:
    data = run.events_file.read_text()
    assert data.endswith("\n")
    assert [json.loads(line)["seq"] for line in data.splitlines()] == list(range(data.count("\n")))


@pytest.mark.parametrize("bytes_over", [None, 30], ids=["nothing can grow", "half a line fits"])
def test_while_nothing_can_be_written_the_job_goes_on_and_loses_nothing(jobs, bytes_over) -> None:
    run = jobs.make(
        steps=120,
        delay=0.02,
        limit_files_at=10,
        limit_bytes_over=bytes_over,
        lift_limit_at=90,
        save_every=1000,
    )
    launch(run, "steps_job")
    jobs.wait_for_step(run, 9)
    tail = EventTail(run.events_file)
    seen = []
    while (status := read_status(run)).live:
        seen += [event["seq"] for event in tail.read()]
    seen += [event["seq"] for event in tail.read()]
    assert tail.damaged == 0 and seen == list(range(len(seen)))
    assert status.state == "done"
    _assert_gap_free(run)
    events = read_events(run.events_file)
    assert [event["step"] for event in events if event["kind"] == "step"] == list(range(1, 121))
    (warning,) = [event for event in events if event["kind"] == "warning"]
    assert "cannot be written" in warning["message"] and "file too large" in warning["message"]


def test_what_could_never_be_written_leaves_whole_lines_and_no_claim_to_be_alive(jobs) -> None:
    run = jobs.make(steps=30, limit_files_at=10, save_every=1000)
    launch(run, "steps_job")
    status = jobs.wait_until_ended(run)
    assert status.state == "crashed"
    _assert_gap_free(run)
    steps = [event["step"] for event in read_events(run.events_file) if event["kind"] == "step"]
    assert steps == list(range(1, 10))


def test_a_full_disk(tmp_path: Path) -> None:
    disk, out = tmp_path / "disk", tmp_path / "out"
    disk.mkdir()
    plan = {"steps": 120, "delay": 0.02, "fill_disk_at": 10, "free_disk_at": 90, "save_every": 1000}
    script = (
        'mount -t tmpfs -o size=400k none "$1"; mkdir "$1/run"; printf %s "$3" > "$1/run/recipe.yaml"\n'
        '"$4" -m steps_job "$1/run" > "$1/run/output.log" 2>&1; cp -r "$1/run" "$2"'
    )
    done = _in_namespace(script, disk, out, json.dumps(plan), sys.executable)
    assert done.returncode == 0, done.stderr
    run = RunDirectory(out)
    assert read_status(run).state == "done"
    _assert_gap_free(run)
    events = read_events(run.events_file)
    assert [event["step"] for event in events if event["kind"] == "step"] == list(range(1, 121))
    assert any("no space left on device" in e["message"] for e in events if e["kind"] == "warning")


def test_a_job_that_fails_on_a_full_disk_says_so_in_its_state(tmp_path: Path) -> None:
    disk, out = tmp_path / "disk", tmp_path / "out"
    disk.mkdir()
    plan = {"steps": 40, "delay": 0.02, "fill_disk_at": 10, "save_every": 20}
    script = (
        'mount -t tmpfs -o size=400k none "$1"; mkdir "$1/run"; printf %s "$3" > "$1/run/recipe.yaml"\n'
        'code=0; "$4" -m steps_job "$1/run" > "$1/run/output.log" 2>&1 || code=$?\n'
        'cd "$1"; "$4" -c "$5" "$1/run"; exit $code'
    )
    look = (
        "import sys, pathlib\n"
        "from workbench.runs.directory import RunDirectory\n"
        "from workbench.runs.status import read_status\n"
        "status = read_status(RunDirectory(pathlib.Path(sys.argv[1])))\n"
        "print(status.state, '|', status.reason)"
    )
    done = _in_namespace(script, disk, out, json.dumps(plan), sys.executable, look)
    assert done.returncode == 1, done.stderr
    state, _, reason = done.stdout.partition("|")
    assert state.strip() == "failed"
    assert "no space left on device" in reason


def test_a_read_only_directory(jobs) -> None:
    run = jobs.make(steps=1)
    launch(run, "steps_job")
    jobs.wait_until_ended(run)
    live = jobs.make(steps=10_000)
    pid = launch(live, "steps_job")
    jobs.wait_for_step(live, 2)
    script = 'mount --bind "$1" "$1"; mount -o remount,ro,bind "$1"; "$2" -c "$3"'
    code = (
        "from workbench.errors import WorkbenchError\n"
        "from workbench.runs.catalog import list_runs\n"
        "from workbench.runs.control import stop\n"
        "from workbench.runs.directory import create_run, find_run\n"
        "from workbench.runs.launch import launch\n"
        "print([s.state for s in list_runs()])\n"
        "for act in (lambda: create_run('x'), lambda: launch(find_run('steps-01'), 'steps_job')):\n"
        "    try: act(); print('no error')\n"
        "    except WorkbenchError as error: print(error)\n"
        "stop(find_run('steps-02'), on_step=print)"
    )
    done = _in_namespace(script, run.path.parent, sys.executable, code)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert lines[0] == "['running', 'done']"
    assert "read-only file system" in lines[1] and "WORKBENCH_HOME" in lines[1]
    assert "read-only file system" in lines[2]
    assert "could not ask" in lines[3] and "SIGTERM" in lines[4] and "stopped" in lines[-1]
    assert not Path(f"/proc/{pid}").exists() or read_status(live).state == "stopped"
    assert read_status(run).state == "done"
