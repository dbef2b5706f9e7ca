"""Files of every container and encoding, whole and damaged."""

from __future__ import annotations

import codecs
import json
import os
from pathlib import Path
from random import Random

import pyarrow
import pyarrow.parquet
import pytest

from workbench.data.dataset import Dataset
from workbench.data.opening import OpeningStopped, open_dataset
from workbench.errors import WorkbenchError, WrongUse

ROWS = [{"instruction": f"问题 {n}", "input": "", "output": f'答案 {n}\n第二行, "quoted"'} for n in range(30)]


def opened(folder: Path, name: str, content: str | bytes) -> Dataset:
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_dataset(path)


def lines(rows: list[object]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)


def as_csv(rows: list[dict[str, str]], delimiter: str = ",") -> str:
    def field(text: str) -> str:
        return '"' + text.replace('"', '""') + '"'

    records = [list(rows[0]), *(list(row.values()) for row in rows)]
    return "\r\n".join(delimiter.join(map(field, record)) for record in records) + "\r\n"


TEXTS = {
    "JSON list": json.dumps(ROWS, ensure_ascii=False, indent=2),
    "JSON Lines": lines(ROWS),
    "CSV": as_csv(ROWS),
    "TSV": as_csv(ROWS, "\t"),
}
ENCODINGS = {
    "UTF-8": lambda text: text.encode(),
    "UTF-8 with BOM": lambda text: codecs.BOM_UTF8 + text.encode(),
    "UTF-16 LE": lambda text: codecs.BOM_UTF16_LE + text.encode("utf-16-le"),
    "UTF-16 BE": lambda text: text.encode("utf-16-be"),
    "GB18030": lambda text: text.encode("gb18030"),
}


@pytest.mark.parametrize("name", ["data.json", "data.txt", "data"])
@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("container", TEXTS)
def test_content_decides_and_not_the_name(container: str, encoding: str, name: str, tmp_path: Path) -> None:
    dataset = opened(tmp_path, name, ENCODINGS[encoding](TEXTS[container]))
    assert (dataset.container, dataset.encoding) == (container, encoding)
    assert (dataset.format, dataset.rows, dataset.bad_rows) == ("alpaca", 30, [])
    assert [dataset.record(row) for row in (1, 17, 30)] == [ROWS[0], ROWS[16], ROWS[29]]


def test_parquet_with_several_row_groups(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path, row_group_size=7)
    dataset = open_dataset(path)
    assert (dataset.container, dataset.format, dataset.rows) == ("Parquet", "alpaca", 30)
    assert [dataset.record(row) for row in (30, 7, 8, 1)] == [ROWS[29], ROWS[6], ROWS[7], ROWS[0]]


def test_damaged_parquet(tmp_path: Path) -> None:
    path = tmp_path / "data.parquet"
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(ROWS), path)
    path.write_bytes(path.read_bytes()[:-20])
    with pytest.raises(WorkbenchError, match="Parquet file cannot be read"):
        open_dataset(path)


def test_bad_lines_are_named_and_cost_nothing_else(tmp_path: Path) -> None:
    good = json.dumps(ROWS[0])
    raw_nul = '{"instruction": "a\x00b", "output": "x"}'
    content = "\n".join([good, '{"instruction": "a"', "", good, "[1, 2]", raw_nul, "42", good])
    dataset = opened(tmp_path, "data.jsonl", content)
    # The blank line is no row.
    assert (dataset.rows, dataset.good_rows) == (7, [1, 3, 7])
    reasons = {bad.row: bad.reason for bad in dataset.bad_rows}
    assert "not JSON" in reasons[2]
    assert reasons[4] == "the row is a list, not an object with named columns"
    assert "unescaped control character" in reasons[5]
    assert reasons[6] == "the row is a number, not an object with named columns"
    with pytest.raises(WorkbenchError, match="row 2: not JSON"):
        dataset.conversation(2)
    assert dataset.raw_text(2).strip() == '{"instruction": "a"'


