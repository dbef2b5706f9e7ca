"""Finding, filtering and ordering rows, against the plainest way to do each."""

from __future__ import annotations

import csv
import json
import re
import threading
import time
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.dataset import Dataset
from workbench.data.finding.pattern import Pattern, Stopped, TooSlow
from workbench.data.opening import open_dataset
from workbench.data.selection import (
    Filter,
    View,
    find_rows,
    ordered,
    rows_by_length,
    rows_with_value,
)
from workbench.errors import WorkbenchError, WrongUse

pytestmark = pytest.mark.usefixtures("_home")


@pytest.fixture
def _home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(tmp_path_factory.mktemp("home")))
        yield


ROWS: list[Any] = [
    {
        "instruction": "心脏病怎么办？",
        "input": "",
        "output": "先做ＣＴ，再看医生。",
        "n": 10,
        "科室": "心血管科",
    },
    {
        "instruction": "What is a CT scan?",
        "input": "",
        "output": "A drawing. 心电图",
        "n": 9,
        "科室": "放射科",
    },
    {
        "instruction": 'a "quoted" \\ word',
        "input": "line\nbreak",
        "output": "Groß",
        "n": 2.5,
        "科室": "心血管科",
    },
    {"instruction": "no output here", "n": None},
    "a mere text with 心脏 in it",
    {"instruction": "鼻炎", "input": "", "output": "\u212aelvin / K", "n": 100, "科室": None},
    {"instruction": "ask", "output": "tell", "history": [["心脏", "问"], ["ct", "答"]], "n": 7},
]


def write_json_lines(path: Path, rows: Sequence[Any] = ROWS, *, escaped: bool = False) -> Path:
    text = "".join(json.dumps(row, ensure_ascii=escaped) + "\n" for row in rows)
    path.write_text(text, encoding="utf-8", newline="")
    return path


@pytest.fixture(params=["plain", "escaped", "list"])
def dataset(request: pytest.FixtureRequest, tmp_path: Path) -> Dataset:
    if request.param == "list":
        path = tmp_path / "rows.json"
        path.write_text(json.dumps(ROWS, ensure_ascii=False, indent=1), encoding="utf-8")
    else:
        path = write_json_lines(tmp_path / "rows.jsonl", escaped=request.param == "escaped")
    return open_dataset(path)


# --- the plainest way


def folded(text: str) -> str:
    found = ""
    for character in text:
        wide = "\uff01" <= character < "\uffef" or character == "\u3000"
        common = unicodedata.normalize("NFKC", character) if wide else character
        common = common if len(common) == 1 else character
        lower = common.casefold()
        found += lower if len(lower) == 1 else common
    return found


def leaves(value: Any) -> Iterator[str]:
    if isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from leaves(inner)
    elif value is not None:
        yield value if isinstance(value, str) else json.dumps(value)


def expected(
    rows: Sequence[Any], text: str, match_case: bool = False, column: str | None = None
) -> list[int]:
    def holds(row: Any) -> bool:
        if not isinstance(row, dict):
            return column is None and inside(json.dumps(row, ensure_ascii=False))
        values = row if column is None else {column: row.get(column)}
        return any(map(inside, leaves(values)))

    def inside(leaf: str) -> bool:
        return text in leaf if match_case else folded(text) in folded(leaf)

    return [number for number, row in enumerate(rows, start=1) if holds(row)]


# --- finding


@pytest.mark.parametrize("match_case", [False, True])
@pytest.mark.parametrize(
    "text",
    [
        "心脏",
        "ct",
        "ＣＴ",
        "CT",
        "，",
        ",",
        '"quoted" \\',
        "e\nb",
        "groß",
        "GROSS",
        "k",
        "K",
        "/",
        "10",
        "2.5",
        "q",
    ],
)
def test_a_text_is_found_where_a_plain_search_finds_it(dataset: Dataset, text: str, match_case: bool) -> None:
    found = find_rows(dataset, text, match_case=match_case).tolist()
    wanted = expected(ROWS, text, match_case)
    # What stands in the file of a row that cannot be read depends on how the file spells it.
    unreadable = 5
    assert [row for row in found if row != unreadable] == [row for row in wanted if row != unreadable]


