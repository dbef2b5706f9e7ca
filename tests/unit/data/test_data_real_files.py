"""Files as they are found, which a developer has beside the checkout."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from workbench.data.inspection import inspect
from workbench.data.opening import open_dataset
from workbench.data.tokens.encode import encode
from workbench.errors import WorkbenchError

FILES = [
    ("llamafactory/alpaca_en_demo.json", "JSON list", "alpaca", 999),
    ("llamafactory/alpaca_zh_demo.json", "JSON list", "alpaca", 1_000),
    ("llamafactory/identity.json", "JSON list", "alpaca", 91),
    ("llamafactory/dpo_en_demo.json", "JSON list", "preference", 300),
    ("llamafactory/kto_en_demo.json", "JSON list", "kto", 300),
    ("llamafactory/glaive_toolcall_en_demo.json", "JSON list", "sharegpt", 300),
    ("llamafactory/c4_demo.jsonl", "JSON Lines", "text", 300),
    ("llamafactory/wiki_demo.txt", "text", "text", 30),
    ("medical/huatuo_llama_data.json", "JSON Lines", "alpaca", 8_658),
]


@pytest.mark.parametrize(("name", "container", "format_", "rows"), FILES)
def test_opens_as_what_it_is(name: str, container: str, format_: str, rows: int, shared_data: Path) -> None:
    dataset = open_dataset(shared_data / name)
    assert (dataset.container, dataset.format, dataset.rows) == (container, format_, rows)
    assert dataset.encoding == "UTF-8"
    assert dataset.bad_rows == []
    assert dataset.why
    assert len(list(dataset.conversations())) == rows
    assert dataset.table().num_rows == rows
    assert dataset.why_not_trained() is None
    assert (dataset.training_note() is not None) == (format_ in ("preference", "kto"))


def test_gb18030_table_of_unknown_columns(shared_data: Path) -> None:
    dataset = open_dataset(shared_data / "medical/toyhom_internal_medicine_gb18030.csv")
    assert (dataset.container, dataset.encoding, dataset.rows) == ("CSV", "GB18030", 7_644)
    assert (dataset.format, dataset.bad_rows) == ("unknown", [])
    assert dataset.columns == ["department", "title", "ask", "answer"]
    assert len({dataset.record(row)["department"] for row in range(1, 7_645)}) == 11
    assert "department, title, ask, answer" in (dataset.why_not_trained() or "")
    with pytest.raises(WorkbenchError, match="belong to no format") as refused:
        dataset.conversation(1)
    assert "rename the columns" in str(refused.value)


def test_the_registry_is_not_rows(shared_data: Path) -> None:
    with pytest.raises(WorkbenchError, match="registry of 104 data sets"):
        open_dataset(shared_data / "llamafactory/dataset_info.json")


def test_preference_rows_have_their_system_turns(shared_data: Path) -> None:
    dataset = open_dataset(shared_data / "llamafactory/dpo_en_demo.json")
    first_roles = Counter(conversation.messages[0].role for conversation in dataset.conversations())
    assert first_roles["system"] == 80
    pair = dataset.conversation(1)
    assert pair.chosen and pair.rejected and pair.chosen.content != pair.rejected.content


def test_tool_rows(shared_data: Path, smollm2_tokenizer) -> None:
    dataset = open_dataset(shared_data / "llamafactory/glaive_toolcall_en_demo.json")
    roles = Counter(message.role for row in dataset.conversations() for message in row.messages)
    assert roles == {"user": 746, "assistant": 746, "function_call": 211, "tool": 211}
    assert sum(row.tools is not None for row in dataset.conversations()) == 191
    for row in (1, 2, 3):
        conversation = dataset.conversation(row)
        encoded = encode(conversation, smollm2_tokenizer, cutoff_len=100_000)
        ends = sum(message.role in ("assistant", "function_call") for message in conversation.messages)
        assert len(encoded.turn_ends) == ends and -1 not in encoded.turn_ends


def test_inspect_names_what_scripts_rely_on(shared_data: Path) -> None:
    facts = inspect(shared_data / "medical/huatuo_llama_data.json")
    assert (facts["rows"], facts["format"], facts["container"]) == (8_658, "alpaca", "JSON Lines")
    assert facts["bad_rows"] == [] and facts["encoding"] == "UTF-8"
    facts = inspect(shared_data / "llamafactory/dpo_en_demo.json")
    assert (facts["rows"], facts["format"]) == (300, "preference")
    assert facts["not_trained"] is None
