"""Parquet and Arrow: whole, cut short, damaged, and with types that JSON does not know."""

from __future__ import annotations

import datetime
import decimal
import random
import sys
from pathlib import Path

import numpy
import pyarrow
import pyarrow.parquet
import pytest

from workbench.data.containers import parquet
from workbench.data.containers.base import Container, Unreadable
from workbench.data.containers.sniff import open_container
from workbench.errors import WorkbenchError

ROWS = [{"instruction": f"问 {n}", "n": n, "turns": [{"from": "human", "value": str(n)}]} for n in range(900)]
TABLE = pyarrow.Table.from_pylist(ROWS)
KINDS = ["file", "stream", "parquet"]


def written(path: Path, kind: str, table: pyarrow.Table = TABLE, rows: int = 200) -> Path:
    if kind == "parquet":
        pyarrow.parquet.write_table(table, path, row_group_size=rows)
        return path
    opened = pyarrow.ipc.new_file if kind == "file" else pyarrow.ipc.new_stream
    with opened(str(path), table.schema) as sink:
        sink.write_table(table, max_chunksize=rows)
    return path


def values(container: Container) -> list[object]:
    return [value for _, _, value in container.scan()]


@pytest.mark.parametrize("kind", KINDS)
def test_all_rows_in_order_in_parts_and_by_place(kind: str, tmp_path: Path) -> None:
    container = open_container(written(tmp_path / "data.txt", kind))
    located = list(container.scan())
    assert container.name == ("Parquet" if kind == "parquet" else "Arrow")
    assert [value for _, _, value in located] == ROWS
    for count in (1, 2, 3, 99):
        parts = container.parts(count)
        assert len(parts) == min(count, 5)
        assert [row for part in parts for row in container.scan(part)] == located
    for place, length, value in random.Random(0).sample(located, 30):
        assert container.read(place, length) == value
        assert container.raw(place, length, 40).startswith('{"instruction": "问')


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_dictionaries_and_compressed_buffers(kind: str, tmp_path: Path) -> None:
    column = pyarrow.array(["x", "y", None] * 300).dictionary_encode()
    table = TABLE.append_column("label", column)
    opened = pyarrow.ipc.new_file if kind == "file" else pyarrow.ipc.new_stream
    options = pyarrow.ipc.IpcWriteOptions(compression="zstd")
    with opened(str(tmp_path / "a"), table.schema, options=options) as sink:
        sink.write_table(table, max_chunksize=100)
    assert values(open_container(tmp_path / "a")) == table.to_pylist()


@pytest.mark.parametrize("kind", ["file", "stream"])
def test_arrow_cut_short_gives_the_batches_before(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path / "a.arrow", kind)
    whole = path.read_bytes()
    for share in (0.3, 0.6, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        found = values(open_container(path))
        assert found[:-1] == ROWS[: len(found) - 1] and len(found) % 200 == 1
        assert found[-1] == Unreadable("the file ends inside of a batch, so rows are missing")
    path.write_bytes(whole[:100])
    with pytest.raises(WorkbenchError, match="Arrow file cannot be read"):
        open_container(path)


@pytest.mark.parametrize("kind", KINDS)
def test_damage_anywhere_costs_a_sentence(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path / "data", kind, TABLE.slice(0, 60), rows=20)
    whole = path.read_bytes()
    chosen = random.Random(7)
    for _ in range(300):
        broken = bytearray(whole)
        for _ in range(chosen.randint(1, 5)):
            broken[chosen.randrange(len(broken))] = chosen.choice((0, 255, chosen.randrange(256)))
        path.write_bytes(broken)
        try:
            container = open_container(path)
            for place, length, _ in list(container.scan())[:70]:
                container.read(place, length)
                container.raw(place, length, 100)
        except WorkbenchError as error:
            assert str(error)


def test_large_row_groups_are_copied_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parquet, "_LARGE_GROUP", 1000)
    path = written(tmp_path / "a.parquet", "parquet", pyarrow.concat_tables([TABLE] * 3), rows=10_000)
    kept = tmp_path / "kept"
    for _ in range(2):
        container = open_container(path, text_cache=kept / "0.text")
        assert (container.name, container.path, len(container.parts(2))) == ("Parquet", path, 2)
        assert values(container) == ROWS * 3
        assert [entry.name for entry in kept.iterdir()] == ["0.arrow"]
    assert values(open_container(path)) == ROWS * 3
    look = open_container(path, first=1000)
    assert look.partial and values(look) == (ROWS * 3)[:1024]