def test_case_and_width_are_the_same_unless_they_are_asked_for(tmp_path: Path) -> None:
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl"))
    assert find_rows(dataset, "ct").tolist() == [1, 2, 7]
    assert find_rows(dataset, "ＣＴ").tolist() == [1, 2, 7]
    assert find_rows(dataset, "CT", match_case=True).tolist() == [2]
    assert find_rows(dataset, "心脏").tolist() == [1, 5, 7], "also in a list, and in a row that is none"
    assert find_rows(dataset, "ct", column="output").tolist() == [1]
    assert find_rows(dataset, "心脏", column="output").tolist() == []
    assert find_rows(dataset, "心", rows=[2, 3, 7]).tolist() == [2, 3, 7]


ALPHABET = 'aAkKsSß\u017f\u212aéÉＡａ１1,，。心脏病 /\\"\n\t€😀İiı'
TEXTS = st.text(ALPHABET, max_size=12) | st.text(max_size=6)


@settings(max_examples=120)
@given(
    rows=st.lists(
        st.dictionaries(
            st.sampled_from(["a", "b", "k"]),
            TEXTS | st.integers() | st.floats(allow_nan=False) | st.booleans() | st.lists(TEXTS, max_size=2),
            min_size=1,
        ),
        min_size=1,
        max_size=6,
    ),
    text=st.text(ALPHABET, min_size=1, max_size=3) | st.sampled_from(["true", "e", "1e", "0.", "1.0", "-"]),
    escaped=st.booleans(),
    match_case=st.booleans(),
)
def test_the_quick_look_at_bytes_passes_over_nothing(
    tmp_path_factory: pytest.TempPathFactory, rows: list[Any], text: str, escaped: bool, match_case: bool
) -> None:
    path = tmp_path_factory.mktemp("find") / "rows.jsonl"
    lines = [json.dumps(row, ensure_ascii=escaped) for row in rows]
    path.write_text("\n".join(lines), encoding="utf-8", errors="surrogatepass", newline="")
    if any("\ud800" <= c <= "\udfff" for line in lines for c in line):
        return
    dataset = open_dataset(path)
    assert find_rows(dataset, text, match_case=match_case).tolist() == expected(rows, text, match_case)


@settings(max_examples=60)
@given(
    rows=st.lists(st.lists(st.text(ALPHABET, max_size=8), min_size=2, max_size=2), min_size=1, max_size=6),
    text=st.text(ALPHABET, min_size=1, max_size=3),
)
def test_a_csv_is_searched_by_its_values(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[str]], text: str
) -> None:
    path = tmp_path_factory.mktemp("find") / "rows.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, quoting=csv.QUOTE_ALL)
        writer.writerow(["instruction", "output"])
        writer.writerows(rows)
    dataset = open_dataset(path)
    assert dataset.rows == len(rows)
    assert find_rows(dataset, text).tolist() == expected([{"a": a, "b": b} for a, b in rows], text)


