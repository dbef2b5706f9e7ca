"""What `inspect` says of real files and of made ones, as a dict and as printed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.unit.data.conftest import write_json_lines
from workbench.data.bad_rows_file import save_bad_rows
from workbench.data.inspection import inspect, opened
from workbench.errors import WorkbenchError, WrongUse
from workbench.figures import average
from workbench.untrusted import display_width

KEYS = {"path", "container", "encoding", "format", "rows", "bad_rows", "columns", "labels", "duplicates"}
KEYS |= {"placeholders", "why", "notes", "not_trained", "languages", "health", "lengths"}

# Rows, rows equal to an earlier one, rows whose prompt an earlier one has, prompts with several answers.
FILES = [
    ("llamafactory/alpaca_en_demo.json", "alpaca", 999, 14, 14, 0),
    ("llamafactory/alpaca_zh_demo.json", "alpaca", 1_000, 8, 8, 0),
    ("llamafactory/identity.json", "alpaca", 91, 0, 2, 2),
    ("llamafactory/dpo_en_demo.json", "preference", 300, 5, 5, 0),
    ("llamafactory/kto_en_demo.json", "kto", 300, 0, 3, 3),
    ("llamafactory/glaive_toolcall_en_demo.json", "sharegpt", 300, 35, 36, 1),
    ("llamafactory/c4_demo.jsonl", "text", 300, 0, 0, 0),
    ("llamafactory/wiki_demo.txt", "text", 30, 0, 0, 0),
    ("medical/huatuo_llama_data.json", "alpaca", 8_658, 0, 7, 6),
    ("medical/toyhom_internal_medicine_gb18030.csv", "unknown", 7_644, 378, 0, 0),
]


@pytest.mark.parametrize(("name", "format_", "rows", "equal", "prompts", "conflicting"), FILES)
def test_real_files(
    name: str, format_: str, rows: int, equal: int, prompts: int, conflicting: int, shared_data: Path
) -> None:
    facts = inspect(shared_data / name)
    assert facts.keys() >= KEYS
    assert (facts["format"], facts["rows"], facts["bad_rows"]) == (format_, rows, [])
    near = facts["duplicates"].pop("near")
    assert facts["duplicates"] == {"rows": equal, "prompts": prompts, "conflicting": conflicting}
    assert 0 <= near <= 30
    assert json.loads(json.dumps(facts)) == facts
    assert sum(facts["languages"].values()) == rows


def test_departments_of_a_gb18030_table(shared_data: Path) -> None:
    path = shared_data / "medical/toyhom_internal_medicine_gb18030.csv"
    facts = inspect(path)
    assert (facts["container"], facts["encoding"], facts["rows"]) == ("CSV", "GB18030", 7_644)
    (counts,) = facts["labels"].values()
    assert list(facts["labels"]) == ["department"] and len(counts) == 11
    assert next(iter(counts.items())) == ("肝病科", 3_121) and sum(counts.values()) == 7_644
    mapped = inspect(path, mapping="prompt=title query=ask response=answer label=department")
    assert (mapped["format"], mapped["not_trained"]) == ("alpaca", None)
    assert mapped["labels"] == facts["labels"]
    assert (mapped["duplicates"]["rows"], mapped["duplicates"]["prompts"]) == (378, 378)


def test_placeholders_and_labels_of_real_files(shared_data: Path) -> None:
    assert inspect(shared_data / "llamafactory/identity.json")["placeholders"] == 85
    kto = inspect(shared_data / "llamafactory/kto_en_demo.json")
    assert kto["labels"] == {"label": {"true": 150, "false": 150}} and kto["placeholders"] == 0
    assert inspect(shared_data / "llamafactory/c4_demo.jsonl")["health"]["replacement"] == 4


def test_the_registry_itself_is_refused_with_what_to_do(shared_data: Path) -> None:
    with pytest.raises(WorkbenchError) as refused:
        inspect(shared_data / "llamafactory/dataset_info.json")
    assert "104 data sets" in str(refused.value) and "Open one" in str(refused.value)


def test_near_duplicates_are_counted_if_wanted(shared_data: Path) -> None:
    path = shared_data / "medical/huatuo_llama_data.json"
    assert 20 <= inspect(path)["duplicates"]["near"] <= 30
    assert inspect(path, near=False)["duplicates"]["near"] is None


def test_tokens_and_overlap(tmp_path: Path, smollm2: Path) -> None:
    rows: list[Any] = [{"instruction": f"question {n}", "output": "word " * n} for n in range(1, 30)]
    path = write_json_lines(tmp_path / "train.jsonl", rows)
    held_out = write_json_lines(
        tmp_path / "held.jsonl", [rows[4], {"instruction": "question 8", "output": "no"}]
    )
    facts = inspect(path, model=str(smollm2), cutoff_len=48, held_out=held_out)
    asked = {
        "cutoff_len",
        "total",
        "trained",
        "rows_cut",
        "tokens_lost",
        "eos_lost",
        "untrained_rows",
        "packing",
    }
    assert asked <= facts["tokens"].keys() and set(facts["tokens"]["packing"]) == {"sequences", "efficiency"}
    assert facts["overlap"] == {
        "path": str(held_out),
        "held_out_rows": 2,
        "rows": 1,
        "prompts": 2,
        "row_numbers": [1],
        "prompt_numbers": [1, 2],
    }
    with pytest.raises(WrongUse, match="needs a model"):
        inspect(path, cutoff_len=48)
    with pytest.raises(WorkbenchError, match="nothing-like-it"):
        inspect(path, model="nothing-like-it")


def test_bad_rows_are_saved(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    bad = '{"instruction": "q", "output": 7}'
    path.write_bytes(f'{{"instruction": "q", "output": "a"}}\n{bad}\n'.encode() + b'{"broken": "\xff\n')
    dataset = opened(path)
    target = tmp_path / "new" / "bad.jsonl"
    assert save_bad_rows(dataset, dataset.bad_rows, target) == 2
    saved = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    assert [(line["row"], line["reason"]) for line in saved] == [
        (row.row, row.reason) for row in dataset.bad_rows
    ]
    assert saved[0]["raw"] == bad and saved[1]["raw"].startswith('{"broken"')
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError):
        save_bad_rows(dataset, dataset.bad_rows, tmp_path / "file" / "bad.jsonl")


def test_bad_rows_of_several_files_name_their_file(tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    good = {"instruction": "q", "output": "a"}
    write_json_lines(folder / "a.jsonl", [good, good, good])
    second = write_json_lines(folder / "b.jsonl", [good, {"instruction": "q"}])
    place = {"row": 5, "file": str(second), "row_in_file": 2}
    (bad,) = inspect(folder)["bad_rows"]
    assert bad == {**place, "reason": "there is no output"}
    dataset = opened(folder)
    target = tmp_path / "bad.jsonl"
    save_bad_rows(dataset, dataset.bad_rows, target)
    assert json.loads(target.read_text()) == {**bad, "raw": '{"instruction": "q"}'}
    assert f"  row 5 ({second}, row 2): there is no output" in workbench(str(folder)).stdout.splitlines()
    (alone,) = inspect(second)["bad_rows"]
    assert alone == {"row": 2, "reason": "there is no output"}


def workbench(*words: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [sys.executable, "-m", "workbench", "inspect", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


def test_the_printed_report(home: Path, tmp_path: Path) -> None:
    labels = ["肝病科", "x", "very long name of a label that has to be cut somewhere", "\x1b[31mred"]
    rows: list[Any] = [
        {"instruction": f"Who are you, {n}?", "output": f"I am {{{{name}}}} {n}", "label": labels[n % 4]}
        for n in range(40)
    ]
    path = write_json_lines(tmp_path / "rows.jsonl", [*rows, rows[0], {"instruction": "bad"}])
    target = tmp_path / "bad.jsonl"
    done = workbench(str(path), "--save-bad-rows", str(target), "--held-out", str(path))
    assert (done.returncode, done.stderr) == (0, ""), "progress is for terminals"
    lines = done.stdout.splitlines()
    assert any(line.split() == ["rows", "42,", "1", "of", "them", "bad"] for line in lines)
    assert any(line.startswith("  row 42: ") for line in lines)
    at = lines.index("label, 4 values")
    drawn = lines[at + 1 : at + 5]
    assert len({display_width(line[: line.index("%")]) for line in drawn}) == 1, "aligned by width"
    assert all("█" in line for line in drawn) and "\x1b" not in done.stdout
    assert any(line.startswith("! 41  unreplaced placeholders") for line in lines)
    assert any("rows equal to an earlier one" in line and line.endswith("row 41") for line in lines)
    assert "41 of them are trained on: rows 1, 2, 3, 4, 5 …" in done.stdout
    assert len(target.read_text().splitlines()) == 1
    told = json.loads(workbench(str(path), "--json", "--no-near").stdout)
    assert told["labels"]["label"]["肝病科"] == 11 and told["duplicates"]["near"] is None


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--format", "alpacca"], 2, "alpaca"),
        (["--map", "prompt=nothing response=output"], 2, "nothing"),
        (["--cutoff-len", "100"], 2, "--model"),
        (["--held-out", "/no/such/file"], 1, "/no/such/file"),
        (["--save-bad-rows", "/proc/none/bad.jsonl"], 1, "/proc/none"),
    ],
    ids=lambda value: value[0] if isinstance(value, list) else None,
)
def test_wrong_use_is_a_sentence(home: Path, tmp_path: Path, words: list[str], code: int, said: str) -> None:
    path = write_json_lines(tmp_path / "rows.jsonl", [{"instruction": "q", "output": "a"}])
    done = workbench(str(path), *words)
    assert (done.returncode, done.stdout) == (code, "")
    assert said in done.stderr


def test_token_figures_are_of_what_is_counted(home: Path, tmp_path: Path, tiny_model: Path) -> None:
    rows: list[Any] = [
        {
            "messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "word " * 20}],
            "label": n < 2,
        }
        for n in range(8)
    ]
    path = write_json_lines(tmp_path / "kto.jsonl", rows)
    words = (str(path), "--model", str(tiny_model), "--cutoff-len", "40", "--no-near")
    tokens = json.loads(workbench(*words, "--json").stdout)["tokens"]
    assert tokens["rows_counted"] == 2 and tokens["tokens_lost"] > 0
    said = [" ".join(line.split()) for line in workbench(*words).stdout.splitlines()]
    kept = f"{tokens['trained'] / (tokens['total'] - tokens['tokens_lost']):.1%}"
    assert f"tokens {tokens['total']}, {tokens['trained']} trained ({kept} of those not cut off)" in said
    assert f"mean row {average(tokens['total'] / 2)} tokens" in said


def test_a_file_of_bad_rows_only_is_said_plainly(home: Path, tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    path.write_text("broken\n" * 3)
    said = [" ".join(line.split()) for line in workbench(str(path)).stdout.splitlines()]
    assert "rows 3, all of them bad" in said
    (refused,) = (line for line in said if line.startswith("training"))
    assert "none of its 3 rows can be used; row 1:" in refused and "--map" not in refused


def test_whole_numbers_are_written_as_such(home: Path, tmp_path: Path) -> None:
    outputs = ["a", "bbb", "c" * 99]
    path = write_json_lines(
        tmp_path / "rows.jsonl", [{"instruction": "q", "output": text} for text in outputs]
    )
    said = [" ".join(line.split()) for line in workbench(str(path)).stdout.splitlines()]
    assert "assistant chars median 3, 99 % up to 98, longest 99 (row 3)" in said


def test_a_folder_without_data_is_said(tmp_path: Path) -> None:
    done = workbench(str(tmp_path))
    assert (done.returncode, done.stdout) == (1, "")
    assert f"{tmp_path}: the folder holds no data files" in done.stderr
