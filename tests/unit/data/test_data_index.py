"""The index: the same whoever makes it and however it is kept; nothing is left where it was not finished."""

from __future__ import annotations

import fcntl
import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy
import psutil
import pyarrow
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data import opening
from workbench.data.conversation import BadRow
from workbench.data.dataset import Dataset
from workbench.data.index import build, cache
from workbench.data.index.bad_rows import BadRows, GoodRows
from workbench.data.index.build import pass_over
from workbench.data.index.folder import PartFound, join_parts, map_index, missed_columns, part_folder
from workbench.data.index.index import Index
from workbench.data.index.job import Job
from workbench.data.index.worker import go_through
from workbench.data.opening import OpeningStopped, first_rows, open_dataset
from workbench.data.workers import run_workers
from workbench.errors import WorkbenchError

scalars = (
    st.none() | st.booleans() | st.integers() | st.text(max_size=80) | st.sampled_from(["a", "b", "内科"])
)
values = scalars | st.lists(scalars, max_size=2) | st.dictionaries(st.text(max_size=3), scalars, max_size=2)
records = st.fixed_dictionaries(
    {"instruction": values, "output": values},
    optional={
        "input": values,
        "department": st.sampled_from(["内科", "外科", None, 3]),
        "x": values,
        "y": values,
    },
)
lines = st.one_of(
    records.map(json.dumps),
    records.map(lambda record: json.dumps(record, ensure_ascii=True).replace("}", "")),
    st.sampled_from(["", "{", "[1]", "42", '{"instruction": "\\ud800", "output": "x"}', '{"\\udc00": 1}']),
)


def rows(count: int, seed: int = 1) -> list[dict[str, object]]:
    """Good rows and some bad ones, with a column that comes late."""
    made = random.Random(seed)
    found: list[dict[str, object]] = []
    for number in range(count):
        row: dict[str, object] = {
            "instruction": f"问题 {number % 97}: what is {number % 89}?",
            "input": "" if number % 5 else "{{name}}",
            "output": "" if number % 41 == 7 else f"答案 {made.random()} " * 6,
            "department": ["内科", "外科", "儿科"][number % 3],
        }
        if number > count * 2 // 3:
            row["late"] = number
        found.append(row)
    return found


def json_lines(path: Path, count: int = 1500, seed: int = 1) -> Path:
    path.write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(count, seed)) + "{broken\n"
    )
    return path


def json_list(path: Path) -> Path:
    path.write_text(json.dumps(rows(700)))
    return path


def table(path: Path) -> Path:
    body = "".join(
        f'"q {n}\nline",a {n % 7},{"x" * (n % 90)}\n' + ("short\n" if n % 50 == 0 else "") for n in range(900)
    )
    path.write_text("instruction,output,note\n" + body)
    return path


def parquet(path: Path) -> Path:
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(rows(900)), path, row_group_size=100)
    return path


def text(path: Path) -> Path:
    path.write_text("".join(f"第 {n} 行, a line.\n\n" for n in range(2000)))
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    json_lines(path / "a.jsonl", 300, 2)
    (path / "b.json").write_text("no rows { in here")
    parquet(path / "c.parquet")
    json_list(path / "d.json")
    return path


MADE = {made.__name__: made for made in (json_lines, json_list, table, parquet, text, folder)}


def by_parts(job: Job, count: int, place: Path) -> Index:
    """The index as worker processes make it, made here part by part."""
    container = job.container()
    columns = list(container.columns)
    found: list[PartFound] = []
    for attempt in range(2):
        whole = place / str(attempt)
        whole.mkdir()
        found = [
            PartFound(
                **json.loads(
                    json.dumps(go_through(build._order(job, part, columns, part_folder(whole, at)), print))
                )
            )
            for at, part in enumerate(container.parts(count))
        ]
        missed = missed_columns(found)
        if missed is None:
            break
        columns = missed
    join_parts(found, whole)
    return map_index(whole)


def assert_same(one: Index, other: Index) -> None:
    assert one.columns == other.columns
    assert one.starts.tolist() == other.starts.tolist()
    assert one.lengths.tolist() == other.lengths.tolist()
    assert list(one.bad) == list(other.bad)
    assert one.table().equals(other.table())
    for name in (
        "user_chars",
        "assistant_chars",
        "text_chars",
        "turns",
        "flags",
        "language",
        "row_hash",
        "prompt_hash",
    ):
        assert numpy.array_equal(getattr(one.facts, name), getattr(other.facts, name)), name
    assert [c.column for c in one.categories] == [c.column for c in other.categories]
    for mine, theirs in zip(one.categories, other.categories, strict=True):
        assert mine.as_dict() == theirs.as_dict()
        named = [[*c.values, None] for c in (mine, theirs)]
        assert [named[0][code] for code in mine.codes] == [named[1][code] for code in theirs.codes]