def test_a_line_in_another_encoding(tmp_path: Path) -> None:
    content = lines(ROWS).encode() + '{"instruction": "问", "output": "答"}\n'.encode("gb18030")
    dataset = opened(tmp_path, "data.jsonl", content)
    assert (dataset.encoding, dataset.rows, len(dataset.good_rows)) == ("UTF-8", 31, 30)
    assert dataset.bad_rows[0].row == 31
    assert "byte 18 of the row (0xCE) is not valid UTF-8" in dataset.bad_rows[0].reason


def test_a_broken_byte_in_gb18030_and_in_utf_16(tmp_path: Path) -> None:
    dataset = opened(
        tmp_path, "g.jsonl", lines(ROWS).encode("gb18030") + b'{"instruction": "\xff", "output": "x"}'
    )
    assert (dataset.encoding, dataset.rows) == ("GB18030", 31)
    assert dataset.bad_rows[0].reason == "it is not valid GB18030"
    half = codecs.BOM_UTF16_LE + lines(ROWS).encode("utf-16-le") + b"{"
    dataset = opened(tmp_path, "u.jsonl", half)
    assert (dataset.rows, [bad.row for bad in dataset.bad_rows]) == (31, [31])


def test_lone_surrogates(tmp_path: Path) -> None:
    content = '{"instruction": "a", "output": "b"}\n{"instruction": "a", "output": "x\\ud83d"}\n'
    dataset = opened(tmp_path, "data.jsonl", content)
    assert [bad.row for bad in dataset.bad_rows] == [2]
    assert "half of a surrogate pair (U+D83D)" in dataset.bad_rows[0].reason
    dataset.table().to_pylist()


@pytest.mark.parametrize("separators", [None, (",", ":")])
def test_a_json_list_cut_short(tmp_path: Path, separators) -> None:
    whole = json.dumps(ROWS, indent=None if separators else 2, separators=separators)
    dataset = opened(tmp_path, "data.json", whole[: whole.index("\\u7b54\\u6848 20")])
    assert (dataset.container, dataset.rows, len(dataset.good_rows)) == ("JSON list", 21, 20)
    assert dataset.bad_rows[0].reason == "the file ends inside this row"
    between = opened(tmp_path, "between.json", json.dumps(ROWS)[:-1])
    assert (len(between.good_rows), len(between.bad_rows)) == (30, 1)
    assert "before the list is closed" in between.bad_rows[0].reason


def test_a_broken_row_in_a_json_list(tmp_path: Path) -> None:
    indented = json.dumps(ROWS, indent=2).replace('"output"', '"output', 3).replace('"output', '"output"', 2)
    dataset = opened(tmp_path, "indented.json", indented)
    assert (dataset.rows, [bad.row for bad in dataset.bad_rows]) == (30, [3])
    assert "on line 1" in dataset.bad_rows[0].reason
    dense = json.dumps(ROWS, separators=(",", ":")).replace('"input":""', '"input":01', 1)
    dataset = opened(tmp_path, "dense.json", dense)
    assert (dataset.rows, [bad.row for bad in dataset.bad_rows]) == (30, [1])
    unclosed = json.dumps(ROWS, indent=2).replace('"input": ""', '"input": "', 1)
    dataset = opened(tmp_path, "unclosed.json", unclosed)
    assert (dataset.rows, [bad.row for bad in dataset.bad_rows]) == (30, [1])
    after = opened(tmp_path, "after.json", json.dumps(ROWS) + "\n]")
    assert (len(after.good_rows), [bad.row for bad in after.bad_rows]) == (30, [31])


def test_a_json_list_longer_than_what_is_read_at_once(tmp_path: Path) -> None:
    rows = [{"instruction": "长" * 400_000, "output": f"{n}"} for n in range(4)]
    rows.insert(2, {"instruction": "short", "output": "1" * 3_000_000})
    dataset = opened(tmp_path, "data.json", json.dumps(rows, ensure_ascii=False))
    assert dataset.bad_rows == []
    assert [dataset.record(row) for row in range(1, 6)] == rows


