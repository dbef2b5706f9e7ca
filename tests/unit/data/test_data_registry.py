"""LLaMA-Factory's dataset_info.json: every key is read, and what is wrong with one is said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.data.formats.mapping import Mapping, mapped_format, parse_mapping
from workbench.data.opening import open_dataset
from workbench.data.registry import add_entry, entry_for, find_entry, own_registry, read_registry
from workbench.errors import WorkbenchError, WrongUse

MAPPING = parse_mapping("prompt=title query=ask response=answer label=department")


def write(folder: Path, entries: Any) -> Path:
    path = folder / "dataset_info.json"
    path.write_text(entries if isinstance(entries, str) else json.dumps(entries, ensure_ascii=False))
    return path


def test_every_key_is_read(tmp_path: Path) -> None:
    columns = {
        **{"prompt": "p", "query": "q", "response": "r", "history": "h", "messages": "m", "system": "s"},
        **{"tools": "t", "images": "i", "videos": "v", "audios": "au", "chosen": "c", "rejected": "re"},
        "kto_tag": "k",
    }
    tags = {
        **{"role_tag": "who", "content_tag": "said", "user_tag": "u", "assistant_tag": "a"},
        **{"observation_tag": "o", "function_tag": "f", "system_tag": "sy"},
    }
    entry = {
        **{"hf_hub_url": "org/name", "ms_hub_url": "org/ms", "om_hub_url": "org/om", "script_url": "s"},
        **{"cloud_file_name": "s3://x", "file_name": "x.json", "formatting": "sharegpt", "ranking": True},
        **{"subset": "en", "split": "train_sft", "folder": "python", "num_samples": 10, "file_sha1": "0"},
        **{"columns": columns, "tags": tags},
    }
    (read,) = read_registry(write(tmp_path, {"all": entry}))
    assert (read.problem, read.place, read.unusable, read.file) == (None, "hf_hub_url", None, None)
    for key in ("hf_hub_url", "ms_hub_url", "om_hub_url", "script_url", "cloud_file_name", "file_name"):
        assert getattr(read, key) == entry[key]
    assert (read.subset, read.split, read.folder, read.num_samples) == ("en", "train_sft", "python", 10)
    assert read.mapping == Mapping("sharegpt", True, tuple(columns.items()), tuple(tags.items()))


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"file_name": "x", "colums": {}}, "the key 'colums' is unknown (Did you mean columns?)"),
        ({"file_name": "x", "weight": 1}, "the key 'weight' is unknown"),
        ({"file_name": "x", "columns": {"promt": "p"}}, "'promt' is unknown (Did you mean prompt?)"),
        ({"file_name": "x", "tags": {"role": "from"}}, "'role' is unknown (Did you mean role_tag?)"),
        ({"file_name": "x", "columns": []}, ""),
        ({"file_name": "x", "columns": ["a"]}, "columns is a list, not an object"),
        ({"file_name": "x", "columns": {"prompt": 3}}, "prompt in columns is a number, not a name"),
        ({"file_name": "x", "formatting": "chatml"}, "formatting is 'chatml'"),
        ({"file_name": "x", "ranking": "yes"}, "ranking is text, not true or false"),
        ({"file_name": "x", "num_samples": -1}, "num_samples is not a number of rows"),
        ({"file_name": 3}, "file_name is a number, not text"),
        ({"columns": {}}, "it names no rows"),
        ("x.json", "it is text, not an object"),
        ({"script_url": "loader"}, "loading script 'loader', and code from elsewhere is not run"),
        ({"cloud_file_name": "s3://b/x"}, "in cloud storage (s3://b/x)"),
        ({"ms_hub_url": "a/b"}, "on ModelScope (a/b)"),
        ({"om_hub_url": "a/b"}, "on the Openmind hub (a/b)"),
    ],
)
def test_what_is_wrong_is_said_and_spoils_no_other_entry(entry: Any, problem: str, tmp_path: Path) -> None:
    path = write(tmp_path, {"broken": entry, "good": {"file_name": "y.json"}})
    broken, good = read_registry(path)
    assert good.unusable is None and find_entry(path, "good") == good
    if not problem:
        assert find_entry(path, "broken") == broken
        return
    assert problem in (broken.unusable or "")
    with pytest.raises(WorkbenchError) as refused:
        find_entry(path, "broken")
    assert problem in str(refused.value)
    assert 'the entry "broken" cannot be opened' in str(refused.value)


def test_a_name_that_is_not_there(tmp_path: Path) -> None:
    path = write(tmp_path, {"alpaca_en": {"file_name": "x"}, "other": {"file_name": "y"}})
    with pytest.raises(WrongUse, match=r"no entry 'alpaca_eng'.*nearest are alpaca_en"):
        find_entry(path, "alpaca_eng")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ('{"a": ', "no JSON: expecting value in line 1"),
        ("[1]", "it is a list, not a registry"),
        ('{"features": {}, "splits": {}}', "describes Arrow files"),
        ("[" * 100_000, "no UTF-8 JSON"),
    ],
)
def test_a_file_that_is_no_registry(content: str, sentence: str, tmp_path: Path) -> None:
    path = write(tmp_path, content)
    with pytest.raises(WorkbenchError, match=sentence):
        read_registry(path)
    data = tmp_path / "x.json"
    entry, note = entry_for(data)
    assert entry is None and sentence in note
    with pytest.raises(WorkbenchError):
        add_entry(path, "x", data, MAPPING)
    assert path.read_text() == content


def test_a_registry_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(WorkbenchError, match="cannot be read"):
        read_registry(tmp_path / "dataset_info.json")
    assert entry_for(tmp_path / "x.json") == (None, "")


def test_the_description_that_datasets_writes_is_no_registry(tmp_path: Path) -> None:
    write(tmp_path, {"features": {}, "citation": ""})
    (tmp_path / "state.json").write_text("{}")
    assert entry_for(tmp_path / "data-00000-of-00001.arrow") == (None, "")


def test_the_entry_of_a_file(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "x.json"
    named = {"file_name": "x.json", "columns": {"prompt": "a", "response": "b"}}
    write(tmp_path, {"other": {"file_name": "y.json"}, "mine": named, "hub": {**named, "hf_hub_url": "a/b"}})
    entry, note = entry_for(file)
    assert entry is not None and entry.name == "mine"
    assert note == 'entry "mine" of dataset_info.json'
    write(tmp_path, {"mine": named, "again": dict(named)})
    assert entry_for(file)[0] is not None
    write(tmp_path, {"mine": named, "differs": {"file_name": "./x.json"}})
    assert entry_for(file) == (
        None,
        "the entries mine and differs of dataset_info.json name this file and differ, so none is used",
    )
    write(tmp_path, {"mine": {**named, "columms": {}}})
    entry, note = entry_for(file)
    assert entry is None
    assert note.startswith(
        "the entry \"mine\" of dataset_info.json is not used: the key 'columms' is unknown"
    )


def test_an_entry_is_added_and_the_others_are_kept(tmp_path: Path) -> None:
    others = {
        "hub": {"hf_hub_url": "a/b", "unknown": [1, None]},
        "broken": 3,
        "名字": {"file_name": "甲.json"},
    }
    path = write(tmp_path, others)
    file = tmp_path / "sub" / "数据.csv"
    add_entry(path, "hospital", file, MAPPING)
    written = json.loads(path.read_text())
    assert {name: written[name] for name in others} == others
    assert written["hospital"] == {
        "file_name": "sub/数据.csv",
        "columns": {"prompt": "title", "query": "ask", "response": "answer"},
        "labels": ["department"],
    }
    assert "数据" in path.read_text()
    entry = find_entry(path, "hospital")
    assert entry.mapping == MAPPING and entry.file == file
    add_entry(path, "hospital", file, parse_mapping("prompt=ask response=answer"))
    assert find_entry(path, "hospital").mapping.labels == ()
    with pytest.raises(WrongUse, match='an entry "hub" for other rows'):
        add_entry(path, "hub", file, MAPPING)
    with pytest.raises(WrongUse, match="needs a name"):
        add_entry(path, " ", file, MAPPING)


def test_the_own_registry_names_files_anywhere(home: Path, tmp_path: Path) -> None:
    file = tmp_path / "elsewhere" / "x.csv"
    file.parent.mkdir()
    assert own_registry().is_relative_to(home)
    add_entry(own_registry(), "x", file, MAPPING)
    assert json.loads(own_registry().read_text())["x"]["file_name"] == str(file)
    write(file.parent, {"beside": {"file_name": "x.csv"}})
    entry, note = entry_for(file)
    assert entry is not None and entry.mapping == MAPPING and note == 'entry "x" of dataset_info.json'


def test_tags_are_written_whole_since_llamafactory_fills_none_in(tmp_path: Path) -> None:
    path = tmp_path / "dataset_info.json"
    add_entry(
        path, "chat", tmp_path / "x.json", parse_mapping("messages=m role_tag=role content_tag=content")
    )
    tags = json.loads(path.read_text())["chat"]["tags"]
    assert (tags["role_tag"], tags["user_tag"], tags["assistant_tag"]) == ("role", "user", "assistant")
    assert (tags["observation_tag"], tags["function_tag"], tags["system_tag"]) == (
        *("tool", "function_call"),
        "system",
    )
    own = "messages=m role_tag=who content_tag=said user_tag=me"
    add_entry(path, "own", tmp_path / "y.json", parse_mapping(own))
    tags = json.loads(path.read_text())["own"]["tags"]
    assert (tags["role_tag"], tags["user_tag"], tags["assistant_tag"]) == ("who", "me", "gpt")
    messages = [{"who": "me", "said": "q"}, {"who": "gpt", "said": "a"}]
    row = mapped_format(find_entry(path, "own").mapping).read({"m": messages}, 1)
    assert [message.role for message in row.messages] == ["user", "assistant"]


def test_all_entries_of_a_real_registry(shared_data: Path) -> None:
    path = shared_data / "llamafactory/dataset_info.json"
    entries = read_registry(path)
    assert len(entries) == 104
    assert [entry.name for entry in entries if entry.problem] == []
    assert [entry.name for entry in entries if entry.unusable] == ["deepctrl"]
    formats = {
        entry.file.name: entry.mapping.format for entry in entries if entry.file and entry.file.exists()
    }
    assert formats == {
        **{"identity.json": "alpaca", "alpaca_en_demo.json": "alpaca", "alpaca_zh_demo.json": "alpaca"},
        **{"glaive_toolcall_en_demo.json": "sharegpt", "dpo_en_demo.json": "preference"},
        **{"kto_en_demo.json": "kto", "wiki_demo.txt": "text", "c4_demo.jsonl": "text"},
    }
    for entry in entries:
        assert mapped_format(entry.mapping).name == entry.mapping.format
        if entry.file and entry.file.exists():
            found, note = entry_for(entry.file)
            assert found == entry and note == f'entry "{entry.name}" of dataset_info.json'


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("x.json"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
keys = st.sampled_from(
    ["file_name", "hf_hub_url", "formatting", "ranking", "columns", "tags", "labels", "folder"]
)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.dictionaries(st.text(max_size=3), st.dictionaries(keys, values) | values) | values)
def test_no_registry_breaks_anything(tmp_path: Path, content: Any) -> None:
    path = write(tmp_path, content if isinstance(content, dict) else json.dumps(content))
    entry, _ = entry_for(tmp_path / "x.json")
    assert entry is None or entry.problem is None
    try:
        entries = read_registry(path)
    except WorkbenchError:
        return
    assert [entry.name for entry in entries] == list(content)
    for entry in entries:
        if not entry.unusable:
            assert find_entry(path, entry.name) == entry
            mapped_format(entry.mapping)


def test_every_entry_whose_file_is_there_opens(shared_data: Path) -> None:
    path = shared_data / "llamafactory/dataset_info.json"
    opened = {}
    for entry in read_registry(path):
        if entry.file and entry.file.exists():
            dataset = open_dataset(f"{path}#{entry.name}")
            assert dataset.why == f'entry "{entry.name}" of dataset_info.json'
            assert dataset.bad_rows == []
            opened[entry.name] = (dataset.format, dataset.rows)
        elif entry.file:
            with pytest.raises(WorkbenchError, match=f"no file '{entry.file_name}'"):
                open_dataset(f"{path}#{entry.name}")
    assert opened == {
        **{
            "identity": ("alpaca", 91),
            "alpaca_en_demo": ("alpaca", 999),
            "alpaca_zh_demo": ("alpaca", 1_000),
        },
        **{"glaive_toolcall_en_demo": ("sharegpt", 300), "dpo_en_demo": ("preference", 300)},
        **{"kto_en_demo": ("kto", 300), "wiki_demo": ("text", 30), "c4_demo": ("text", 300)},
    }
