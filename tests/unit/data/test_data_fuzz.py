"""Horrors, by hand and by chance: a sentence, or rows = good + bad, and nothing that a terminal obeys."""

from __future__ import annotations

import csv
import gzip
import io
import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from workbench.cli.root import app
from workbench.data.dataset import Dataset
from workbench.data.opening import first_rows, open_dataset
from workbench.errors import WorkbenchError
from workbench.untrusted import printable

GOOD = {"instruction": "问 one", "input": "", "output": "答 two"}
LINE = json.dumps(GOOD, ensure_ascii=False)
ESCAPES = "\x1b[2J\x1b]0;owned\x07\x9b31m\x1bPq\x1b\\ [red]x[/red] [/markup] \u202eabc\r\b\x00"
EVIL = json.dumps({"instruction": ESCAPES, "output": ESCAPES, ESCAPES: ESCAPES}, ensure_ascii=False)


def deep(levels: int, open_: str = '{"a": ', close: str = "}") -> str:
    return open_ * levels + "null" + close * levels


HORRORS: dict[str, bytes] = {
    "truncated": (LINE[:-9]).encode(),
    "truncated-list": json.dumps([GOOD] * 9, indent=1)[:-70].encode(),
    "truncated-between": ("[" + LINE + ",").encode(),
    "unclosed-string-list": b'[{"instruction": "' + b"x[{" * 1_000_000,
    "truncated-escape": b'{"instruction": "\\u12',
    "nested-nulls": b'{"instruction": null, "input": [null, [[]]], "output": {"b": null}}\n[null]\nnull',
    "null-list": b'[null, null, [], {}, [[]], {"a": null}]',
    "deep": "\n".join([LINE, deep(5000), deep(5000, "[", "]"), deep(199), LINE]).encode(),
    "deep-list": f"[{LINE}, {deep(5000)}, {deep(250)}, {LINE}]".encode(),
    "deep-unclosed": (LINE + "\n" + "[" * 100_000).encode(),
    "nul-bytes": b"\n".join(
        [LINE.encode(), b"\0\0\0", LINE.encode().replace(b"one", b"\0"), b"\0" + LINE.encode()]
    ),
    "nul-escapes": b'{"instruction": "\\u0000\\u0000", "output": "\\u0000a"}',
    "nuls-only": bytes(5000),
    "mixed-encodings": b"\n".join(
        [*[LINE.encode()] * 10, LINE.encode("gb18030"), "ééé".encode("latin-1"), LINE.encode("utf-16-le")]
    ),
    "mostly-gb18030": b"\n".join([LINE.encode("gb18030")] * 30 + [LINE.encode(), b"\xff\xfe\xff"]),
    "odd-utf-16": b"\xff\xfe" + (LINE + "\n").encode("utf-16-le") * 3 + b"{",
    "utf-16-halves": b"\xff\xfe"
    + '{"a": "'.encode("utf-16-le")
    + b"\x00\xd8\x00\xd8"
    + '"}'.encode("utf-16-le"),
    "lone-surrogates": b'{"instruction": "\\ud83d", "output": "x\\ude00"}\n{"\\ud800": 1}\n["\\udfff"]',
    "raw-surrogates": b'{"instruction": "\xed\xa0\x80", "output": "x"}',
    "escapes": (EVIL + "\n" + LINE + "\n" + ESCAPES).encode(),
    "escapes-broken": (EVIL[:-4] + "\n" + ESCAPES).encode(),
    "escapes-list": f"[{EVIL}, {EVIL[:-5]}".encode(),
    "escapes-header": (f'"{ESCAPES}",answer\n{ESCAPES},b\n' * 3).encode(),
    "escapes-role": json.dumps({"conversations": [{"from": ESCAPES, "value": ESCAPES}] * 2}).encode(),
    "escapes-messages": json.dumps({"messages": [{"role": ESCAPES, "content": {ESCAPES: 1}}]}).encode(),
    "escapes-text": (ESCAPES + "\nplain text\n").encode(),
    "bom-in-the-middle": b"\n".join(
        [LINE.encode(), b"\xef\xbb\xbf" + LINE.encode(), b"\xef\xbb\xbf", LINE.encode()]
    ),
    "two-boms": b"\xef\xbb\xbf\xef\xbb\xbf" + LINE.encode(),
    "bom-only": b"\xef\xbb\xbf",
    "columns": (json.dumps({f"c{n}": n for n in range(10_000)}) + "\n").encode(),
    "columns-each": b"".join(json.dumps({f"c{n}": n}).encode() + b"\n" for n in range(300)),
    "csv-columns": ",".join(["same"] * 3000).encode() + b"\n" + b",".join([b"1"] * 3000) + b"\n",
    "csv-unclosed": b'instruction,output\na,b\n"open,c\nd,e\n' + b"f,g\n" * 50,
    "csv-unclosed-header": b'"instruction,output\na,b\nc,d\n',
    "csv-after-quote": b'instruction,output\n"a"b,c\nd,e\n',
    "csv-old-mac": b"instruction,output\ra,b\rc,d\r",
    "csv-nul": b"instruction,output\na\0,b\n\0,\0\n",
    "numbers": b'{"instruction": 1e999, "output": -1E400, "n": 123456789012345678901234567890}\n'
    + b'{"a": NaN, "b": Infinity}\n{"a": 01}\n{"a": %s}' % (b"9" * 5000),
    "same-keys": b'{"instruction": "a", "instruction": "b", "output": "c", "": 1, " ": 2}',
    "line-separators": '{"instruction": "a\u2028b", "output": "c\u2029d\x85e\x0bf"}'.encode(),
    "crlf": (LINE + "\r\n\r\n" + LINE + "\r\n").encode(),
    "blank-lines": ("\n \t\n\n" + LINE + "\n\n\n").encode(),
    "gzip-short": gzip.compress((LINE + "\n").encode() * 2000)[:-40],
    "gzip-head-only": gzip.compress(b"x")[:5],
    "gzip-of-gzip": gzip.compress(gzip.compress(LINE.encode())),
    "gzip-of-zeros": gzip.compress(bytes(3_000_000)),
    "zstd-short": zstandard.compress(os.urandom(3000).hex().encode())[:-9],
    "zstd-magic-only": b"\x28\xb5\x2f\xfd",
    "parquet-magic": b"PAR1" + bytes(50) + b"PAR1",
    "arrow-magic": b"ARROW1\0\0" + b"\xff\xff\xff\xff" + bytes(40),
    "arrow-stream": b"\xff\xff\xff\xff\x10\0\0\0" + bytes(40),
    "registry": json.dumps({ESCAPES: {"file_name": "x"}}).encode(),
}
SUFFIXES = (".json", ".csv", "")


