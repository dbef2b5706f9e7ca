from __future__ import annotations

import json
import math
import os
import subprocess
import sys
import time
import unicodedata
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.event_writer import EventWriter
from workbench.runs.process import host_name, start_mark, this_machine
from workbench.runs.status import ENDED_STATES, LIVE_STATES, Status, read_status, recorded_status
from workbench.runs.writer import RunWriter

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


def _run(folder: Path, **values: object) -> RunDirectory:
    run = RunDirectory(folder)
    record = {
        "state": "running",
        "pid": os.getpid(),
        "pid_started": start_mark(os.getpid()),
        "machine": this_machine(),
        "host": host_name(),
        "heartbeat": time.time(),
        **values,
    }
    run.status_file.write_text(json.dumps(record))
    return run


def test_a_live_process_with_its_start_mark_is_believed(tmp_path: Path) -> None:
    assert read_status(_run(tmp_path)).state == "running"


def test_a_pid_that_another_program_has_now_is_not_believed(tmp_path: Path) -> None:
    status = read_status(_run(tmp_path, pid_started="12345"))
    assert status.state == "crashed" and "its log says nothing" in status.reason


def test_after_a_restart_of_the_machine_nothing_runs(tmp_path: Path) -> None:
    earlier = this_machine().replace(this_machine()[:8], "00000000", 1)
    assert read_status(_run(tmp_path, machine=earlier)).state == "crashed"


def test_on_another_machine_the_heartbeat_counts(tmp_path: Path) -> None:
    elsewhere = {"machine": "other-boot pid:[1]", "host": "another"}
    assert read_status(_run(tmp_path, **elsewhere)).state == "running"
    silent = read_status(_run(tmp_path, **elsewhere, **{"heartbeat": time.time() - 600}))
    assert silent.state == "crashed"
    ahead = read_status(_run(tmp_path, **elsewhere, **{"heartbeat": time.time() + 3600}))
    assert ahead.state == "running"


def test_an_end_in_the_events_counts_though_the_status_could_not_be_written(tmp_path: Path) -> None:
    run = _run(tmp_path, pid_started="1", step=3, first_seq=0)
    with EventWriter(run.events_file) as writer:
        writer.write("step", step=9, loss=1.5)
        writer.write("end", state="done", seconds=3.0, peak_memory_gib=2.5, reason="")
    status = read_status(run)
    assert (status.state, status.step, status.loss_last, status.peak_memory_gib) == ("done", 9, 1.5, 2.5)


def test_an_end_from_before_the_latest_launch_does_not_count(tmp_path: Path) -> None:
    run = _run(tmp_path, pid_started="1", first_seq=1)
    with EventWriter(run.events_file) as writer:
        writer.write("end", state="stopped", seconds=3.0, peak_memory_gib=2.5, reason="")
    assert read_status(run).state == "crashed"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(content=st.one_of(st.binary(), anything.map(json.dumps).map(str.encode)))
def test_garbage_in_place_of_a_status_is_told_in_a_sentence(tmp_path: Path, content: bytes) -> None:
    run = RunDirectory(tmp_path)
    run.status_file.write_bytes(content)
    _assert_sound(read_status(run), run)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_field_may_be_of_any_type(tmp_path: Path, data: st.DataObject) -> None:
    fields = [name for name in Status.__slots__ if name != "path"]
    values = data.draw(st.dictionaries(st.sampled_from(fields), anything))
    run = _run(tmp_path, **values)
    _assert_sound(read_status(run), run)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(data=st.data())
def test_any_event_may_have_any_fields(tmp_path: Path, data: st.DataObject) -> None:
    kinds = st.sampled_from(["start", "step", "eval", "memory", "end"])
    names = st.sampled_from(["step", "loss", "eval_loss", "max_steps", "resumed_from_step", "state", "model"])
    status = Status()
    for number, kind in enumerate(data.draw(st.lists(kinds, max_size=6))):
        fields = data.draw(st.dictionaries(names, anything))
        status.take({"seq": number, "time": 1.0, "kind": kind, **fields})
    json.loads(status.to_json(), parse_constant=pytest.fail)
    assert status.state in LIVE_STATES + ENDED_STATES


