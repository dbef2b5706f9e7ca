"""What rows mean, in every format, and what is said of rows that are not right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from workbench.data.conversation import Conversation, Message
from workbench.data.dataset import Dataset
from workbench.data.formats.detect import what_to_do
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
    assert dataset.why == "the rows have the columns instruction, input, output, system and history"
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
    assert (
        dataset.why == "the column conversations is a list of turns with from and value, and there are tools"
    )
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
        Message("function_call", '{"name": "f", "arguments": {"x": 1}}', call_ids=("1",)),
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
        ({"role": "assistant", "content": "a", "weight": 0}, "all that the assistant says has weight 0"),
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


def read(folder: Path, row: Any, format: str) -> Conversation:
    """The conversation of a row that is detected as `format`."""
    dataset = opened(folder, row)
    assert (dataset.format, [bad.reason for bad in dataset.bad_rows]) == (format, [])
    return dataset.conversation(1)


CALLS = [
    {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": '{"x": 1}'}},
    {"id": "call_2", "type": "function", "function": {"name": "g", "arguments": ""}},
]


def test_calls_in_parallel_keep_their_ids_and_thoughts(tmp_path: Path) -> None:
    row = openai(
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": [{"type": "text", "text": "Let me see."}], "tool_calls": CALLS},
        {"role": "tool", "content": "1", "tool_call_id": "call_1", "name": "f"},
        {"role": "tool", "content": [{"type": "text", "text": "2"}], "tool_call_id": "call_2"},
        {"role": "assistant", "content": "a"},
    )
    row["messages"][1]["reasoning_content"] = "hm"
    messages = read(tmp_path, row, "openai").messages
    assert json.loads(messages[1].content) == [
        {"name": "f", "arguments": {"x": 1}},
        {"name": "g", "arguments": {}},
    ]
    assert messages[1].preface == "<think>\nhm\n</think>\n\nLet me see."
    assert messages[1].call_ids == ("call_1", "call_2")
    assert messages[2:4] == (
        Message("tool", "1", call_ids=("call_1",), name="f"),
        Message("tool", "2", call_ids=("call_2",)),
    )


def test_older_functions_and_answers_that_weigh_nothing(tmp_path: Path) -> None:
    row = openai(
        {"role": "user", "content": "q"},
        {"role": "assistant", "content": "wrong", "weight": 0},
        {"role": "user", "content": "again"},
        {"role": "assistant", "content": None, "function_call": {"name": "f", "arguments": "{}"}},
        {"role": "function", "name": "f", "content": "o"},
        {"role": "assistant", "content": "a", "weight": 1},
        functions=[{"name": "f", "parameters": {}}],
    )
    conversation = read(tmp_path, row, "openai")
    assert [message.trained for message in conversation.messages] == [True, False, True, True, True, True]
    assert [message.role for message in conversation.messages[3:5]] == ["function_call", "tool"]
    assert json.loads(conversation.tools or "") == [{"name": "f", "parameters": {}}]


@pytest.mark.parametrize(
    ("prompt", "completion"),
    [
        ("q", "a"),
        ("q", [{"role": "assistant", "content": "a"}]),
        ([{"role": "user", "content": "q"}], [{"role": "assistant", "content": "a"}]),
        ([{"role": "user", "content": "q"}], {"role": "assistant", "content": "a"}),
        ([{"role": "user", "content": "q"}], "a"),
        ("q", [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]),
    ],
)
def test_prompt_and_completion_in_their_spellings(prompt: Any, completion: Any, tmp_path: Path) -> None:
    conversation = read(tmp_path, {"prompt": prompt, "completion": completion}, "prompt-completion")
    assert [(m.role, m.content) for m in conversation.messages] == [("user", "q"), ("assistant", "a")]


def test_only_the_completion_is_to_be_learned(tmp_path: Path) -> None:
    turns = [{"role": role, "content": role[0]} for role in ("system", "user", "assistant", "user")]
    answers = [{"role": role, "content": role[0]} for role in ("assistant", "user", "assistant")]
    row = {"prompt": turns, "completion": answers, "tools": [{"name": "f"}]}
    conversation = read(tmp_path, row, "prompt-completion")
    said = [message.trained for message in conversation.messages if message.role == "assistant"]
    assert said == [False, True, True]
    assert conversation.tools is not None
    with_system = read(tmp_path, {"system": "s", "prompt": "q", "completion": "a"}, "prompt-completion")
    assert with_system.messages[0] == Message("system", "s", trained=False)


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ({"prompt": "", "completion": "a"}, "prompt is empty"),
        ({"prompt": "q", "completion": ""}, "completion is empty"),
        ({"prompt": "q", "completion": [{"role": "user", "content": "a"}]}, "completion is the user's"),
        ({"prompt": [], "completion": "a"}, "prompt is empty"),
        ({"prompt": "q"}, "there is no completion"),
    ],
)
def test_prompt_completion_rows_that_are_bad(row: Any, reason: str, tmp_path: Path) -> None:
    good = {"prompt": "q", "completion": "a"}
    dataset = opened(tmp_path, good, good, row)
    assert (dataset.format, dataset.good_rows) == ("prompt-completion", [1, 2])
    assert dataset.bad_rows[0].reason.startswith(reason)


def test_preference_rows_whose_answers_hold_the_prompt_again(tmp_path: Path) -> None:
    def whole(answer: str) -> list[dict[str, str]]:
        texts = [("system", "s"), ("user", "q1"), ("assistant", "a1"), ("user", "q2"), ("assistant", answer)]
        return [{"role": role, "content": content} for role, content in texts]

    expected = ("system", "user", "assistant", "user")
    for prompt in ({}, {"prompt": "q1"}, {"prompt": "q2"}, {"prompt": whole("b")[:-1]}):
        row = {**prompt, "chosen": whole("a"), "rejected": whole("b")}
        conversation = read(tmp_path, row, "preference")
        assert tuple(message.role for message in conversation.messages) == expected
        assert conversation.chosen == ASSISTANT
    system = read(tmp_path, {"system": "s", "prompt": "q", "chosen": "a", "rejected": "b"}, "preference")
    assert system.messages == (Message("system", "s"), USER)
    other = whole("b")
    other[2]["content"] = "something else"
    dataset = opened(tmp_path, {"prompt": "q1", "chosen": whole("a"), "rejected": other})
    assert dataset.bad_rows[0].reason == "chosen and rejected differ before their last turns"


def test_kto_with_a_completion_of_turns(tmp_path: Path) -> None:
    turns = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    row = {"prompt": "q", "completion": turns, "label": False}
    assert read(tmp_path, row, "kto") == Conversation((USER, ASSISTANT), 1, label=False)


def test_rows_of_unknown_columns_are_told_what_to_do(tmp_path: Path) -> None:
    sentence = opened(tmp_path, {"title": "t", "ask": "q", "answer": "a"}).why_not_trained() or ""
    assert sentence.startswith("the columns title, ask, answer belong to no format known here. Say which")
    assert "key F" in sentence and "--map" in sentence
    assert '--map "prompt=title query=ask response=answer"' in what_to_do(["title", "ask", "answer"])
    with pytest.raises(WrongUse, match="Did you mean prompt-completion"):
        opened(tmp_path, {"a": "b"}, format="prompt_completion")