def is_safe(text: str) -> bool:
    return printable(text, keep_newlines=False) == text


def looked_at(dataset: Dataset) -> None:
    """Everything that a screen takes from a data set, checked."""
    bad = [row.row for row in dataset.bad_rows]
    good = list(dataset.good_rows)
    assert sorted(good + bad) == list(range(1, dataset.rows + 1)) and dataset.rows > 0
    shown = [dataset.why, *dataset.notes, *(row.reason for row in dataset.bad_rows)]
    table = dataset.table()
    shown += table.column_names
    shown += [str(cell) for row in table.to_pylist() for cell in row.values()]
    assert [text for text in shown if not is_safe(text)] == []
    assert table.num_rows == dataset.rows
    assert all(row.reason and row.reason == row.reason.strip() for row in dataset.bad_rows)
    for row in [*good[:20], *bad[:20]]:
        assert is_safe(printable(dataset.raw_text(row), keep_newlines=False))
        with suppress(WorkbenchError):
            dataset.conversation(row)
            dataset.record(row)
    with suppress(WorkbenchError):
        json.dumps([value for _, value in dataset.records(good[:50])])


def survives(path: Path) -> Dataset | None:
    """Opens a file both ways; whatever is wrong with it is a sentence."""
    for opened in (first_rows, open_dataset):
        try:
            dataset = opened(path)
        except WorkbenchError as error:
            assert is_safe(printable(str(error), keep_newlines=False)) and "Traceback" not in str(error)
            found = None
        else:
            looked_at(dataset)
            found = dataset
    return found


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("name", HORRORS)
def test_horrors(name: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"data{suffix}"
    path.write_bytes(HORRORS[name])
    survives(path)


@pytest.mark.parametrize(
    ("name", "good", "bad"),
    [
        ("deep", 2, 3),
        ("nul-bytes", 1, 3),
        ("mixed-encodings", 10, 3),
        ("bom-in-the-middle", 2, 2),
        ("crlf", 2, 0),
        ("blank-lines", 1, 0),
        ("mostly-gb18030", 30, 2),
        ("gzip-of-gzip", 0, 0),
    ],
)
def test_what_is_left_of_horrors(name: str, good: int, bad: int, tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_bytes(HORRORS[name])
    dataset = survives(path)
    assert (len(dataset.good_rows), len(dataset.bad_rows)) == (good, bad) if dataset else good + bad == 0


def test_all_horrors_as_one_set(tmp_path: Path) -> None:
    for name, content in HORRORS.items():
        (tmp_path / f"{name}.json").write_bytes(content)
    (tmp_path / "good.jsonl").write_text(LINE)
    dataset = survives(tmp_path)
    assert dataset is not None and len(dataset.bad_rows) > len(HORRORS) / 2


@pytest.mark.parametrize(
    "name",
    ["escapes", "escapes-header", "escapes-role", "escapes-text", "registry", "deep", "lone-surrogates"],
)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_the_command_line_gives_a_terminal_nothing_to_obey(
    name: str, options: list[str], tmp_path: Path
) -> None:
    path = tmp_path / f"a{ESCAPES.replace('/', '').replace(chr(0), '')}.json"
    path.write_bytes(HORRORS[name])
    result = CliRunner().invoke(app, ["inspect", str(path), *options])
    assert result.exception is None or isinstance(result.exception, SystemExit | WorkbenchError)
    assert all(is_safe(line) for line in result.output.split("\n"))


def test_a_hundred_megabytes_on_one_line(tmp_path: Path) -> None:
    path = tmp_path / "data"
    with path.open("wb") as file:
        file.write(LINE.encode() + b'\n{"instruction": "')
        for _ in range(100):
            file.write(b"x" * 1_000_000)
        file.write(b'", "output": "y"}\n' + LINE.encode())
    dataset = survives(path)
    assert dataset is not None and len(dataset.good_rows) == 3


def test_a_line_that_is_longer_than_any_row(tmp_path: Path) -> None:
    for name, first, last in (("a.jsonl", LINE, LINE), ("a.csv", "instruction,output\nc,d", "a,b")):
        path = tmp_path / name
        with path.open("wb") as file:
            file.write(f'{first}\n{{"instruction": "'.encode())
            file.write(b"x" * (150 << 20))
            file.write(f'"}}\n{last}'.encode())
        dataset = survives(path)
        assert dataset is not None and dataset.rows == 3
        assert "longer than" in dataset.bad_rows[0].reason
        assert len(dataset.raw_text(2, 100)) <= 100


def test_names_and_places_that_are_no_data(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jsonl")
    (tmp_path / "loop.jsonl").symlink_to(tmp_path / "loop.jsonl")
    (tmp_path / "a").symlink_to(tmp_path / "b")
    (tmp_path / "b").symlink_to(tmp_path / "a")
    (tmp_path / "round").mkdir()
    (tmp_path / "round" / "again").symlink_to("../round")
    odd = [
        tmp_path / "pipe.jsonl",
        tmp_path / "loop.jsonl",
        tmp_path / "a" / "x",
        "a\0b",
        "x" * 5000,
        "",
        "/dev/zero",
    ]
    for spec in [
        *odd,
        tmp_path / "round",
        f"{tmp_path}/**",
        f"{tmp_path}/**/again/**/*.json",
        "#",
        "a#b",
        "**",
        "org/",
    ]:
        with pytest.raises(WorkbenchError):
            first_rows(spec)
        with pytest.raises(WorkbenchError):
            open_dataset(spec) if spec != "**" else first_rows("nothing-*")
    name = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff\xfe\x1b[2J.jsonl"))
    name.write_text(LINE)
    assert survives(name) is not None
    (tmp_path / "sub").mkdir()
    name.rename(tmp_path / "sub" / name.name)
    assert survives(tmp_path / "sub") is not None


def test_a_file_that_may_not_be_read(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(LINE)
    survives(path)  # so that nothing has to be imported by a nobody
    path.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(65534)
    try:
        for opened in (first_rows, open_dataset):
            with pytest.raises(WorkbenchError, match="Permission denied"):
                opened(path)
    finally:
        if root:
            os.seteuid(0)


def changed(path: Path) -> None:
    path.write_text((LINE + "\n").replace("one", "three") * 5000)


def shortened(path: Path) -> None:
    os.truncate(path, 1000)


def emptied(path: Path) -> None:
    os.truncate(path, 0)


def gone(path: Path) -> None:
    path.unlink()


def another(path: Path) -> None:
    path.with_name("other").write_text("nothing like it\n")
    path.with_name("other").rename(path)


@pytest.mark.parametrize("happens", [changed, shortened, emptied, gone, another])
@pytest.mark.parametrize("kind", ["lines", "list", "csv", "arrow", "parquet", "gzip", "utf-16"])
def test_what_happens_to_a_file_while_it_is_open(
    kind: str, happens: Callable[[Path], None], tmp_path: Path
) -> None:
    rows = [{**GOOD, "output": str(n)} for n in range(5000)]
    path = tmp_path / "data"
    path.write_bytes(written(kind, rows))
    dataset = open_dataset(path)
    happens(path)
    for row in (1, 2500, 5000):
        with pytest.raises(WorkbenchError, match="after it was opened"):
            dataset.record(row)
    with pytest.raises(WorkbenchError, match="after it was opened"):
        list(dataset.records())


def written(kind: str, rows: list[dict[str, str]]) -> bytes:
    text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if kind == "list":
        return json.dumps(rows).encode()
    if kind == "csv":
        sink = io.StringIO()
        table = csv.DictWriter(sink, list(rows[0]))
        table.writeheader()
        table.writerows(rows)
        return sink.getvalue().encode()
    if kind in ("arrow", "parquet"):
        made = pyarrow.Table.from_pylist(rows)
        buffer = pyarrow.BufferOutputStream()
        if kind == "parquet":
            pyarrow.parquet.write_table(made, buffer, row_group_size=700)
        else:
            with pyarrow.ipc.new_file(buffer, made.schema) as file:
                file.write_table(made, max_chunksize=700)
        return bytes(buffer.getvalue().to_pybytes())
    return {
        "lines": text.encode,
        "gzip": lambda: gzip.compress(text.encode()),
        "utf-16": lambda: text.encode("utf-16"),
    }[kind]()


pieces = st.sampled_from(
    [*HORRORS.values(), LINE.encode(), b"\n", b",", b"[", b"]", b'"', b"\xef\xbb\xbf", b"\xff", b"\0"]
)


@settings(max_examples=120, deadline=None)
@given(
    st.lists(pieces, min_size=1, max_size=5),
    st.integers(0, 200),
    st.sampled_from([bytes, gzip.compress]),
    st.sampled_from(SUFFIXES),
)
def test_horrors_put_together_and_cut(
    parts: list[bytes], lost: int, pack: Callable[[bytes], bytes], suffix: str
) -> None:
    content = pack(b"".join(part[:4000] for part in parts))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"data{suffix}"
        path.write_bytes(content[: max(1, len(content) - lost)])
        survives(path)


@settings(max_examples=120, deadline=None)
@given(
    st.sampled_from(["lines", "list", "csv", "arrow", "parquet", "gzip", "utf-16"]),
    st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=6),
    st.floats(0, 1),
)
def test_good_files_with_broken_bytes(kind: str, changes: list[tuple[float, int]], kept: float) -> None:
    content = bytearray(written(kind, [{**GOOD, "output": str(n)} for n in range(40)]))
    for place, byte in changes:
        content[int(place * (len(content) - 1))] = byte
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "data"
        path.write_bytes(content[: max(1, int(len(content) * (1 - kept**4)))])
        survives(path)