def _assert_sound(status: Status, run: RunDirectory) -> None:
    assert status.state in LIVE_STATES + ENDED_STATES
    assert status.id == run.id and status.path == str(run.path)
    for name in Status.__slots__:
        value = getattr(status, name)
        assert value is None or isinstance(value, str | int | float)
        assert not isinstance(value, float) or math.isfinite(value)
        assert not isinstance(value, str) or not {unicodedata.category(c) for c in value} & {"Cc", "Cs"}


def test_a_damaged_status_of_an_ended_run_is_told_from_its_events(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.status_file.write_text("{")
    with EventWriter(run.events_file) as writer:
        writer.write("start", job="train", model="m", max_steps=4, resumed_from_step=None)
        writer.write("eval", step=0, eval_loss=3.0)
        writer.write("step", step=1, loss=2.5)
        writer.write("step", step=4, loss=2.0)
        writer.write("end", state="done", seconds=3.0, peak_memory_gib=2.5, reason="")
    status = read_status(run)
    assert (status.state, status.step, status.loss_first, status.loss_last) == ("done", 4, 2.5, 2.0)
    assert (status.job, status.model, status.eval_loss_before) == ("train", "m", 3.0)


def test_a_damaged_status_of_a_run_that_is_long_silent_is_a_crash(tmp_path: Path) -> None:
    run = RunDirectory(tmp_path)
    run.status_file.write_text("[]")
    run.events_file.write_text("")
    os.utime(run.events_file, (time.time() - 500,) * 2)
    status = read_status(run)
    assert status.state == "crashed" and "status.json is damaged" in status.reason


def test_a_run_that_was_never_launched(home: Path) -> None:
    run = create_run("x")
    assert read_status(run).state == "starting"
    os.utime(run.path, (time.time() - 500,) * 2)
    status = read_status(run)
    assert status.state == "crashed" and "never launched" in status.reason


def test_escape_sequences_of_a_status_and_of_a_log_do_not_reach_the_terminal(tmp_path: Path) -> None:
    run = _run(tmp_path, pid_started="1", phase="\x1b]0;title\x07x", model="a\x1b[31mb\nc")
    run.output_log.write_bytes(b"fine\n\x1b[2Jgone\x07\n")
    status = read_status(run)
    assert (status.model, status.phase) == ("ab⏎c", "")
    assert "\x1b" not in status.reason and "gone" in status.reason


def test_a_status_survives_its_own_json(tmp_path: Path) -> None:
    status = Status(
        id=tmp_path.name, path=str(tmp_path), state="done", step=4, loss=1.25, model="模型", pid=7
    )
    run = RunDirectory(tmp_path)
    run.status_file.write_text(status.to_json())
    assert recorded_status(run) == status
    status.loss = float("inf")
    assert json.loads(status.to_json())["loss"] is None


def test_neither_status_nor_catalog_import_anything_heavy() -> None:
    code = (
        "import sys\n"
        "from workbench.runs.catalog import list_runs\n"
        "list_runs()\n"
        "import workbench.runs.control, workbench.runs.history, workbench.runs.writer\n"
        "heavy = {'torch', 'numpy', 'psutil', 'pydantic', 'pynvml', 'textual'} & set(sys.modules)\n"
        "sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_peak_of_a_resumed_run_is_that_of_its_largest_launch(home: Path) -> None:
    run = create_run("peak")
    for gib, seen in ((2.5, 2.5), (1.5, 2.5), (3.0, 3.0)):
        with RunWriter(run, "train") as writer:
            writer.peak_memory(gib)
        assert read_status(run).peak_memory_gib == seen