def in_memory(job: Job) -> Index:
    container = job.container()
    return pass_over(job, container, container.scan(), None, None)


@settings(max_examples=25, deadline=None)
@given(st.lists(lines, max_size=30), st.integers(1, 5), st.sampled_from(["alpaca", "text", None]))
def test_parts_make_the_index_that_one_pass_makes(made: list[str], count: int, format: str | None) -> None:
    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "data.jsonl"
        file.write_text('{"instruction": "q", "output": "a"}\n' + "\n".join(made), encoding="utf-8")
        job = Job((file,), None, format)
        assert_same(in_memory(job), by_parts(job, count, Path(place)))


@pytest.mark.parametrize("name", MADE)
def test_worker_processes_make_the_same_data_set(
    name: str, tmp_path: Path, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = MADE[name](tmp_path / "data")
    here = open_dataset(path)
    monkeypatch.setattr(opening, "KEPT_FROM", 0)
    monkeypatch.setattr(build, "IN_THIS_THREAD", 0)
    monkeypatch.setattr(build, "_LEAST_PART", 1)
    made = open_dataset(path)
    again = open_dataset(path)
    assert here.kept_in is None and made.kept_in is not None and made.kept_in == again.kept_in
    for other in (made, again):
        assert_same(here._index, other._index)
        assert list(here.records()) == list(other.records()) == list(other.records(range(1, other.rows + 1)))
        assert [here.origin(row) for row in (1, here.rows)] == [other.origin(row) for row in (1, other.rows)]
        assert (here.format, here.why, here.notes) == (other.format, other.why, other.notes)
        assert other.rows == len(other.good_rows) + len(other.bad_rows)
    assert not psutil.Process().children()


def test_more_columns_than_a_table_shows_met_in_another_order(tmp_path: Path) -> None:
    names = [f"c{n}" for n in range(100)]
    made = [
        dict.fromkeys(names[:40], "x"),
        *({"c0": "y"} for _ in range(50)),
        dict.fromkeys(reversed(names), "z"),
    ]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in made))
    job = Job((path,), None)
    assert_same(in_memory(job), by_parts(job, 2, tmp_path))
    assert in_memory(job).table().num_columns == 65


def test_origin_names_the_file_and_the_row_in_it(tmp_path: Path) -> None:
    dataset = open_dataset(folder(tmp_path / "set"))
    assert dataset.origin(1) == (tmp_path / "set" / "a.jsonl", 1)
    assert dataset.origin(301) == (tmp_path / "set" / "a.jsonl", 301)
    assert dataset.origin(dataset.rows) == (tmp_path / "set" / "d.json", 700)


@given(st.integers(0, 30), st.data())
def test_good_rows_are_those_that_are_not_bad(count: int, data: st.DataObject) -> None:
    bad = sorted(data.draw(st.sets(st.integers(1, count)))) if count else []
    good = GoodRows(count, numpy.array(bad, dtype=numpy.int64))
    expected = [row for row in range(1, count + 1) if row not in bad]
    assert list(good) == expected == [good[at] for at in range(len(good))]
    assert good == expected and good[1:5] == expected[1:5] and good[-2:] == expected[-2:]
    assert [row for row in range(-1, count + 3) if row in good] == expected
    reasons = pyarrow.chunked_array([[f"r{row}" for row in bad]], pyarrow.string())
    rows = BadRows(numpy.array(bad, dtype=numpy.int64), reasons)
    assert (
        list(rows)
        == [BadRow(row, f"r{row}") for row in bad]
        == rows[:]
        == [rows[at] for at in range(len(bad))]
    )
    assert [row for row in range(count + 2) if rows.reason(row)] == bad


