"""From a file, a folder, a glob or a registry's entry to the files of one set."""

from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import datasets
import pytest

from workbench.data.containers.base import Unreadable
from workbench.data.containers.several import open_files
from workbench.data.locate import fingerprint, from_anywhere, locate
from workbench.errors import WorkbenchError, WrongUse

ROWS = [{"instruction": f"问 {n}", "output": "答"} for n in range(40)]
LINES = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS).encode()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "set"
    (made / "inside").mkdir(parents=True)
    (made / "part-10.jsonl").write_bytes(LINES)
    (made / "part-2.json").write_text(json.dumps(ROWS))
    (made / "part-1.jsonl.gz").write_bytes(gzip.compress(LINES))
    (made / "table.csv").write_bytes("instruction,output\n问,答\n".encode("gb18030") * 2)
    (made / "part-11.jsonl").write_bytes(b"")
    (made / "README.md").write_text("about it")
    (made / ".hidden.jsonl").write_bytes(LINES)
    (made / "inside" / "more.jsonl").write_bytes(LINES)
    (made / "inside" / "loop").symlink_to("..")
    return made


def names(spec: str | Path) -> list[str]:
    return [file.name for file in locate(spec).files]


def test_a_folder_is_one_set_of_its_data_files(folder: Path) -> None:
    target = locate(folder)
    assert names(folder) == ["part-1.jsonl.gz", "part-2.json", "part-10.jsonl", "part-11.jsonl", "table.csv"]
    assert "README.md" in target.notes[0] and "inside" in target.notes[1]
    container = open_files(target.files)
    rows = list(container.scan())
    bad = [value.reason for _, _, value in rows if isinstance(value, Unreadable)]
    assert bad == ["this file cannot be opened: part-11.jsonl: the file is empty"]
    assert len(rows) == 3 * 40 + 1 + 3
    assert container.name == "JSON Lines and JSON list and CSV"
    assert container.encoding == "UTF-8 and GB18030"
    assert [place for place, _, _ in rows] == sorted(place for place, _, _ in rows)
    for place, length, value in rows[::5]:
        assert container.read(place, length) == value
    place = rows[45][0]
    assert container.file_of(place).name == "part-2.json"
    assert [other for other, _, _ in rows].index(container.file_start(rows[85][0])) == 80


@pytest.mark.parametrize("count", [1, 2, 3, 7, 40])
def test_the_parts_of_a_set_are_all_of_it(folder: Path, count: int) -> None:
    container = open_files(locate(folder).files)
    parts = container.parts(count)
    assert 1 <= len(parts) <= count
    assert [row for part in parts for row in container.scan(part)] == list(container.scan())


def test_a_first_look_at_a_set_stops_where_a_file_goes_on(folder: Path) -> None:
    rows = list(open_files(locate(folder).files, first=300).scan())
    assert 0 < len(rows) < 40
    assert [value for _, _, value in rows] == ROWS[: len(rows)]


def test_a_file_of_a_set_that_is_changed_or_gone(folder: Path) -> None:
    target = locate(folder / "*.json*")
    (folder / "part-10.jsonl").unlink()
    container = open_files(target.files)
    rows = list(container.scan())
    reasons = [value.reason for _, _, value in rows if isinstance(value, Unreadable)]
    assert [reason.split(": ", 1)[1] for reason in reasons] == [
        "part-10.jsonl: there is no such file",
        "part-11.jsonl: the file is empty",
    ]
    # Later it would be one row in place of several, and give those behind it wrong numbers.
    container.close()
    (folder / "part-2.json").write_text(json.dumps(ROWS[:3]))
    with pytest.raises(WorkbenchError, match="changed after it was opened"):
        list(container.scan())
    with pytest.raises(WorkbenchError, match="changed after it was opened"):
        container.read(*next(row[:2] for row in rows if container.file_of(row[0]).name == "part-2.json"))


