"""Compressed and foreign text: whole, in several archives, damaged, kept in the cache, looked at first."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import random
import struct
import tracemalloc
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
import zstandard

from workbench.data import text_file
from workbench.data.containers.base import Container, Unreadable
from workbench.data.containers.several import open_files
from workbench.data.containers.sniff import open_container
from workbench.data.locate import fingerprint, locate
from workbench.data.source import Source
from workbench.data.text_file import NoRoom
from workbench.data.workers import WorkStopped
from workbench.errors import WorkbenchError

ROWS = [
    {"instruction": f"问题 {n}", "output": "".join(random.Random(n).choices("abc答案", k=90))}
    for n in range(500)
]
TEXT = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in ROWS)
PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": partial(gzip.compress, compresslevel=1),
    "zstd": zstandard.ZstdCompressor(write_checksum=True).compress,
    "bzip2": bz2.compress,
    "xz": partial(lzma.compress, preset=0),
}


def values(container: Container) -> list[object]:
    return [value for _, _, value in container.scan()]


def names_in(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir()]


@pytest.fixture
def made(tmp_path: Path) -> Callable[[bytes], Path]:
    def make(content: bytes) -> Path:
        path = tmp_path / "data"
        path.write_bytes(content)
        return path

    return make


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
@pytest.mark.parametrize("kind", PACK)
def test_compressed_text_in_any_encoding(kind: str, encoding: str, made, tmp_path: Path) -> None:
    path = made(PACK[kind](TEXT.encode(encoding)))
    cache = tmp_path / "kept" / "0.text"
    for _ in range(2):
        container = open_container(path, text_cache=cache)
        assert values(container) == ROWS
        assert container.encoding == {"utf-8": "UTF-8", "gb18030": "GB18030", "utf-16": "UTF-16 LE"}[encoding]
        kept = cache.stat()
    assert names_in(cache.parent) == ["0.text"]
    assert cache.stat().st_mtime_ns == kept.st_mtime_ns
    assert Source(path).compression == kind


@pytest.mark.parametrize("kind", PACK)
def test_archives_in_a_row_are_one_text(kind: str, made) -> None:
    lines = TEXT.encode().splitlines(keepends=True)
    pieces = [PACK[kind](b"".join(lines[start : start + 100])) for start in range(0, 500, 100)]
    assert values(open_container(made(b"".join(pieces)))) == ROWS


def test_what_writers_put_between_archives(made) -> None:
    skippable = struct.pack("<II", 0x184D2A51, 3) + b"abc"
    assert values(open_container(made(skippable + PACK["zstd"](TEXT.encode()) + skippable))) == ROWS
    assert values(open_container(made(PACK["gzip"](TEXT.encode()) + bytes(1000)))) == ROWS


@pytest.mark.parametrize("kind", PACK)
def test_an_archive_cut_short_gives_the_rows_before(kind: str, made) -> None:
    rows = [{"n": n, "text": random.Random(n).randbytes(100).hex()} for n in range(9000)]
    packed = PACK[kind]("".join(json.dumps(row) + "\n" for row in rows).encode())
    found = values(open_container(made(packed[: len(packed) - len(packed) // 4])))
    good = [value for value in found if isinstance(value, dict)]
    assert good == rows[: len(good)]
    last = found[-1]
    assert isinstance(last, Unreadable)
    assert last.reason == f"the {kind} file is cut short: what follows is missing"
    assert len(found) - len(good) in (1, 2)
    # xz and bzip2 give nothing of a block that is not whole.
    assert good or kind in ("xz", "bzip2")


@pytest.mark.parametrize("kind", PACK)
def test_a_damaged_archive(kind: str, made) -> None:
    packed = bytearray(PACK[kind](TEXT.encode()))
    packed[-9 if kind != "xz" else -50] ^= 0xFF
    try:
        found = values(open_container(made(bytes(packed))))
    except WorkbenchError as error:
        assert "damaged" in str(error)
        return
    assert isinstance(found[-1], Unreadable)
    assert "damaged" in found[-1].reason or "cut short" in found[-1].reason
    assert all(value == row for value, row in zip(found[:-2], ROWS, strict=False))


def test_something_else_behind_an_archive(made) -> None:
    found = values(open_container(made(PACK["gzip"](TEXT.encode()) + b"and then this")))
    assert found[:-1] == ROWS
    assert (
        found[-1].reason == "something that is not gzip follows the compressed text: what follows is missing"
    )


def test_archives_of_nothing(made) -> None:
    for kind, pack in PACK.items():
        with pytest.raises(WorkbenchError, match=f"the {kind} file holds nothing"):
            open_container(made(pack(b"")))
    with pytest.raises(WorkbenchError, match="cut short"):
        open_container(made(gzip.compress(b"x")[:6]))


@pytest.mark.parametrize("kind", PACK)
def test_a_bomb_takes_little_memory(kind: str, made) -> None:
    path = made(PACK[kind](b"0" * (1 << 27)))
    tracemalloc.start()
    try:
        source = Source(path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert source.size == 1 << 27
    assert peak < 80 << 20


def test_a_full_disk_is_said_and_nothing_is_left(
    made, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = made(gzip.compress(bytes(100 << 20)))
    monkeypatch.setattr(text_file, "_LEFT_FREE", 1 << 62)
    cache = tmp_path / "kept" / "0.text"
    with pytest.raises(WorkbenchError, match=r"No space left on device.*Free some space"):
        open_container(path, text_cache=cache)
    assert names_in(cache.parent) == []


def test_stopping_leaves_nothing(made, tmp_path: Path) -> None:
    path = made(random.Random(0).randbytes(4 << 20).hex().encode("utf-16"))
    shares: list[float] = []

    def stop(share: float) -> None:
        shares.append(share)
        if share > 0.3:
            raise KeyboardInterrupt

    cache = tmp_path / "kept" / "0.text"
    with pytest.raises(KeyboardInterrupt):
        open_container(path, text_cache=cache, progress=stop)
    assert names_in(cache.parent) == []
    assert shares == sorted(shares) and shares[-1] < 0.5


def test_a_cached_text_that_is_not_whole_is_made_again(made, tmp_path: Path) -> None:
    path = made(gzip.compress(TEXT.encode()))
    cache = tmp_path / "0.text"
    open_container(path, text_cache=cache)
    for content in (cache.read_bytes()[:-5], b"", b"x" * 5000, b"{}"):
        cache.write_bytes(content)
        assert values(open_container(path, text_cache=cache)) == ROWS


@pytest.mark.parametrize("pack", [bytes, PACK["gzip"], PACK["zstd"]])
@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "utf-16"])
def test_a_first_look_gives_the_first_rows_only(encoding: str, pack, made) -> None:
    container = open_container(made(pack((TEXT * 100).encode(encoding))), first=20_000)
    found = values(container)
    assert container.partial and container.decoded == (pack is not bytes or encoding != "utf-8")
    assert 50 < len(found) < 500
    assert found == ROWS[: len(found)]


@pytest.mark.parametrize("indent", [None, 2])
def test_a_first_look_at_a_list_and_at_a_table(indent: int | None, made) -> None:
    found = values(open_container(made(json.dumps(ROWS, indent=indent).encode()), first=20_000))
    assert 20 < len(found) < 500 and found == ROWS[: len(found)]
    table = "instruction,output\n" + "".join(f'"{row["instruction"]}\n","{row["output"]}"\n' for row in ROWS)
    found = values(open_container(made(table.encode()), first=20_000))
    assert 50 < len(found) < 500 and all(isinstance(value, dict) for value in found)


def test_a_table_inside_an_archive_that_is_no_text(made) -> None:
    import pyarrow
    import pyarrow.parquet

    sink = pyarrow.BufferOutputStream()
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), sink)
    path = made(gzip.compress(sink.getvalue().to_pybytes()))
    for first in (None, 1000):
        container = open_container(path, first=first)
        assert (container.name, values(container)) == ("Parquet", ROWS)


def test_a_decoding_that_is_stopped_or_has_no_room_is_no_bad_row(tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(TEXT)
    noise = json.dumps({"instruction": "q", "output": random.Random(0).randbytes(3 << 20).hex()})
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(noise.encode(), 1))
    files = locate(tmp_path).files

    def stop(share: float) -> None:
        raise WorkStopped("it was stopped")

    with pytest.raises(WorkStopped):
        list(open_files(files, progress=stop).scan())
    (tmp_path / "no-folder").write_text("")
    with pytest.raises(NoRoom, match="could not be written"):
        list(open_files(files, texts=tmp_path / "no-folder").scan())


def test_a_name_of_its_own_makes_another_fingerprint(tmp_path: Path) -> None:
    """A link's name has a say in what container the file is, so that an index of the other is of no use."""
    (tmp_path / "a.txt").write_text(TEXT)
    (tmp_path / "a.csv").symlink_to("a.txt")
    assert fingerprint(locate(tmp_path / "a.txt")) != fingerprint(locate(tmp_path / "a.csv"))
