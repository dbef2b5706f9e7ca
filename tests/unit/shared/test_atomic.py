"""Files and folders are there whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from workbench.atomic import replace_text, replaced_folder
from workbench.errors import WorkbenchError


def test_a_file_is_replaced_and_nothing_stays_beside_it(tmp_path: Path) -> None:
    file = tmp_path / "sub" / "a.txt"
    replace_text(file, "one")
    replace_text(file, "二\ud800")
    assert file.read_text(encoding="utf-8", errors="surrogatepass") == "二\ud800"
    assert list(file.parent.iterdir()) == [file]


def test_a_folder_that_fails_leaves_the_old_one(tmp_path: Path) -> None:
    place = tmp_path / "model"
    with replaced_folder(place) as fresh:
        (fresh / "a").write_text("old")
    with pytest.raises(RuntimeError), replaced_folder(place) as fresh:
        (fresh / "a").write_text("new")
        raise RuntimeError
    assert (place / "a").read_text() == "old"
    assert list(tmp_path.iterdir()) == [place]
    with replaced_folder(place) as fresh:
        (fresh / "b").write_text("new")
    assert [entry.name for entry in place.iterdir()] == ["b"]


def test_a_full_disk_is_said_in_a_sentence() -> None:
    if not os.path.exists("/dev/full"):  # noqa: PTH110
        pytest.skip("no /dev/full here")
    from workbench.atomic import write_failure

    try:
        with open("/dev/full", "wb", buffering=0) as file:  # noqa: PTH123
            file.write(b"x")
    except OSError as error:
        sentence = str(write_failure(Path("/data/run/a.txt"), error))
    assert sentence.startswith("/data/run/a.txt: cannot be written (no space left on device).")
    assert "Free some space" in sentence


def test_a_place_that_cannot_be_written_is_said_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkbenchError, match="cannot be written"):
        replace_text(tmp_path / "file" / "a.txt", "x")