def test_opening_and_indexing_import_nothing_heavy(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "data.jsonl")
    order = {
        "job": Job((path,), None, "alpaca").as_json(),
        "part": {"start": 0, "end": path.stat().st_size},
        "columns": [],
        "folder": str(tmp_path / "part"),
    }
    code = (
        "import sys\n"
        "from workbench.data.opening import first_rows, open_dataset\n"
        "from workbench.data.index.worker import go_through\n"
        "from workbench.data.ordering import ordered\n"
        f"first_rows({str(path)!r}).table()\n"
        f"dataset = open_dataset({str(path)!r})\n"
        "dataset.table(), dataset.categories, dataset.facts.chars, list(dataset.bad_rows)\n"
        "[ordered(dataset, rows, 'instruction') for rows in (None, [3, 1, 2])]\n"
        f"go_through({order!r}, print)\n"
        "heavy = {'pandas', 'torch', 'transformers', 'datasets', 'textual'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


# --- first rows


def test_first_rows_come_at_once(tmp_path: Path) -> None:
    path = json_lines(tmp_path / "data.jsonl", 3000)
    first = first_rows(path)
    assert (first.complete, first.rows, first.format) == (False, 1000, "alpaca")
    whole = open_dataset(path)
    assert list(first.records()) == list(whole.records(range(1, 1001)))
    assert first.fingerprint == whole.fingerprint
    assert first_rows(path, most=7).table().num_rows == 7


def test_a_first_row_that_is_longer_than_a_first_look(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(
        json.dumps({"instruction": "q", "output": "x" * 5_000_000}) + "\n" + '{"instruction": 1}\n'
    )
    first = first_rows(path)
    assert first.rows >= 1 and len(first.record(1)["output"]) == 5_000_000


# --- keeping


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, home: Path) -> Path:
    """Indexes of small files are kept too, in this folder."""
    monkeypatch.setattr(opening, "KEPT_FROM", 0)
    return home / "cache" / "data"


@pytest.fixture
def made_anew(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were gone through, in order."""
    gone_through: list[Path] = []
    original = build.build_index

    def building(job: Job, *rest: object) -> None:
        gone_through.append(job.files[0])
        original(job, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(build, "build_index", building)
    return gone_through


def entries(kept: Path) -> list[Path]:
    return sorted(entry for entry in kept.iterdir() if entry.name != "texts")


def test_an_index_is_used_again_until_the_file_or_its_reading_changes(
    kept: Path, made_anew: list[Path], tmp_path: Path
) -> None:
    path = json_lines(tmp_path / "data.jsonl")
    first, second = open_dataset(path), open_dataset(path)
    assert_same(first._index, second._index)
    assert len(made_anew) == 1 == len(entries(kept))
    assert open_dataset(path, format="text").format == "text"
    assert len(made_anew) == 2 == len(entries(kept))
    open_dataset(path, use_cache=False)
    assert len(made_anew) == 3
    with path.open("a") as file:
        file.write(json.dumps({"instruction": "new", "output": "row"}) + "\n")
    assert open_dataset(path).rows == first.rows + 1
    assert len(made_anew) == 4
    # The first one was opened before that, and says so.
    with pytest.raises(WorkbenchError, match="changed after it was opened"):
        first.record(1)


def _cut(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:-1])


def _blank(file: Path) -> None:
    file.write_bytes(bytes(file.stat().st_size))


@pytest.mark.parametrize("damage", [Path.unlink, _cut, _blank])
@pytest.mark.parametrize(
    "name", ["index.json", "start.numbers", "flags.numbers", "categories.arrow", "part-0/cells-0.arrow"]
)
def test_a_damaged_index_is_made_anew(
    name: str, damage: Callable[[Path], None], kept: Path, made_anew: list[Path], tmp_path: Path
) -> None:
    path = json_lines(tmp_path / "data.jsonl", 300)
    first = open_dataset(path)
    assert first.kept_in
    damage(first.kept_in / name)
    assert_same(in_memory(Job((path,), None, "alpaca")), open_dataset(path)._index)
    open_dataset(path)
    assert len(made_anew) == 2 == len(entries(kept)) + 1


def test_what_was_longest_not_used_is_removed(
    kept: Path, made_anew: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [json_lines(tmp_path / f"{n}.jsonl", 200, n) for n in range(4)]
    for age, path in enumerate(paths[:3]):
        used = open_dataset(path).kept_in
        assert used
        for file in used.rglob("*"):
            os.utime(file, (1_000_000 + age, 1_000_000 + age))
    open_dataset(paths[0])  # used now: the second one is the oldest
    size = sum(file.stat().st_size for file in kept.rglob("*"))
    monkeypatch.setattr(cache, "MOST_BYTES", size)
    open_dataset(paths[3])
    assert len(entries(kept)) == 3
    made_anew.clear()
    for path in (paths[0], paths[2], paths[3]):
        open_dataset(path)
    assert made_anew == []
    monkeypatch.setattr(cache, "MOST_BYTES", 0)
    dataset = open_dataset(paths[1])
    assert made_anew == [paths[1]] and entries(kept) == [dataset.kept_in]


def test_a_data_set_goes_on_when_its_index_is_removed(kept: Path, tmp_path: Path) -> None:
    import shutil

    dataset = open_dataset(json_lines(tmp_path / "data.jsonl"))
    shutil.rmtree(kept)
    assert dataset.table().num_rows == dataset.rows == len(list(dataset.records()))
    assert dataset.bad_rows[-1].row == dataset.rows


def test_a_cache_that_cannot_be_written(kept: Path, made_anew: list[Path], tmp_path: Path) -> None:
    kept.parent.mkdir()
    kept.write_text("in the way")
    path = json_lines(tmp_path / "data.jsonl")
    before = set(Path(tempfile.gettempdir()).glob(".workbench-making-*"))
    dataset = open_dataset(path)
    assert dataset.kept_in is None and dataset.table().num_rows == dataset.rows == 1501
    assert set(Path(tempfile.gettempdir()).glob(".workbench-making-*")) <= before


def test_what_killed_programs_left_is_cleared_and_what_live_ones_make_is_not(
    kept: Path, tmp_path: Path
) -> None:
    left, held, young = (kept / f".workbench-making-{n}" for n in ("left", "held", "young"))
    for place in (left, held, young):
        place.mkdir(parents=True)
        (place / "lock").touch()
    for place in (left, held):
        os.utime(place, (1_000_000, 1_000_000))
    with (held / "lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        open_dataset(json_lines(tmp_path / "data.jsonl"))
        assert not left.exists() and held.exists() and young.exists()


def test_several_open_one_file_at_the_same_time(kept: Path, tmp_path: Path) -> None:
    path = json_lines(tmp_path / "data.jsonl")
    found: list[Dataset] = []
    threads = [threading.Thread(target=lambda: found.append(open_dataset(path))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6 and len(entries(kept)) == 1
    for dataset in found:
        assert_same(found[0]._index, dataset._index)


# --- worker processes


@pytest.fixture
def large(kept: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A file that takes two workers a while."""
    monkeypatch.setattr(build, "IN_THIS_THREAD", 1 << 20)
    path = tmp_path / "large.jsonl"
    once = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows(2000)).encode()
    with path.open("wb") as file:
        for _ in range(60):
            file.write(once)
    return path


def workers(process: psutil.Process | None = None) -> list[psutil.Process]:
    children = (process or psutil.Process()).children(recursive=True)
    return [child for child in children if "workbench.data.index.worker" in " ".join(child.cmdline())]


def test_progress_is_told_and_stopping_leaves_nothing(large: Path, kept: Path) -> None:
    told: list[float] = []

    def cancelled() -> bool:
        return bool(told) and told[-1] > 0.1

    with pytest.raises(OpeningStopped, match="stopped"):
        open_dataset(large, progress=told.append, cancelled=cancelled)
    assert told == sorted(told) and 0.1 < told[-1] < 1
    assert not psutil.Process().children() and entries(kept) == []
    assert open_dataset(large).rows == 120_000


def test_a_worker_that_is_killed_is_said_in_a_sentence(large: Path, kept: Path) -> None:
    def kill(share: float) -> None:
        for worker in workers()[:1]:
            worker.kill()

    with pytest.raises(WorkbenchError, match="ended unexpectedly, by signal 9"):
        open_dataset(large, progress=kill)
    assert not psutil.Process().children() and entries(kept) == []


def test_a_file_that_is_changed_meanwhile(large: Path, kept: Path) -> None:
    def change(share: float) -> None:
        os.utime(large)

    with pytest.raises(WorkbenchError, match="was changed"):
        open_dataset(large, progress=change)
    assert not psutil.Process().children()


def test_workers_end_with_the_program_that_started_them(large: Path, kept: Path) -> None:
    code = "import sys; from workbench.data.opening import open_dataset; open_dataset(sys.argv[1])"
    program = subprocess.Popen([sys.executable, "-c", code, str(large)])
    # There is at most a second until it is done: the file is larger than the default for this thread.
    found = _soon(lambda: workers(psutil.Process(program.pid)))
    program.kill()
    program.wait()
    _soon(lambda: not any(worker.is_running() and worker.status() != "zombie" for worker in found))


def _soon(condition: Callable[[], object]) -> list[psutil.Process]:
    deadline = time.monotonic() + 20
    while not (found := condition()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return found if isinstance(found, list) else []


def test_a_worker_tells_what_is_wrong_with_an_order(tmp_path: Path) -> None:
    job = Job((tmp_path / "gone.jsonl",), None).as_json()
    order = {"job": job, "part": {"start": 0, "end": 1}, "columns": [], "folder": str(tmp_path / "part")}
    with pytest.raises(WorkbenchError, match="there is no such file"):
        run_workers("workbench.data.index.worker", [order])