def test_parquet_and_several_files_are_searched_too(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet

    good = [row for row in ROWS if isinstance(row, dict)]
    table = pyarrow.table({"instruction": [row["instruction"] for row in good]})
    pyarrow.parquet.write_table(table, tmp_path / "rows.parquet")
    assert find_rows(open_dataset(tmp_path / "rows.parquet"), "心脏").tolist() == [1]
    folder = tmp_path / "both"
    folder.mkdir()
    for name in ("a.jsonl", "b.jsonl"):
        write_json_lines(folder / name)
    both = open_dataset(folder)
    assert find_rows(both, "ct").tolist() == [1, 2, 7, 8, 9, 14]


# --- expressions


def test_an_expression_is_found_where_the_standard_library_finds_it(dataset: Dataset) -> None:
    for expression in (r"心.{0,2}病", r"\bct\b", r"^\w+$", r"K\b", r"\d\.\d"):
        compiled = re.compile(expression, re.IGNORECASE | re.MULTILINE)
        wanted = [
            number
            for number, row in enumerate(ROWS, start=1)
            if isinstance(row, dict) and any(compiled.search(leaf) for leaf in leaves(row))
        ]
        found = find_rows(dataset, expression, regex=True).tolist()
        assert [row for row in found if row != 5] == wanted, expression


def test_chinese_is_a_property_in_an_expression(dataset: Dataset) -> None:
    assert find_rows(dataset, r"^\p{Han}{2}$", regex=True).tolist() == [6, 7]


@pytest.mark.parametrize("expression", ["(", "[a", "a{3,1}", "(?P<a", "*"])
def test_an_expression_that_cannot_be_read_is_a_sentence(dataset: Dataset, expression: str) -> None:
    with pytest.raises(WrongUse, match="the expression cannot be read"):
        find_rows(dataset, expression, regex=True)


def test_where_an_expression_breaks_is_told(dataset: Dataset) -> None:
    with pytest.raises(WrongUse, match=r"missing .* at character 4"):
        find_rows(dataset, "ab(", regex=True)


CATASTROPHE = r"(a|a)+$|(a|aa)+c"


def test_a_catastrophe_can_be_stopped_and_never_hangs(tmp_path: Path) -> None:
    path = write_json_lines(tmp_path / "rows.jsonl", [{"text": "a" * 60 + "b"}])
    dataset = open_dataset(path)
    stopped = threading.Event()
    began = time.monotonic()
    threading.Timer(0.3, stopped.set).start()
    ticks = 0

    def tick() -> None:
        nonlocal ticks
        while not stopped.is_set():
            ticks += 1
            time.sleep(0.01)

    other = threading.Thread(target=tick)
    other.start()
    with pytest.raises(Stopped):
        find_rows(dataset, CATASTROPHE, regex=True, cancelled=stopped.is_set)
    assert time.monotonic() - began < 5
    other.join()
    assert ticks > 5, "other threads run meanwhile"


def test_a_row_that_takes_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("workbench.data.finding.pattern._LONGEST_S", 0.1)
    monkeypatch.setattr("workbench.data.finding.pattern._AT_ONCE_S", 0.1)
    rows = [{"text": "short"}, {"text": "a" * 60 + "b"}]
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))
    with pytest.raises(TooSlow, match="row 2"):
        find_rows(dataset, CATASTROPHE, regex=True)


def test_places_are_those_of_the_text(tmp_path: Path) -> None:
    assert Pattern("ct").spans("ＣＴ and ct") == [(0, 2), (7, 9)]
    assert Pattern("心").spans("心心") == [(0, 1), (1, 2)]
    assert Pattern("x*", regex=True).spans("axxb") == [(1, 3)], "an empty place is none"
    assert Pattern(CATASTROPHE, regex=True).spans("a" * 60 + "b") == [], "it is given up in time"


# --- telling, stopping


def test_hits_come_while_it_searches_and_it_can_be_stopped(tmp_path: Path) -> None:
    rows = [{"instruction": f"row {n}", "output": "word " * 40} for n in range(30_000)]
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))
    told: list[list[int]] = []
    shares: list[float] = []
    whole = find_rows(
        dataset, "row 1", found=lambda hits: told.append(hits.tolist()), progress=shares.append
    ).tolist()
    assert [row for hits in told for row in hits] == whole == expected(rows, "row 1")
    assert shares[-1] == 1.0 and shares == sorted(shares)
    with pytest.raises(Stopped):
        find_rows(dataset, "row 1", cancelled=lambda: True)
    with pytest.raises(Stopped):
        find_rows(dataset, "ro. 1", regex=True, cancelled=lambda: True)


