from __future__ import annotations

from pathlib import Path

import pytest

from workbench.runs.log_tail import tail_lines


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", []),
        (b"one\ntwo\nthree\n", ["two", "three"]),
        (b"one\nunfinished", ["one", "unfinished"]),
        (b"x\n 1%\r50%\r99%\r\nnext\n", ["99%", "next"]),
        (b"x\n 1%\r 2%", ["x", " 2%"]),
        (b"\x1b[31mred\x1b[0m\ttab\x00\n", ["red    tab␀"]),
        ("一名患者\n".encode()[3:], ["名患者"]),
        (b"\xff\xfe\n", ["\ufffd\ufffd"]),
        (b"a\n\n\n", ["", ""]),
    ],
)
def test_the_last_two_lines(tmp_path: Path, content: bytes, lines: list[str]) -> None:
    path = tmp_path / "output.log"
    path.write_bytes(content)
    assert tail_lines(path, 2) == lines


def test_no_log_no_lines(tmp_path: Path) -> None:
    assert tail_lines(tmp_path / "none", 5) == []
    assert tail_lines(tmp_path, 5) == []


def test_of_a_huge_log_only_the_end_is_read(tmp_path: Path) -> None:
    path = tmp_path / "output.log"
    with path.open("wb") as file:
        file.seek(3 * 1024**3)
        file.write(b"\nlast\n")
    assert tail_lines(path, 1) == ["last"]
