from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.runs.event_writer import EventWriter
from workbench.runs.events import EventTail, last_events, read_events


def _write(path: Path, count: int) -> None:
    with EventWriter(path) as writer:
        for number in range(count):
            writer.write("step", step=number)


def _lines(path: Path) -> list[dict]:
    data = path.read_bytes()
    assert data == b"" or data.endswith(b"\n")
    return [json.loads(line) for line in data.splitlines()]


def test_every_line_has_the_protocols_keys_and_numbers_go_on_from_zero(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    before = time.time()
    _write(path, 3)
    _write(path, 2)
    lines = _lines(path)
    assert [line["seq"] for line in lines] == [0, 1, 2, 3, 4]
    assert all(line["v"] == 1 and line["kind"] == "step" for line in lines)
    assert all(before - 0.01 <= line["time"] <= time.time() + 0.01 for line in lines)


@settings(max_examples=60)
@given(cut=st.integers(min_value=0), tail=st.sampled_from([b"", b"\0" * 300, b"garbage", b"[1]\n", b"\n"]))
def test_cut_anywhere_the_numbers_have_no_gap_and_no_whole_line_is_lost(
    tmp_path_factory: pytest.TempPathFactory, cut: int, tail: bytes
) -> None:
    path = tmp_path_factory.mktemp("cut") / "events.jsonl"
    _write(path, 6)
    data = path.read_bytes()
    data = data[: cut % (len(data) + 1)]
    path.write_bytes(data + tail)
    _write(path, 2)
    events = read_events(path)
    assert [event["seq"] for event in events] == list(range(len(events)))
    # A last line that lacked only its end is an event as well, unless garbage follows it.
    assert len(events) >= data.count(b"\n") + 2


def test_a_file_much_larger_than_a_block_is_numbered_on(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        writer.write("sample", answer="x" * 300_000)
    with path.open("ab") as file:
        file.write(b'{"v":1,"seq":1,' + b"y" * 200_000)
    with EventWriter(path) as writer:
        writer.write("step", step=1)
    assert [line["seq"] for line in _lines(path)] == [0, 1]


def test_numbers_that_are_not_finite_become_null_and_are_named(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        seen = writer.write(
            "step", loss=float("nan"), grad_norm=np.float32("inf"), rate=np.float64(0.5), many=[1.0, -np.inf]
        )
    (line,) = _lines(path)
    assert line == seen
    assert line["loss"] is None and line["grad_norm"] is None and line["many"] == [1.0, None]
    assert line["rate"] == 0.5
    assert line["non_finite"] == ["loss", "grad_norm", "many"]


def test_values_that_json_does_not_have(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        writer.write("sample", step=np.int64(7), path=tmp_path, answer="一名\ud800\n\x00", pair=(1, None))
    (line,) = _lines(path)
    assert (line["step"], line["path"], line["pair"]) == (7, str(tmp_path), [1, None])
    assert line["answer"] == "一名\ud800\n\x00"


def test_names_of_the_protocol_are_not_overwritten(tmp_path: Path) -> None:
    with EventWriter(tmp_path / "events.jsonl") as writer, pytest.raises(ValueError, match="seq"):
        writer.write("step", seq=9)


@settings(max_examples=60)
@given(sizes=st.lists(st.integers(min_value=0, max_value=90), min_size=1, max_size=60))
def test_a_tail_gives_whole_lines_once_however_they_arrive(
    tmp_path_factory: pytest.TempPathFactory, sizes: list[int]
) -> None:
    folder = tmp_path_factory.mktemp("tail")
    _write(folder / "whole", 12)
    data = (folder / "whole").read_bytes()
    path = folder / "events.jsonl"
    tail = EventTail(path)
    seen = []
    with path.open("ab", buffering=0) as file:
        for size in [*sizes, len(data)]:
            file.write(data[:size])
            data = data[size:]
            seen += [event["seq"] for event in tail.read()]
            assert len(seen) == path.read_bytes().count(b"\n")
    assert seen == list(range(12))


def test_a_tail_reads_small_pieces_even_of_lines_longer_than_a_piece(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with EventWriter(path) as writer:
        for number in range(20):
            writer.write("sample", answer="回答" * number * 50)
    tail = EventTail(path)
    seen = []
    while events := tail.read(at_most=64):
        seen += [event["seq"] for event in events]
    assert seen == list(range(20))
    assert tail.read() == []


def test_a_tail_is_not_confused_by_half_a_line_that_is_taken_back(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    _write(path, 2)
    tail = EventTail(path)
    with path.open("ab") as file:
        file.write(b'{"v":1,"seq":2,"kind":"st')
    assert [event["seq"] for event in tail.read()] == [0, 1]
    _write(path, 2)
    assert [event["seq"] for event in tail.read()] == [2, 3]


def test_lines_that_are_no_events_are_counted_and_skipped(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    _write(path, 1)
    with path.open("ab") as file:
        file.write(
            b'\xff\xfe\n{"kind":"step"}\n[1,2]\nnull\n\n{"seq":true,"kind":"step"}\n' + b"[" * 5000 + b"\n"
        )
    _write(path, 1)
    tail = EventTail(path)
    assert [event["seq"] for event in tail.read()] == [0, 1]
    assert tail.damaged == 6


def test_a_missing_file_has_no_events(tmp_path: Path) -> None:
    assert read_events(tmp_path / "none") == []
    assert last_events(tmp_path / "none") == []
    assert EventTail(tmp_path / "none").read() == []


def test_the_last_events_are_whole(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    _write(path, 1000)
    last = last_events(path, 1000)
    assert last[-1]["seq"] == 999
    assert 5 < len(last) < 20


def test_a_second_writer_is_refused_in_this_process_and_in_another(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    code = (
        "import sys, pathlib\n"
        "from workbench.runs.event_writer import EventWriter\n"
        "EventWriter(pathlib.Path(sys.argv[1]))"
    )
    with EventWriter(path):
        with pytest.raises(WorkbenchError, match="another process writes"):
            EventWriter(path)
        other = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
        assert "another process writes this run" in other.stderr
    assert subprocess.run([sys.executable, "-c", code, str(path)]).returncode == 0


def test_the_lock_ends_with_a_killed_writer_though_its_forked_child_lives(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    code = (
        "import os, sys, time, pathlib\n"
        "from workbench.runs.event_writer import EventWriter\n"
        "writer = EventWriter(pathlib.Path(sys.argv[1]))\n"
        "writer.write('start')\n"
        "child = os.fork()\n"
        "if child: print(child, flush=True)\n"
        "time.sleep(30)"
    )
    process = subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    try:
        process.kill()
        process.wait()
        os.kill(child, 0)
        with EventWriter(path, wait_s=2.0) as writer:
            writer.write("step")
    finally:
        os.kill(child, signal.SIGKILL)
        process.stdout.close()
    assert [event["seq"] for event in read_events(path)] == [0, 1]


def test_a_folder_that_is_not_there_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be written"):
        EventWriter(tmp_path / "none" / "events.jsonl")


def test_events_beyond_what_memory_may_hold_are_counted_and_leave_no_gap(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    code = (
        "import sys, pathlib, resource\n"
        "from workbench.runs.event_writer import EventWriter\n"
        "writer = EventWriter(pathlib.Path(sys.argv[1]))\n"
        "writer.write('start')\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))\n"
        "for n in range(40): writer.write('sample', text='x' * 1_000_000)\n"
        "assert writer.trouble and writer.lost > 10, writer.lost\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))\n"
        "writer.write('step')\n"
        "assert not writer.trouble\n"
        "writer.write('step')\n"
        "print(40 + 3 - writer.lost)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    events = read_events(path)
    assert [event["seq"] for event in events] == list(range(int(done.stdout)))
