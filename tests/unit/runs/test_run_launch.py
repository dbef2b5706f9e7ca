from __future__ import annotations

import json
import os
import pty
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from workbench.errors import WorkbenchError
from workbench.runs import launch as launching
from workbench.runs.catalog import list_runs, summary
from workbench.runs.directory import RunDirectory
from workbench.runs.events import EventTail, read_events
from workbench.runs.launch import launch
from workbench.runs.log_tail import tail_lines
from workbench.runs.process import is_alive, start_mark
from workbench.runs.status import read_status

LAUNCHER = (
    "import sys, time, pathlib\n"
    "from workbench.runs.directory import RunDirectory\n"
    "from workbench.runs.launch import launch\n"
    "launch(RunDirectory(pathlib.Path(sys.argv[1])), 'steps_job')\n"
    "print('launched', flush=True)\n"
    "time.sleep(60)"
)


def _kinds(run: RunDirectory) -> list[str]:
    return [event["kind"] for event in read_events(run.events_file)]


def _assert_gap_free(run: RunDirectory) -> None:
    lines = [json.loads(line) for line in run.events_file.read_text().splitlines()]
    assert [line["seq"] for line in lines] == list(range(len(lines)))


def test_a_job_runs_to_its_end_and_every_figure_is_there(jobs, waiting) -> None:
    run = jobs.make(steps=12, loss_is_nan_at=4)
    pid = launch(run, "steps_job")
    started = read_status(run)
    assert started.live and started.pid == pid
    status = jobs.wait_until_ended(run)
    assert status.state == "done" and status.reason == ""
    assert (status.step, status.max_steps, status.job, status.module) == (12, 12, "train", "steps_job")
    assert list(summary(status)) == [
        "id",
        "state",
        "steps",
        "loss_first",
        "loss_last",
        "eval_loss_before",
        "eval_loss_after",
        "peak_memory_gib",
        "path",
    ]
    assert all(value is not None for value in summary(status).values())
    assert (status.eval_loss_before, status.eval_loss_after) == (3.0, 2.0)
    assert status.peak_memory_gib == pytest.approx(0.512)
    assert status.started and status.ended and status.started <= status.ended
    _assert_gap_free(run)
    assert _kinds(run)[0] == "start" and _kinds(run)[-1] == "end"
    step = next(event for event in read_events(run.events_file) if event.get("step") == 4)
    assert step["loss"] is None and step["non_finite"] == ["loss"]
    assert tail_lines(run.output_log, 1)[0].startswith("step 12 损失")
    waiting(lambda: not start_mark(pid))
    assert [path.name for path in run.path.iterdir() if path.name.startswith(".")] == []


def test_the_job_has_its_own_session_no_terminal_and_no_pipe(jobs) -> None:
    run = jobs.make(steps=300)
    pid = launch(run, "steps_job")
    jobs.wait_for_step(run, 1)
    assert os.getsid(pid) == pid and os.getpgid(pid) == pid
    targets = [str(Path(f"/proc/{pid}/fd/{number}").readlink()) for number in range(3)]
    assert targets == ["/dev/null", str(run.output_log), str(run.output_log)]
    environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
    assert b"OMP_WAIT_POLICY=PASSIVE" in environment and b"TOKENIZERS_PARALLELISM=false" in environment


def test_the_job_outlives_its_killed_launcher_and_its_closed_terminal(jobs, waiting) -> None:
    run = jobs.make(steps=60, delay=0.03)
    launcher, terminal = pty.fork()
    if launcher == 0:
        os.execv(sys.executable, [sys.executable, "-c", LAUNCHER, str(run.path)])
    assert b"launched" in os.read(terminal, 1000)
    jobs.wait_for_step(run, 2)
    os.kill(launcher, signal.SIGKILL)
    os.close(terminal)
    os.waitpid(launcher, 0)
    pid = read_status(run).pid
    assert pid
    os.kill(pid, signal.SIGHUP)
    step = read_status(run).step
    jobs.wait_for_step(run, step + 10)
    assert read_status(run).state == "running"
    assert jobs.wait_until_ended(run).state == "done"
    _assert_gap_free(run)


def test_a_killed_job_is_seen_dead_at_once_and_leaves_no_zombie(jobs, waiting) -> None:
    run = jobs.make(steps=1000)
    pid = launch(run, "steps_job")
    jobs.wait_for_step(run, 3)
    os.kill(pid, signal.SIGKILL)
    waiting(lambda: not read_status(run).live, 2.0)
    status = read_status(run)
    assert status.state == "crashed"
    assert "step" in status.reason and "损失" in status.reason
    assert status.step >= 3
    waiting(lambda: not start_mark(pid), 2.0)


def test_the_peak_of_memory_is_not_the_launchers() -> None:
    ballast = b"x" * 300 * 1024**2
    code = "from workbench.runs.process import peak_resident_bytes\nprint(peak_resident_bytes())"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, start_new_session=True)
    assert 2 * 1024**2 < int(done.stdout) < len(ballast) // 2


def test_a_zombie_is_not_alive() -> None:
    process = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(30)"])
    mark = start_mark(process.pid)
    assert is_alive(process.pid, mark)
    process.kill()
    deadline = time.monotonic() + 5
    while is_alive(process.pid, mark):
        assert time.monotonic() < deadline
    assert start_mark(process.pid) == mark, "it should still wait to be reaped"
    process.wait()
    assert not is_alive(process.pid, mark) and start_mark(process.pid) == ""


