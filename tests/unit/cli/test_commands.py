"""The command line as a script sees it: output, exit codes, sentences instead of tracebacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from workbench.cli.printing import print_json


def workbench(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `workbench WORDS` as a process without a terminal."""
    done = subprocess.run(
        [sys.executable, "-m", "workbench", *words],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env={**os.environ, **environment},
        timeout=120,
        check=False,
    )
    assert "Traceback" not in done.stdout + done.stderr
    return done


@pytest.fixture
def conversations(tmp_path: Path) -> Path:
    """Three rows of alpaca, one of them without an answer."""
    file = tmp_path / "rows.txt"
    rows = [{"instruction": f"问题 {n}", "input": "", "output": "" if n == 1 else "答案"} for n in range(3)]
    file.write_text("\n".join(json.dumps(row, ensure_ascii=False) for row in rows), encoding="utf-8")
    return file


def test_without_words_and_terminal_the_help_is_printed(home: Path) -> None:
    done = workbench()
    assert "Usage: " in done.stdout + done.stderr
    assert done.returncode == 2


def test_inspect_prints_the_same_as_json_and_as_text(home: Path, conversations: Path) -> None:
    done = workbench("inspect", str(conversations), "--json")
    report = json.loads(done.stdout)
    assert done.returncode == 0
    assert (report["container"], report["format"], report["rows"]) == ("JSON Lines", "alpaca", 3)
    assert [bad["row"] for bad in report["bad_rows"]] == [2]
    text = workbench("inspect", str(conversations)).stdout
    assert "3, 1 of them bad" in text
    assert "row 2:" in text


def test_json_holds_nothing_that_a_terminal_obeys(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"中文": "a\x1b[31m\x9b31m\x7f\u202e\ud800\u2028"}
    print_json(value)
    printed = capsys.readouterr().out
    assert json.loads(printed) == value
    assert "中文" in printed
    assert all(character == "\n" or character.isprintable() for character in printed)


def test_no_runs_yet(home: Path) -> None:
    assert json.loads(workbench("runs", "--json").stdout) == []
    assert "No runs yet" in workbench("runs").stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["inspect", "/no/such/file.json"], 1, "/no/such/file.json"),
        (["train", "lora_rnk=3"], 2, "did you mean lora_rank?"),
        (["train", "model_name_or_path=/none", "dataset=/none"], 2, "/none"),
        (["train", "/no/recipe.yaml"], 1, "there is no such recipe"),
        (["stop", "nothing-01"], 2, "nothing-01"),
        (["resume", "nothing-01"], 2, "nothing-01"),
        (["attach", "nothing-01"], 2, "nothing-01"),
        (["chat", "--prompt", "hello"], 2, "no model is given"),
        (["chat", "--model", "nothing", "--prompt", "hello"], 2, "nothing"),
        (["compare", "nothing", "--rows", "/none"], 2, "nothing"),
        (["compare", "x", "--methods", "nf5"], 2, "nf4"),
        (["chat"], 1, "needs a terminal"),
        (["open", "x.json"], 1, "needs a terminal"),
        (["no-such-command"], 2, "No such command"),
        (["runs", "--no-such-option"], 2, "No such option"),
    ],
    ids=lambda value: "-".join(value[:2]) if isinstance(value, list) else None,
)
def test_wrong_use_and_bad_input_end_in_a_sentence(
    home: Path, words: list[str], code: int, said: str
) -> None:
    done = workbench(*words)
    assert said in done.stderr
    assert done.returncode == code
    assert not done.stdout


def test_a_home_that_is_no_folder_is_said(tmp_path: Path) -> None:
    in_the_way = tmp_path / "file"
    in_the_way.write_text("")
    done = workbench("runs", "--json", WORKBENCH_HOME=str(in_the_way))
    assert done.returncode == 1
    assert str(in_the_way) in done.stderr


def test_a_reader_that_leaves_early_is_no_error(home: Path) -> None:
    line = f"{sys.executable} -m workbench --help | head -1; echo ${{PIPESTATUS[0]}}"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60, check=True)
    assert "Traceback" not in done.stderr


def test_doctor_names_what_is_there(home: Path) -> None:
    done = workbench("doctor", "--json", OLLAMA_HOST="127.0.0.1:9")
    findings = {finding["name"]: finding for finding in json.loads(done.stdout)}
    assert {"python", "torch", "disk", "memory", "Ollama", "encoding"} <= set(findings)
    assert findings["torch"]["state"] == "good"
    assert findings["Ollama"]["state"] == "note"
    assert findings["Ollama"]["remedy"]