def test_csv_rows_that_do_not_fit_the_header(tmp_path: Path) -> None:
    content = 'instruction,output\na,b\nc\n\nd,e,f\n"multi\nline","x"\n"open,never closed\ng,h\n'
    dataset = opened(tmp_path, "data.csv", content)
    assert dataset.good_rows == [1, 4, 6]
    assert dataset.record(4) == {"instruction": "multi\nline", "output": "x"}
    reasons = {bad.row: bad.reason for bad in dataset.bad_rows}
    assert reasons[2] == "1 field, where the header has 2"
    assert reasons[3] == "3 fields, where the header has 2"
    assert "never closed" in reasons[5]


def test_ten_thousand_columns(tmp_path: Path) -> None:
    names = ",".join(f"c{n}" for n in range(10_000))
    values = ",".join(str(n) for n in range(10_000))
    dataset = opened(tmp_path, "data.csv", f"{names}\n{values}\n{values}\n")
    assert (dataset.rows, len(dataset.columns), dataset.format) == (2, 10_000, "unknown")
    assert dataset.table().num_columns == 65
    assert len(dataset.why) < 300


def test_names_of_columns_that_clash(tmp_path: Path) -> None:
    dataset = opened(tmp_path, "data.csv", "#,a,a,,problem\n1,2,3,4,5\n1,2,3\n")
    assert dataset.columns == ["#", "a", "a (2)", "column 4", "problem"]
    names = dataset.table().column_names
    assert names == ["#", "# (2)", "a", "a (2)", "column 4", "problem (2)", "problem"]


def test_the_table_is_safe_for_a_terminal(tmp_path: Path) -> None:
    evil = {"instruction\x1b[31m": "\x1b]0;owned\x07 [red]x[/red]\nline", "output": {"a": [None, "\x9b31m"]}}
    table = opened(tmp_path, "data.jsonl", lines([evil])).table()
    text = " ".join([*table.column_names, *map(str, table.to_pylist()[0].values())])
    assert not any(ord(sign) < 32 or 0x7F <= ord(sign) < 0xA0 for sign in text)
    assert "[red]x[/red]" in text


def test_nested_nulls_and_depth(tmp_path: Path) -> None:
    deep = "[" * 100_000 + "]" * 100_000
    content = f'{{"instruction": null, "output": [null, {{"a": null}}]}}\n{{"instruction": {deep}}}\n'
    dataset = opened(tmp_path, "data.jsonl", content)
    assert (dataset.rows, len(dataset.bad_rows)) == (2, 2)
    assert "output is a list" in dataset.bad_rows[0].reason or "nested" in dataset.bad_rows[1].reason
    listed = opened(tmp_path, "list.json", f'[{{"a": {deep}}}, {{"a": "b"}}]')
    assert (listed.rows, len(listed.bad_rows)) == (2, 1)
    dataset.table()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.json", b"", "the file is empty"),
        ("a.json", b" \n\n ", "the file is blank"),
        ("a.json", b"[]", "holds no rows"),
        ("a.csv", b"instruction,output\n", "holds no rows"),
        ("a.json", b'{\n "a": 1,\n "b"', "broken JSON: .* on line 3"),
        ("a.json", b'{\n "a": [1]\n}', "one JSON object, not a list"),
        ("a.json", b'{\n"a": 1\n}\n{\n"a": 2\n}\n', "takes several lines"),
        ("a.jsonl", b"\x1f\x8b\x08rest", "the gzip file is damaged"),
        ("a.json", b'{\n "features": [1],\n "rows": [{"a": 1}]\n}', "Its rows are in 'rows'"),
        ("a.json", b'{"version": 1, "data": [{"a": "b"}, {"a": "c"}]}', "one JSON object.* are in 'data'"),
        ("a.jsonl", b'{"v": "1", "pairs": [{"question": "b", "answer": "c"}]}\n', "rows are in 'pairs'"),
        ("a.json", b'{"version": 1, "data": [' + b'{"a": "b"}, ' * 100_000 + b"{}]}", "are in 'data'"),
        ("a.txt", bytes(range(32)) * 20, "binary file"),
        ("a.txt", Random(1).randbytes(100_000), "binary file"),
        ("a.jsonl", Random(2).randbytes(5_000), "binary file"),
        ("a", Random(3).randbytes(2_000_000), "binary file"),
    ],
)
def test_what_holds_no_rows(name: str, content: bytes, sentence: str, tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match=sentence):
        opened(tmp_path, name, content)