def test_several_processes_find_the_same_and_end_when_they_are_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [
        {"instruction": f"row {n}", "output": "a" * (60 if n == 900 else 5) + "b"} for n in range(1, 2001)
    ]
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))
    expression = r"row \d*7$"
    alone = find_rows(dataset, expression, regex=True).tolist()
    monkeypatch.setattr("workbench.data.finding.spread.is_worth_it", lambda dataset: True)
    told: list[int] = []
    together = find_rows(dataset, expression, regex=True, found=lambda hits: told.extend(hits.tolist()))
    assert together.tolist() == sorted(told) == alone == [n for n in range(1, 2001) if n % 10 == 7]
    began = time.monotonic()
    with pytest.raises(Stopped):
        find_rows(dataset, CATASTROPHE, regex=True, cancelled=lambda: time.monotonic() - began > 0.5)
    assert time.monotonic() - began < 4


def test_nothing_to_find_is_a_sentence(dataset: Dataset) -> None:
    with pytest.raises(WrongUse, match="nothing to look for"):
        find_rows(dataset, "")


def test_a_file_that_was_changed_is_a_sentence(tmp_path: Path) -> None:
    path = write_json_lines(tmp_path / "rows.jsonl")
    dataset = open_dataset(path)
    path.write_text("{}\n")
    with pytest.raises(WorkbenchError, match="changed"):
        find_rows(dataset, "ct")


# --- values and lengths


def test_a_value_is_compared_whole(tmp_path: Path) -> None:
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl"))
    assert rows_with_value(dataset, "科室", "心血管科").tolist() == [1, 3]
    assert rows_with_value(dataset, "instruction", "鼻炎").tolist() == [6]
    assert rows_with_value(dataset, "instruction", "鼻").tolist() == []
    assert rows_with_value(dataset, "n", 10).tolist() == [1]
    with pytest.raises(WrongUse, match="no column"):
        rows_with_value(dataset, "nothing", "x")


@settings(max_examples=50)
@given(values=st.lists(st.sampled_from(["a", "b", "", "长" * 80, None, 1, True]), min_size=1, max_size=12))
def test_values_are_the_same_whether_counted_or_read(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any]
) -> None:
    rows = [{"instruction": "ask", "output": "tell", "c": value} for value in values]
    dataset = open_dataset(write_json_lines(tmp_path_factory.mktemp("values") / "rows.jsonl", rows))
    for wanted in {"a", "", "长" * 80}:
        numbers = [at for at, value in enumerate(values, start=1) if value == wanted]
        assert rows_with_value(dataset, "c", wanted).tolist() == numbers
    none = [at for at, value in enumerate(values, start=1) if value is None]
    assert rows_with_value(dataset, "c", None).tolist() == none


def test_rows_by_length_leave_bad_ones_out(tmp_path: Path) -> None:
    rows = [
        {"instruction": "ab", "output": "abcdef"},
        {"instruction": "no output"},
        {"instruction": "abcd", "output": "a"},
    ]
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))
    assert rows_by_length(dataset, None, None).tolist() == [1, 3]
    assert rows_by_length(dataset, 0, 5).tolist() == [3]
    assert rows_by_length(dataset, 6, None, "assistant_chars").tolist() == [1]
    assert rows_by_length(dataset, 4, 4, "user_chars").tolist() == [3]
    tokens = numpy.array([7, -1, 9])
    assert rows_by_length(dataset, 8, None, "tokens", tokens=tokens).tolist() == [3]
    with pytest.raises(WrongUse, match="not counted"):
        rows_by_length(dataset, 8, None, "tokens")
    with pytest.raises(WrongUse, match="no measure"):
        rows_by_length(dataset, 8, None, "metres")


# --- order


VALUES = st.sampled_from(["", "b", "a", "ab", "心", "10", "9"]) | st.integers(-20, 20) | st.none()