def test_types_that_json_does_not_know(tmp_path: Path) -> None:
    day = datetime.datetime(2024, 2, 29, 12, 30)
    columns = {
        "decimal": pyarrow.array([decimal.Decimal("1.50")]),
        "time": pyarrow.array([day]),
        "nanoseconds": pyarrow.array([1], pyarrow.timestamp("ns")),
        "far": pyarrow.array([2**62], pyarrow.timestamp("us")),
        "span": pyarrow.array([1500], pyarrow.duration("ns")),
        "day": pyarrow.array([day.date()]),
        "bytes": pyarrow.array([b"\xff\x00a"]),
        "picture": pyarrow.array([b"\x89PNG" * 50_000]),
        "map": pyarrow.array([[("k", 1)]], pyarrow.map_(pyarrow.string(), pyarrow.int8())),
        "nulls": pyarrow.nulls(1),
        "nested": pyarrow.array([[{"a": [None, {"b": day}]}]]),
        "half": pyarrow.array([numpy.float16(1.5)], pyarrow.float16()),
        "nan": pyarrow.array([float("nan")]),
    }
    pyarrow.parquet.write_table(pyarrow.table(columns), tmp_path / "a.parquet")
    (row,) = values(open_container(tmp_path / "a.parquet"))
    assert row.pop("nan") != 0
    assert row == {
        "decimal": "1.50",
        "time": "2024-02-29T12:30:00",
        "nanoseconds": "1970-01-01 00:00:00.000000001",
        "far": "<value out of range: 4611686018427387904>",
        "span": "1500",
        "day": "2024-02-29",
        "bytes": "\ufffd\x00a",
        "picture": "(200,000 bytes)",
        "map": [["k", 1]],
        "nulls": None,
        "nested": [{"a": [None, {"b": "2024-02-29T12:30:00"}]}],
        "half": 1.5,
    }


def test_text_that_is_no_utf_8_costs_its_row_only(tmp_path: Path) -> None:
    column = pyarrow.array([b"good", b"\xff\xfe", b"good too"]).view(pyarrow.string())
    for kind in KINDS:
        found = values(open_container(written(tmp_path / "a", kind, pyarrow.table({"text": column}))))
        assert found == [
            {"text": "good"},
            Unreadable("the column 'text' is not valid UTF-8"),
            {"text": "good too"},
        ]


def test_columns_of_one_name_are_told_apart(tmp_path: Path) -> None:
    table = pyarrow.table([pyarrow.array([1]), pyarrow.array([2]), pyarrow.array([3])], ["a", "a", ""])
    for kind in KINDS:
        container = open_container(written(tmp_path / "a", kind, table))
        assert values(container) == [{"a": 1, "a (2)": 2, "column 3": 3}]
        assert container.columns == ("a", "a (2)", "column 3")


def test_a_table_without_rows(tmp_path: Path) -> None:
    for kind in KINDS:
        container = open_container(written(tmp_path / "a", kind, TABLE.slice(0, 0)))
        assert values(container) == [] and len(container.parts(4)) == 1


def test_pandas_stays_away(tmp_path: Path) -> None:
    import subprocess

    path = written(
        tmp_path / "a.parquet", "parquet", pyarrow.table({"t": pyarrow.array([1], pyarrow.timestamp("ns"))})
    )
    program = (
        "import sys; from pathlib import Path; from workbench.data.containers.sniff import open_container\n"
        "list(open_container(Path(sys.argv[1])).scan()); assert 'pandas' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program, str(path)], check=True)