def test_globs(folder: Path) -> None:
    assert names(f"{folder}/*.jsonl") == ["part-10.jsonl", "part-11.jsonl"]
    assert names(f"{folder}/part-?.json") == ["part-2.json"]
    assert names(f"{folder}/**/*.jsonl") == ["more.jsonl", "part-10.jsonl", "part-11.jsonl"]
    with pytest.raises(WorkbenchError, match="no file matches"):
        locate(f"{folder}/*.parquet")
    with pytest.raises(WorkbenchError, match="no such folder"):
        locate(f"{folder}/nowhere/*.json")
    odd = folder / "a*[1].jsonl"
    odd.write_bytes(LINES)
    assert names(odd) == ["a*[1].jsonl"]


def test_folders_without_data(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="holds no data files"):
        locate(tmp_path)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "a.jsonl").write_bytes(LINES)
    with pytest.raises(WorkbenchError, match=f"There are some in {tmp_path / 'data'}"):
        locate(tmp_path)


def test_what_datasets_saves(tmp_path: Path) -> None:
    rows = datasets.Dataset.from_list(ROWS)
    rows.save_to_disk(tmp_path / "one", num_shards=3)
    container = open_files(locate(tmp_path / "one").files)
    assert (container.name, [value for _, _, value in container.scan()]) == ("Arrow", ROWS)
    both = datasets.DatasetDict({"test": datasets.Dataset.from_list(ROWS[:4]), "train": rows})
    both.save_to_disk(tmp_path / "both")
    target = locate(tmp_path / "both")
    assert [value for _, _, value in open_files(target.files).scan()] == ROWS
    assert target.notes == (
        f"the split train is opened; give {tmp_path / 'both' / 'test'} to open it (test)",
    )
    assert len(list(open_files(locate(tmp_path / "both" / "test").files).scan())) == 4


def test_entries_of_a_registry(folder: Path) -> None:
    registry = folder / "dataset_info.json"
    registry.write_text(json.dumps({"mine": {"file_name": "part-2.json"}, "gone": {"file_name": "x.json"}}))
    target = locate(f"{registry}#mine")
    assert [file.name for file in target.files] == ["part-2.json"]
    assert target.entry is not None and target.entry.name == "mine"
    assert "dataset_info.json" not in names(folder)
    with pytest.raises(WorkbenchError, match=r"no file 'x\.json'"):
        locate(f"{registry}#gone")
    with pytest.raises(WrongUse, match="no entry 'min'"):
        locate(f"{registry}#min")


def test_a_file_that_is_not_there_is_no_hub_id(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert names("data/train.jsonl") == ["train.jsonl"]
    (tmp_path / "here").mkdir()
    assert names("here/nothing") == ["nothing"]


def test_names_that_are_no_utf_8(tmp_path: Path) -> None:
    odd = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe.jsonl"))
    odd.write_bytes(LINES)
    (tmp_path / "a.jsonl").write_bytes(LINES)
    assert len(list(open_files(locate(tmp_path).files).scan())) == 80
    assert len(fingerprint(locate(tmp_path))) == 32


def test_a_fingerprint_tells_files_apart(tmp_path: Path) -> None:
    file = tmp_path / "a.jsonl"
    file.write_bytes(LINES * 5000)
    first = fingerprint(locate(file))
    assert fingerprint(locate(file)) == first
    facts = file.stat()
    with file.open("r+b") as opened:
        opened.seek(facts.st_size // 2)
        opened.write(b"x")
    os.utime(file, ns=(facts.st_atime_ns, facts.st_mtime_ns))
    assert fingerprint(locate(file)) != first
    assert fingerprint(locate(tmp_path)) == fingerprint(locate(file))
    file.unlink()
    assert fingerprint(locate(file)) != first


def test_what_is_named_is_found_from_another_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.jsonl").write_text("{}\n")
    monkeypatch.chdir(tmp_path)
    assert from_anywhere("a.jsonl") == str(tmp_path / "a.jsonl")
    assert from_anywhere("*.jsonl") == str(tmp_path / "*.jsonl")
    assert from_anywhere("org/name:test") == "org/name:test"