@settings(max_examples=80)
@given(
    values=st.lists(st.sampled_from([0, 3, -2, 10, 9, 2.5, None]), min_size=1, max_size=10)
    | st.lists(VALUES, min_size=1, max_size=10),
    descending=st.booleans(),
    every=st.integers(1, 3),
)
def test_order_is_that_of_a_stable_sort_with_missing_values_last(
    tmp_path_factory: pytest.TempPathFactory, values: list[Any], descending: bool, every: int
) -> None:
    rows = [{"instruction": "ask", "output": "tell", "c": value} for value in values]
    dataset = open_dataset(write_json_lines(tmp_path_factory.mktemp("order") / "rows.jsonl", rows))
    cells = [
        "" if value is None else value if isinstance(value, str) else json.dumps(value) for value in values
    ]

    def number(cell: str) -> float | None:
        try:
            return float(cell)
        except ValueError:
            return None

    all_numbers = all(number(cell) is not None for cell in cells if cell)
    key = (lambda cell: number(cell)) if all_numbers else (lambda cell: cell.encode())
    chosen = range(1, len(rows) + 1)[::every]
    with_value = [row for row in chosen if cells[row - 1]]
    if all(number(cells[row - 1]) is not None for row in with_value):
        key = lambda cell: number(cell)  # noqa: E731
    sorted_rows: list[Any] = sorted(with_value, key=lambda row: key(cells[row - 1]), reverse=descending)
    if descending:  # Python's reverse keeps the order of equal ones, too
        assert sorted_rows == sorted(with_value, key=lambda row: key(cells[row - 1]), reverse=True)
    wanted = sorted_rows + [row for row in chosen if not cells[row - 1]]
    assert ordered(dataset, numpy.array(chosen), "c", descending).tolist() == wanted


def test_order_by_number_length_and_turns(tmp_path: Path) -> None:
    def turns(count: int) -> list[dict[str, str]]:
        return [{"role": "user", "content": "x"}, {"role": "assistant", "content": "y"}] * count

    rows = [{"messages": turns(count)} for count in (6, 1, 12, 2)]
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))
    assert ordered(dataset, None, "#", True).tolist() == [4, 3, 2, 1]
    assert ordered(dataset, None, "messages").tolist() == [2, 4, 1, 3], "lists by how long they are"
    assert ordered(dataset, None, "chars", True).tolist() == [3, 1, 4, 2]
    assert ordered(dataset, numpy.array([1, 2]), "turns").tolist() == [2, 1]
    tokens = numpy.array([5, -1, 5, 1])
    assert ordered(dataset, None, "tokens", True, tokens=tokens).tolist() == [1, 3, 4, 2]
    with pytest.raises(WrongUse, match="no column"):
        ordered(dataset, None, "nothing")


# --- views


def test_filters_combine_and_are_taken_away(tmp_path: Path) -> None:
    rows = [{"instruction": f"ask {n}", "output": "x" * n, "科": "ab"[n % 2]} for n in range(1, 11)]
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))
    assert View().apply(dataset) is None and View().title == ""
    odd = Filter("科 = b", rows_with_value(dataset, "科", "b"), "value 科")
    long = Filter("long", rows_by_length(dataset, 5, None, "assistant_chars"), "length assistant_chars")
    view = View().adding(odd).adding(long)
    assert view.apply(dataset).tolist() == [5, 7, 9]  # type: ignore[union-attr]
    assert view.title == "科 = b · long"
    backwards = view.sorted_by("#", True)
    assert backwards.apply(dataset).tolist() == [9, 7, 5]  # type: ignore[union-attr]
    assert backwards.sorted_by("#").order is None
    even = Filter("科 = a", rows_with_value(dataset, "科", "a"), "value 科")
    assert view.adding(even).apply(dataset).tolist() == [6, 8, 10]  # type: ignore[union-attr]
    assert view.without(odd).apply(dataset).tolist() == [5, 6, 7, 8, 9, 10]  # type: ignore[union-attr]
    pattern = Pattern("ask")
    assert view.adding(Filter("ask", find_rows(dataset, "ask"), "find", pattern)).pattern is pattern
    nothing = view.adding(Filter("none", numpy.array([], numpy.int64)))
    assert nothing.apply(dataset).tolist() == []  # type: ignore[union-attr]