def test_a_job_that_dies_before_it_can_say_anything_is_crashed_with_its_last_words(jobs) -> None:
    run = jobs.make()
    launch(run, "no_such_module_anywhere")
    status = jobs.wait_until_ended(run)
    assert status.state == "crashed"
    assert "No module named no_such_module_anywhere" in status.reason


def test_files_in_the_users_folder_are_not_imported(jobs, tmp_path, monkeypatch) -> None:
    (tmp_path / "random.py").write_text("raise SystemExit('imported')")
    (tmp_path / "yaml.py").write_text("raise SystemExit('imported')")
    monkeypatch.chdir(tmp_path)
    run = jobs.make(steps=1)
    launch(run, "steps_job")
    assert jobs.wait_until_ended(run).state == "done"


def test_a_live_run_is_not_launched_twice(jobs) -> None:
    run = jobs.make(steps=1000)
    launch(run, "steps_job")
    with pytest.raises(WorkbenchError, match="at work already"):
        launch(run, "steps_job")


def test_of_many_launches_at_once_one_wins(jobs) -> None:
    run = jobs.make(steps=40)
    started: list[int] = []
    refused: list[str] = []
    gate = threading.Barrier(4)

    def try_it() -> None:
        gate.wait()
        try:
            started.append(launch(run, "steps_job"))
        except WorkbenchError as error:
            refused.append(str(error))

    threads = [threading.Thread(target=try_it) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(started) == 1 and len(refused) == 3
    assert jobs.wait_until_ended(run).state == "done"
    assert _kinds(run).count("start") == 1


@pytest.mark.parametrize(
    ("raises", "reason", "where"),
    [
        ("sentence", "data.json:7: the row is broken. Mend it.", "data.json:7"),
        ("error", "RuntimeError: the shapes differ. The whole traceback is in the run's output.log.", None),
        ("exit", "it left with exit code 3.", None),
        ("disk", "No space left on device", None),
    ],
)
def test_an_exception_ends_the_run_in_order(jobs, raises: str, reason: str, where: str | None) -> None:
    run = jobs.make(raise_at=5, raises=raises)
    launch(run, "steps_job")
    status = jobs.wait_until_ended(run)
    assert status.state == "failed"
    assert reason.lower() in status.reason.lower()
    assert "\n" not in status.reason
    error, end = read_events(run.events_file)[-2:]
    assert error["kind"] == "error" and reason.lower() in error["message"].lower()
    assert where is None or error["where"] == where
    assert end["kind"] == "end" and end["state"] == "failed" and end["seconds"] > 0
    log = run.output_log.read_text()
    assert ("Traceback" in log) == (raises != "sentence")


@pytest.mark.parametrize(("raises", "words"), [("kill", "step 4"), ("segfault", "Segmentation fault")])
def test_a_job_that_dies_without_a_word_is_crashed(jobs, raises: str, words: str) -> None:
    run = jobs.make(raise_at=5, raises=raises)
    launch(run, "steps_job")
    status = jobs.wait_until_ended(run)
    assert status.state == "crashed"
    assert words in run.output_log.read_text()
    assert "last in its log" in status.reason


def test_the_clock_may_step_back(jobs) -> None:
    run = jobs.make(steps=150, clock_back_at=5)
    launch(run, "steps_job")
    jobs.wait_for_step(run, 80)
    assert read_status(run).state == "running"
    assert jobs.wait_until_ended(run).state == "done"
    _assert_gap_free(run)
    end = read_events(run.events_file)[-1]
    assert 0 < end["seconds"] < 60


def test_two_readers_see_every_event_of_a_live_run(jobs) -> None:
    run = jobs.make(steps=80, delay=0.005)
    launch(run, "steps_job")
    seen: dict[int, list[int]] = {0: [], 1: []}

    def read(number: int) -> None:
        tail = EventTail(run.events_file)
        while read_status(run).live:
            seen[number] += [event["seq"] for event in tail.read()]
            list_runs()
            time.sleep(0.003 * (number + 1))
        seen[number] += [event["seq"] for event in tail.read()]

    readers = [threading.Thread(target=read, args=(number,)) for number in seen]
    for reader in readers:
        reader.start()
    for reader in readers:
        reader.join(30)
    count = len(read_events(run.events_file))
    assert seen == {0: list(range(count)), 1: list(range(count))}


def test_no_process_can_start_a_sentence_says_so(jobs, monkeypatch) -> None:
    run = jobs.make()
    monkeypatch.setattr(sys, "executable", "/no/such/python")
    with pytest.raises(WorkbenchError, match="could not be started"):
        launch(run, "steps_job")
    assert read_status(run).state == "failed"


def test_a_process_that_cannot_be_recorded_is_not_left_running(jobs, monkeypatch) -> None:
    run = jobs.make(steps=1)
    replace, started = launching.replace_text, []

    def full_after_the_start(path: Path, text: str) -> None:
        if pid := json.loads(text)["pid"]:
            started.append((pid, start_mark(pid)))
            raise WorkbenchError("cannot be written (no space left on device)", where=str(path))
        replace(path, text)

    monkeypatch.setattr(launching, "replace_text", full_after_the_start)
    with pytest.raises(WorkbenchError, match="no space left"):
        launch(run, "steps_job")
    assert started and not is_alive(*started[0])
    assert read_events(run.events_file) == []
