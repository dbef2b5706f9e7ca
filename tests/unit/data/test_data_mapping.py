"""Columns of any name: mapped, suggested, and written as a line of text."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.conversation import Conversation, Message
from workbench.data.formats.detect import FORMATS, detect_format
from workbench.data.formats.fields import RowProblem
from workbench.data.formats.mapping import (
    Mapping,
    left_out_columns,
    mapped_format,
    mapping_text,
    missing_columns,
    parse_mapping,
    suggest,
)
from workbench.data.formats.mapping_text import incomplete
from workbench.data.formats.naming import COLUMN_KEYS, FORMATTINGS, TAG_KEYS
from workbench.data.opening import open_dataset
from workbench.errors import WrongUse

USER, ASSISTANT = Message("user", "q"), Message("assistant", "a")


def read(line: str, record: dict[str, Any]) -> Conversation:
    return mapped_format(parse_mapping(line)).read(record, 1)


def test_title_and_ask_become_one_question() -> None:
    row = {"department": "d", "title": "t", "ask": "q", "answer": "a"}
    line = "prompt=title query=ask response=answer label=department"
    assert read(line, row).messages == (Message("user", "t\nq"), ASSISTANT)
    assert read(line, {**row, "title": ""}).messages == (USER, ASSISTANT)
    assert parse_mapping(line).labels == ("department",)
    assert parse_mapping(line).format == "alpaca"


@pytest.mark.parametrize(
    ("line", "record", "format", "expected"),
    [
        ("prompt=p system=s response=r", {"p": "q", "s": "S", "r": "a"}, "alpaca", ["S", "q", "a"]),
        ("prompt=p response=r", {"p": "q", "r": "a", "input": "x", "system": "x"}, "alpaca", ["q", "a"]),
        ("prompt=p response=r history=h", {"p": "q", "r": "a", "h": [["1", "2"]]}, "alpaca", list("12qa")),
        (
            "messages=m",
            {"m": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "a"}]},
            "sharegpt",
            "qa",
        ),
        (
            "messages=m role_tag=who content_tag=said user_tag=doctor assistant_tag=gpt2",
            {"m": [{"who": "doctor", "said": "q"}, {"who": "gpt2", "said": "a"}]},
            "sharegpt",
            "qa",
        ),
        (
            "messages=m role_tag=role content_tag=content",
            {"m": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]},
            "openai",
            "qa",
        ),
        ("formatting=openai messages=m", {"m": [{"role": "assistant", "content": "a"}]}, "openai", "a"),
        ("prompt=p response=r kto_tag=k", {"p": "q", "r": "a", "k": False}, "kto", "qa"),
        ("prompt=p chosen=c rejected=r", {"p": "q", "c": "a", "r": "b"}, "preference", "q"),
        (
            "messages=m chosen=c rejected=r",
            {
                "m": [{"from": "human", "value": "q"}],
                "c": {"from": "gpt", "value": "a"},
                "r": {"from": "gpt", "value": "b"},
            },
            "preference",
            "q",
        ),
    ],
)
def test_every_format_can_be_mapped(line: str, record: Any, format: str, expected: str) -> None:
    mapping = parse_mapping(line)
    assert mapping.format == mapped_format(mapping).name == format
    conversation = mapped_format(mapping).read(record, 7)
    assert [message.content for message in conversation.messages] == list(expected)
    assert conversation.row == 7
    assert conversation.label is (False if format == "kto" else None)
    if format == "preference":
        assert conversation.chosen == ASSISTANT and conversation.rejected == Message("assistant", "b")


def test_prompt_alone_is_plain_text() -> None:
    assert read("prompt=body", {"body": "some text"}) == Conversation((), 1, text="some text")
    both = read("prompt=head query=body", {"head": "H", "body": "B"})
    assert both.text == "H\nB"


@pytest.mark.parametrize(
    ("line", "record", "reason"),
    [
        (
            "prompt=ask response=reply",
            {"ask": "q", "answer": "a"},
            "no column reply, which response is mapped",
        ),
        ("prompt=ask response=answer", {"ask": "", "answer": "a"}, "ask is empty"),
        (
            "prompt=t query=ask response=answer",
            {"t": "", "ask": None, "answer": "a"},
            "t and ask are both empty",
        ),
        ("prompt=ask response=answer", {"ask": "q", "answer": 4}, "answer is a number, not text"),
        (
            "prompt=ask response=answer images=pic",
            {"ask": "q", "answer": "a", "pic": ["x"]},
            "it has pic, and only",
        ),
        (
            "prompt=ask response=answer history=h",
            {"ask": "q", "answer": "a", "h": [1]},
            "item 1 of h is a number",
        ),
        ("messages=m", {"m": []}, "m is empty"),
        ("messages=m", {"m": "x"}, "m is text, not a list"),
        ("messages=m role_tag=who content_tag=said", {"m": [{"role": "user"}]}, "turn 1 has no who"),
        ("prompt=p response=r kto_tag=k", {"p": "q", "r": "a", "k": "maybe"}, "k is text, not true or false"),
        ("prompt=p chosen=c rejected=r", {"p": "q", "c": 1, "r": "b"}, "c is a number, not an answer"),
    ],
)
def test_complaints_name_the_files_own_columns(line: str, record: Any, reason: str) -> None:
    with pytest.raises(RowProblem) as refused:
        read(line, record)
    assert reason in str(refused.value)


def test_a_missing_column_names_those_there_are() -> None:
    with pytest.raises(RowProblem, match="the row has ask and answer"):
        read("prompt=title response=answer", {"ask": "q", "answer": "a"})
    mapping = parse_mapping("prompt=ask query=more response=answer label=kind")
    assert missing_columns(mapping, ["ask", "answer"]) == (
        "the mapping names the columns more and kind, and the file has ask and answer"
    )
    assert missing_columns(mapping, ["ask", "answer", "more", "kind"]) is None


def test_parts_of_a_conversation_that_are_left_out_are_told(tmp_path: Path) -> None:
    path = tmp_path / "data.jsonl"
    path.write_text('{"ask": "q", "answer": "a", "history": [["b", "c"]], "system": "s", "id": 1}\n')
    dataset = open_dataset(path, mapping=parse_mapping("prompt=ask response=answer"))
    assert dataset.notes == ["the mapping leaves out history and system, which are not trained on"]
    assert len(dataset.conversation(1).messages) == 2
    mapping = parse_mapping("prompt=ask response=answer history=history system=system")
    assert open_dataset(path, mapping=mapping).notes == []
    assert left_out_columns(Mapping(), ["system"]) is None


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("", "names no column"),
        ("title", "'title' in the mapping is no key=column"),
        ("prompt=", "is no key=column"),
        ("promt=title response=a", "'promt' is unknown. Did you mean prompt"),
        ("prompt=title prompt=ask", "names prompt twice"),
        ("prompt=title response=title", "takes the column 'title' for both prompt and response"),
        ("response=answer", "prompt is mapped to no column"),
        ("prompt=nothing", "no column 'nothing' for prompt. The file has title, ask and answer"),
        ("prompt=title chosen=answer", "rejected is mapped to no column"),
        ("prompt=title formatting=chatml", "formatting is 'chatml'. It can be alpaca, sharegpt, openai"),
        ("prompt=title ranking=maybe", "ranking is text, not true or false"),
        ("prompt='title", "a quote that is not closed"),
        ("prompt=title response=answer label=kind", "no column 'kind' for label"),
    ],
)
def test_nonsense_is_refused(line: str, sentence: str) -> None:
    with pytest.raises(WrongUse) as refused:
        parse_mapping(line, ["title", "ask", "answer"])
    assert sentence in str(refused.value)


@pytest.mark.parametrize(
    "line",
    [
        "prompt=title query=ask response=answer label=department",
        "prompt=问题 response=回答 label=科室",
        "'prompt=my question' response=answer",
        "messages=m role_tag=who content_tag=said",
        "prompt=p chosen=c rejected=r",
        "messages=m formatting=openai",
    ],
)
def test_the_line_is_read_back(line: str) -> None:
    mapping = parse_mapping(line)
    assert mapping_text(mapping) == line
    assert parse_mapping(mapping_text(mapping)) == mapping
    assert Mapping.from_entry(mapping.as_entry()) == mapping
    assert hash(mapping) == hash(parse_mapping(line))


@pytest.mark.parametrize(
    ("columns", "line"),
    [
        ("department title ask answer", "prompt=title query=ask response=answer label=department"),
        ("question answer", "prompt=question response=answer"),
        ("q a", "prompt=q response=a"),
        ("问题 回答", "prompt=问题 response=回答"),
        ("问 答", "prompt=问 response=答"),
        ("query response", "prompt=query response=response"),
        ("context question answer", "prompt=question query=context response=answer"),
        ("标题 内容 回复 科室", "prompt=标题 query=内容 response=回复 label=科室"),
        ("Question bestAnswer", "prompt=Question response=bestAnswer"),
        ("用户问题 医生回复", "prompt=用户问题 response=医生回复"),
        ("article summary", "prompt=article response=summary"),
        ("instruction input output", "prompt=instruction query=input response=output"),
        ("system prompt completion", "prompt=prompt response=completion system=system"),
        ("prompt chosen rejected", "prompt=prompt chosen=chosen rejected=rejected"),
        ("content", "prompt=content"),
        ("foo bar", "prompt=foo response=bar"),
    ],
)
def test_names_are_guessed(columns: str, line: str) -> None:
    names = columns.split()
    rows = [
        {name: f"{name} {number} " * (index + 2) for index, name in enumerate(names)} for number in range(9)
    ]
    for row in rows:
        row.update({name: "内科" for name in ("department", "科室") if name in row})
    assert mapping_text(suggest(names, rows)) == line


def test_turns_of_any_spelling_are_guessed() -> None:
    row = {
        "id": 1,
        "dialog": [{"speaker": "patient", "text": "q"}, {"speaker": "doctor", "text": "a"}],
        "sys": "s",
    }
    mapping = suggest(list(row), [row])
    assert mapping == parse_mapping(
        "messages=dialog system=sys role_tag=speaker content_tag=text user_tag=patient assistant_tag=doctor"
    )
    messages = mapped_format(mapping).read(row, 1).messages
    assert messages == (Message("system", "s"), USER, ASSISTANT)


def test_a_guess_may_be_that_there_is_nothing() -> None:
    assert suggest([], []) == Mapping()
    assert suggest(["x", "y"], [{"x": 1.5, "y": [1]}]).columns == ()


def test_a_column_of_true_and_false_is_a_wish() -> None:
    rows = [{"question": "q", "answer": "a", "label": bool(number % 2)} for number in range(8)]
    assert mapping_text(suggest([], rows)) == "prompt=question response=answer kto_tag=label"


def test_the_hospital_table(shared_data: Path) -> None:
    path = shared_data / "medical/toyhom_internal_medicine_gb18030.csv"
    with path.open(encoding="gb18030", newline="") as file:
        rows = list(csv.DictReader(file))
    mapping = suggest(list(rows[0]), rows[:200])
    assert mapping_text(mapping) == "prompt=title query=ask response=answer label=department"
    messages = [mapped_format(mapping).read(row, 1).messages for row in rows]
    assert len(messages) == 7_644
    assert messages[0][0].content == f"{rows[0]['title']}\n{rows[0]['ask']}"


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
roles = (
    st.sampled_from(["user", "assistant", "system", "tool", "function_call", "human", "gpt", "x"]) | values
)
calls = st.lists(
    st.fixed_dictionaries(
        {}, optional={"id": values, "function": st.fixed_dictionaries({"name": values, "arguments": values})}
    ),
    max_size=2,
)
keys = ("name", "tool_call_id", "weight", "reasoning_content", "function_call", "from", "value")
turns = st.fixed_dictionaries(
    {"role": roles, "content": values},
    optional={"tool_calls": calls | values, **dict.fromkeys(keys, values)},
)
cells = values | turns | st.lists(turns, max_size=3)
columns = (
    *("instruction", "input", "output", "history", "system", "messages", "conversations", "tools", "label"),
    *("prompt", "completion", "chosen", "rejected", "text", "images", "kto_tag", "functions", "a", "b"),
)
records = st.dictionaries(st.sampled_from(columns), cells, max_size=6)
mappings = st.builds(
    Mapping,
    st.sampled_from(FORMATTINGS),
    st.booleans(),
    st.dictionaries(st.sampled_from(list(COLUMN_KEYS)), st.sampled_from(columns)).map(
        lambda pairs: tuple(pairs.items())
    ),
    st.dictionaries(st.sampled_from(list(TAG_KEYS)), st.sampled_from(["role", "content", "user", "gpt"])).map(
        lambda pairs: tuple(pairs.items())
    ),
    st.lists(st.sampled_from(columns), max_size=2).map(tuple),
)


@settings(max_examples=400)
@given(records, mappings)
def test_any_row_is_read_or_refused_in_a_sentence(record: dict[str, Any], mapping: Mapping) -> None:
    for format_ in (*FORMATS.values(), mapped_format(mapping)):
        format_.fits(record)
        try:
            conversation = format_.read(record, 3)
        except RowProblem as problem:
            assert str(problem)
        else:
            assert conversation.row == 3
            assert conversation.text is not None or conversation.messages
            assert list(conversation.strings())
    assert Mapping.from_entry(mapping.as_entry()) == mapping
    if mapping.columns or mapping.tags:
        assert mapping.format in FORMATS


@settings(max_examples=200)
@given(st.lists(records | values, max_size=4))
def test_a_guess_can_be_used(rows: list[Any]) -> None:
    detect_format(rows)
    mapping = suggest([], rows)
    there = {name for row in rows if isinstance(row, dict) for name in row}
    assert missing_columns(mapping, there) is None
    if not incomplete(mapping):
        assert parse_mapping(mapping_text(mapping)) == mapping
