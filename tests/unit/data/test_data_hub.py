"""Data sets of the hub: fetched from a stand-in, found again without it, sentences where there is none."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.unit.data.hub_stand_in import hub_stand_in
from workbench.data.containers.several import open_files
from workbench.data.locate import locate
from workbench.data.workers import WorkStopped
from workbench.errors import WorkbenchError, WrongUse

ROWS = [{"instruction": f"问 {n}", "output": "答"} for n in range(5)]
FILES = {
    "README.md": b"---\nlicense: mit\n---\n",
    "data/train-00000-of-00001.jsonl": "".join(json.dumps(row) + "\n" for row in ROWS).encode(),
    "data/test-00000-of-00001.jsonl": b'{"instruction": "t", "output": "x"}\n',
}


@pytest.fixture
def empty_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_HUB_OFFLINE", "HF_DATASETS_OFFLINE", "HF_DATASETS_CACHE", "HF_HUB_CACHE", "HF_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hub"))
    monkeypatch.chdir(tmp_path)


@pytest.mark.usefixtures("empty_cache")
def test_a_data_set_is_fetched_and_found_again_without_the_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    with hub_stand_in(FILES) as address:
        monkeypatch.setenv("HF_ENDPOINT", address)
        target = locate("org/name")
        assert [value for _, _, value in open_files(target.files).scan()] == ROWS
        assert target.notes == ("the split train is opened; org/name:test opens another (test)",)
        assert len(list(open_files(locate("org/name:test").files).scan())) == 1
        with pytest.raises(WrongUse, match=r"no split 'nope'. There is: train, test"):
            locate("org/name:nope")
        with pytest.raises(WrongUse, match="no configuration 'other'"):
            locate("org/name:other/train")
        with pytest.raises(WorkbenchError, match="no data set of the hub that you may see"):
            locate("org/none")
    again = locate("org/name")
    assert again.files == target.files
    assert "the hub was not asked" in again.notes[0]


@pytest.mark.usefixtures("empty_cache")
def test_a_hub_that_cannot_be_reached_is_said_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    began = time.monotonic()
    with pytest.raises(WorkbenchError, match=r"127.0.0.1:9 cannot be reached") as said:
        locate("org/name")
    assert str(said.value).startswith("org/name: this is no file here")
    assert time.monotonic() - began < 20
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(WorkbenchError, match="HF_HUB_OFFLINE is set"):
        locate("org/name")


@pytest.mark.usefixtures("empty_cache")
def test_waiting_for_the_hub_can_be_stopped() -> None:
    with pytest.raises(WorkStopped):
        locate("org/name", cancelled=lambda: True)
