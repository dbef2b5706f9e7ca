"""The sample set: what it promises holds for every row."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from workbench.data.opening import open_dataset
from workbench.demo.sample_set import (
    HELD_OUT_FILE,
    TRAIN_FILE,
    has_two_lines,
    held_out_questions,
    language_of,
    packaged,
    write_samples,
)
from workbench.errors import WorkbenchError


def conversations(name: str) -> list[list[dict[str, str]]]:
    return [json.loads(line)["messages"] for line in packaged(name).decode("utf-8").splitlines()]


def said(name: str, role: str) -> list[str]:
    return [
        message["content"]
        for messages in conversations(name)
        for message in messages
        if message["role"] == role
    ]


def test_it_has_both_languages_in_both_parts() -> None:
    train = Counter(language_of(messages[-1]["content"]) for messages in conversations(TRAIN_FILE))
    held_out = Counter(language_of(messages[-1]["content"]) for messages in conversations(HELD_OUT_FILE))
    assert train == {"English": 116, "Chinese": 60}
    assert held_out == {"English": 14, "Chinese": 10}


def test_no_question_is_asked_twice_or_in_both_parts() -> None:
    asked = said(TRAIN_FILE, "user") + said(HELD_OUT_FILE, "user")
    assert [question for question, times in Counter(asked).items() if times > 1] == []


@pytest.mark.parametrize("name", [TRAIN_FILE, HELD_OUT_FILE])
def test_every_answer_has_the_two_lines_of_its_question_s_language_and_is_short(name: str) -> None:
    for messages in conversations(name):
        language = language_of(messages[-2]["content"])
        for message in messages:
            if message["role"] != "assistant":
                continue
            answer = message["content"]
            assert has_two_lines(answer, language), answer
            length = len(answer.split()) if language == "English" else len(answer)
            assert length <= (35 if language == "English" else 40), answer


def test_some_rows_have_a_system_message_and_some_have_two_turns() -> None:
    rows = conversations(TRAIN_FILE)
    assert sum(messages[0]["role"] == "system" for messages in rows) >= 25
    assert sum(sum(message["role"] == "user" for message in messages) == 2 for messages in rows) >= 10
    for messages in rows:
        roles = [message["role"] for message in messages if message["role"] != "system"]
        assert roles == ["user", "assistant"] * (len(roles) // 2)


@pytest.mark.parametrize(
    ("answer", "language", "expected"),
    [
        ("In short: Heat.\nWhy: It moves.", "English", True),
        (" In short: Heat.\nWhy: It moves.\n", "English", True),
        ("In short: Heat. Why: It moves.", "English", False),
        ("In short: Heat.\nWhy: It moves.\nWhy: Again.", "English", False),
        ("In short:\nWhy: It moves.", "English", False),
        ("简答：热。\n原因：它动。", "Chinese", True),
        ("简答：热。\n原因：", "Chinese", False),
        ("简答：热。\n原因：它动。", "English", False),
    ],
)
def test_the_form_is_told_apart(answer: str, language: str, expected: bool) -> None:
    assert has_two_lines(answer, language) is expected  # type: ignore[arg-type]


def test_written_files_open_as_openai_conversations_without_a_bad_row(home: Path) -> None:
    train, held_out = write_samples()
    assert train.parent == held_out.parent == home / "samples"
    for path, rows in ((train, 176), (held_out, 24)):
        dataset = open_dataset(path)
        assert (dataset.format, dataset.container) == ("openai", "JSON Lines")
        assert (dataset.rows, list(dataset.bad_rows)) == (rows, [])


def test_writing_again_mends_a_damaged_file(home: Path) -> None:
    train, _ = write_samples()
    train.write_text("half a li")
    assert write_samples()[0].read_bytes() == packaged(TRAIN_FILE)


def test_a_folder_that_cannot_be_made_is_a_sentence(home: Path) -> None:
    (home / "samples").write_text("a file is in the way")
    with pytest.raises(WorkbenchError, match=r"cannot be written"):
        write_samples()


def test_held_out_questions_of_both_languages_come_in_file_order() -> None:
    questions = held_out_questions()
    assert questions["English"][0][0] == "Why do we sweat?"
    assert questions["Chinese"][0][0] == "天空为什么是蓝色的？"


def test_one_pass_is_short_enough_for_two_cores(tiny_model: Path) -> None:
    from workbench.data.tokens.tokenizer import load_tokenizer

    tokenizer = load_tokenizer(tiny_model)
    tokens = sum(
        len(tokenizer.apply_chat_template(messages, return_dict=True)["input_ids"])
        for messages in conversations(TRAIN_FILE)
    )
    assert tokens <= 14_000  # 160 s at 85 tokens/s, a slow CPU's rate
