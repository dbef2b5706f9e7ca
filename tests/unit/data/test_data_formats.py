"""What rows mean, in every format, and what is said of rows that are not right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.data.conversation import Conversation, Message
from workbench.data.dataset import Dataset
from workbench.data.opening import open_dataset
from workbench.errors import WrongUse

USER, ASSISTANT = Message("user", "q"), Message("assistant", "a")


def opened(folder: Path, *rows: Any, format: str | None = None) -> Dataset:
    path = folder / "data.jsonl"
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return open_dataset(path, format=format)


def sharegpt(*turns: tuple[str, Any], **more: Any) -> dict[str, Any]:
    return {"conversations": [{"from": role, "value": value} for role, value in turns], **more}


def openai(*turns: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"messages": list(turns), **more}


def test_alpaca_with_everything(tmp_path: Path) -> None:
    row = {"instruction": "i", "input": "in", "output": "a", "system": "s", "history": [["q1", "a1"]]}
    dataset = opened(tmp_path, row)
    assert dataset.format == "alpaca"
    assert dataset.why == "has the columns instruction, input, output, system, history"
    assert dataset.conversation(1).messages == (
        Message("system", "s"),
        Message("user", "q1"),
        Message("assistant", "a1"),
        Message("user", "i\nin"),
        Message("assistant", "a"),
    )


def test_alpaca_history_as_json_in_a_csv(tmp_path: Path) -> None:
    path = tmp_path / "data.csv"
    path.write_text('instruction,output,history\nq,a,"[[""q1"", ""a1""]]"\nq,a,\n')
    dataset = open_dataset(path)
    assert [len(conversation.messages) for conversation in dataset.conversations()] == [4, 2]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"instruction": "q", "input": ""}, "there is no output"),
        ({"instruction": "q", "output": None}, "output is null"),
        ({"instruction": "q", "output": " \n"}, "output is empty"),
        ({"instruction": "", "input": None, "output": "a"}, "instruction and input are both empty"),
        ({"instruction": "q", "output": 5}, "output is a number, not text"),
        ({"instruction": ["q"], "output": "a"}, "instruction is a list, not text"),
        ({"instruction": "q", "output": "a", "history": [["x"]]}, "item 1 of history is a list of something"),
        ({"instruction": "q", "output": "a", "history": 3}, "history is a number, not a list"),
        ({"instruction": "q", "output": "a", "images": ["x.png"]}, "it has images, and only text"),
    ],
)
def test_alpaca_rows_that_are_bad(row: Any, reason: str, tmp_path: Path) -> None:
    good = {"instruction": "q", "input": "", "output": "a"}
    dataset = opened(tmp_path, good, good, row)
    assert (dataset.format, dataset.good_rows, dataset.bad_rows[0].row) == ("alpaca", [1, 2], 3)
    assert dataset.bad_rows[0].reason.startswith(reason)


def test_sharegpt_with_tools_and_a_system_column(tmp_path: Path) -> None:
    row = sharegpt(
        ("human", "q"),
        ("function_call", '{"name": "f", "arguments": {}}'),
        ("observation", "o"),
        ("gpt", "a"),
        system="s",
        tools='[{"name": "f"}]',
    )
    dataset = opened(tmp_path, row)
    assert dataset.format == "sharegpt"
    assert "conversations is a list of turns with from and value, and tools" in dataset.why
    conversation = dataset.conversation(1)
    roles = [message.role for message in conversation.messages]
    assert roles == ["system", "user", "function_call", "tool", "assistant"]
    assert conversation.tools == '[{"name": "f"}]'
    assert conversation.answer == ASSISTANT
    assert conversation.prompt == conversation.messages[:-1]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (sharegpt(("human", "q")), "no turn is the assistant's"),
        (sharegpt(("human", "q"), ("gpt", " ")), "the assistant says nothing"),
        (sharegpt(("human", "q"), ("gpt", None)), "value of turn 2 is null"),
        (sharegpt(("human", "q"), ("gpt", 3)), "value of turn 2 is a number, not text"),
        (sharegpt(("human", "q"), ("robot", "a")), "turn 2 has the unknown role 'robot'"),
        ({"conversations": []}, "conversations is empty"),
        ({"conversations": ["q"]}, "turn 1 is text, not an object"),
        ({"conversations": [{"from": "human"}]}, "turn 1 has no value"),
        ({"conversations": [{"value": "q"}]}, "turn 1 has neither from nor role"),
        ({"other": 1}, "there is no conversations and no messages"),
    ],
)
def test_sharegpt_rows_that_are_bad(row: Any, reason: str, tmp_path: Path) -> None:
    good = sharegpt(("human", "q"), ("gpt", "a"))
    dataset = opened(tmp_path, good, good, row)
    assert (dataset.format, dataset.good_rows) == ("sharegpt", [1, 2])
    assert dataset.bad_rows[0].reason.startswith(reason)


def test_openai_messages_with_parts_and_tool_calls(tmp_path: Path) -> None:
    call = {"id": "1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}}
    row = openai(
        {"role": "developer", "content": "s"},
        {"role": "user", "content": [{"type": "text", "text": "q"}]},
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "content": "o", "tool_call_id": "1"},
        {"role": "assistant", "content": "a", "reasoning_content": "hm"},
        tools=[{"type": "function", "function": {"name": "f"}}],
    )
    dataset = opened(tmp_path, row)
    assert dataset.format == "openai"
    conversation = dataset.conversation(1)
    assert conversation.messages[:3] == (
        Message("system", "s"),
        USER,
        Message("function_call", '{"name": "f", "arguments": {"x": 1}}'),
    )
    assert conversation.messages[4].content == "<think>\nhm\n</think>\n\na"
    assert json.loads(conversation.tools or "")[0]["function"]["name"] == "f"


@pytest.mark.parametrize(
    ("turn", "reason"),
    [
        ({"role": "assistant"}, "turn 2 has no content"),
        (
            {"role": "assistant", "content": [{"type": "image_url"}]},
            "content of turn 2 has a part that is not text",
        ),
        ({"role": "assistant", "tool_calls": [{"function": {}}]}, "turn 2 has a tool call without"),
        (
            {"role": "assistant", "tool_calls": [{"function": {"name": "f", "arguments": "{"}}]},
            "turn 2 calls 'f' with arguments that are not JSON",
        ),
    ],
)
def test_openai_rows_that_are_bad(turn: Any, reason: str, tmp_path: Path) -> None:
    dataset = opened(tmp_path, openai({"role": "user", "content": "q"}, turn))
    assert dataset.format == "openai"
    assert dataset.bad_rows[0].reason.startswith(reason)


@pytest.mark.parametrize(
    "row",
    [
        {
            **sharegpt(("human", "q")),
            "chosen": {"from": "gpt", "value": "a"},
            "rejected": {"from": "gpt", "value": "b"},
        },
        {"instruction": "q", "input": "", "chosen": "a", "rejected": "b"},
        {"prompt": "q", "chosen": "a", "rejected": "b"},
        {
            "chosen": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}],
            "rejected": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "b"}],
        },
    ],
)
def test_preference_in_its_spellings(row: Any, tmp_path: Path) -> None:
    dataset = opened(tmp_path, row)
    assert dataset.format == "preference"
    assert dataset.conversation(1) == Conversation(
        (USER,), 1, chosen=ASSISTANT, rejected=Message("assistant", "b")
    )
    assert dataset.why_not_trained() is None
    assert "the rejected one is not used" in (dataset.training_note() or "")


def test_preference_rows_that_are_bad(tmp_path: Path) -> None:
    good = {"prompt": "q", "chosen": "a", "rejected": "b"}
    dataset = opened(tmp_path, good, good, {**good, "chosen": ""}, {"chosen": "a", "rejected": "b"})
    assert [bad.reason for bad in dataset.bad_rows] == [
        "chosen is empty",
        "there is no prompt, and chosen and rejected do not begin with the same turns",
    ]


@pytest.mark.parametrize(
    "row",
    [
        {**openai({"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}), "label": True},
        {"instruction": "q", "output": "a", "kto_tag": "true"},
        {"prompt": "q", "completion": "a", "label": 1},
    ],
)
def test_kto_in_its_spellings(row: Any, tmp_path: Path) -> None:
    dataset = opened(tmp_path, row)
    assert dataset.format == "kto"
    assert dataset.conversation(1) == Conversation((USER, ASSISTANT), 1, label=True)


def test_a_label_that_is_a_category_is_not_kto(tmp_path: Path) -> None:
    assert opened(tmp_path, {"instruction": "q", "output": "a", "label": "cardiology"}).format == "alpaca"


def test_the_format_can_be_chosen(tmp_path: Path) -> None:
    both = {"instruction": "q", "output": "a", "text": "t"}
    assert opened(tmp_path, both).format == "alpaca"
    dataset = opened(tmp_path, both, format="text")
    assert (dataset.format, dataset.why) == ("text", "chosen by you")
    assert dataset.conversation(1).text == "t"
    wrong = opened(tmp_path, both, format="sharegpt")
    assert (wrong.rows, len(wrong.bad_rows)) == (1, 1)
    assert "row 1: there is no conversations" in (wrong.why_not_trained() or "")
    with pytest.raises(WrongUse, match="no format 'alpacca'"):
        opened(tmp_path, both, format="alpacca")


def test_the_reason_tells_of_rows_that_differ(tmp_path: Path) -> None:
    good = {"instruction": "q", "output": "a"}
    dataset = opened(tmp_path, good, good, {"question": "q"})
    assert dataset.why.endswith("; 1 of the first 3 rows lack that")
    assert dataset.columns == ["instruction", "output", "question"]