@pytest.mark.parametrize(
    "row",
    [
        {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
        {"id": 1, "data": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
        {"instruction": "q", "output": "a", "data": [{"text": "x"}]},
    ],
)
def test_a_single_row_on_a_line_is_a_row(row: dict[str, object], tmp_path: Path) -> None:
    dataset = opened(tmp_path, "a.jsonl", lines([row]))
    assert (dataset.container, dataset.rows) == ("JSON Lines", 1)


@pytest.mark.parametrize("codec", ["cp1251", "latin-1", "shift-jis", "euc-kr"])
def test_text_in_another_encoding_is_not_binary(codec: str, tmp_path: Path) -> None:
    text = {"cp1251": "Привет, мир\n", "latin-1": "Où êtes-vous né à été\n"}.get(codec, "今日\n")
    assert opened(tmp_path, "a.txt", (text * 500).encode(codec)).rows == 500


def test_a_hundred_megabytes_on_one_line(tmp_path: Path) -> None:
    long = '{"instruction": "q", "output": "' + "x" * 100_000_000 + '"}'
    for name in ("data.jsonl", "data"):
        dataset = opened(tmp_path, name, long)
        assert (dataset.container, dataset.format, [*dataset.good_rows]) == ("JSON Lines", "alpaca", [1])
    assert len(dataset.table().to_pylist()[0]["output"]) == 61
    listed = opened(tmp_path, "list.json", f"[{long}]")
    assert (listed.container, [*listed.good_rows]) == ("JSON list", [1])


def test_a_table_with_a_quote_gone_wrong_on_every_line(tmp_path: Path) -> None:
    dataset = opened(tmp_path, "data.csv", "instruction,output\n" + '"a,b\n' * 20_000)
    assert (dataset.rows, dataset.good_rows) == (20_000, [])


def test_what_is_no_file(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="the folder holds no data files"):
        open_dataset(tmp_path)
    (tmp_path / "huatuo.json").write_text("x")
    with pytest.raises(WorkbenchError, match="no such file") as missing:
        open_dataset(tmp_path / "huatou.json")
    assert "Did you mean huatuo.json?" in str(missing.value)
    with pytest.raises(WorkbenchError, match="no such file"):
        open_dataset(tmp_path / "nowhere" / "a.json")
    with pytest.raises(WorkbenchError, match="cannot be read"):
        open_dataset("a\0b")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(WorkbenchError, match="not an ordinary file"):
        open_dataset(tmp_path / "pipe")


def test_plain_text_that_begins_like_something_else(tmp_path: Path) -> None:
    for start in ("[1] A reference, and more.", "{{Infobox person", "Hello, world", '"Quoted", she said'):
        dataset = opened(tmp_path, "a.txt", f"{start}\nAnother line, of text.\n\nAnd a last one.\n")
        assert (dataset.container, dataset.format, dataset.rows) == ("text", "text", 3)
        assert dataset.conversation(1).text == start


def test_a_file_that_changes_while_it_is_open(tmp_path: Path) -> None:
    dataset = opened(tmp_path, "data.jsonl", lines(ROWS))
    with (tmp_path / "data.jsonl").open("r+b") as file:
        file.truncate(100)
    with pytest.raises(WorkbenchError, match="changed after it was opened"):
        dataset.record(30)


def test_progress_and_stopping(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text(lines(ROWS) * 100)
    told: list[float] = []
    assert open_dataset(path, progress=told.append).rows == 3_000
    assert told == sorted(told) and told[-1] == 1.0 and 0 < told[0] < 0.5
    with pytest.raises(OpeningStopped):
        open_dataset(path, cancelled=lambda: True)


def test_rows_that_are_not_there(tmp_path: Path) -> None:
    dataset = opened(tmp_path, "data.jsonl", lines(ROWS))
    for row in (0, -1, 31):
        with pytest.raises(WrongUse, match="there is no row"):
            dataset.record(row)
