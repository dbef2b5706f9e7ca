"""What the screen paints of a row is what the trainer's batches hold of it, in every format."""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transformers import PreTrainedTokenizerBase

from workbench.data.conversation import Conversation, Message
from workbench.data.dataset import Dataset
from workbench.data.formats.mapping import parse_mapping
from workbench.data.opening import open_dataset
from workbench.data.prepare import prepare
from workbench.data.registry import add_entry
from workbench.data.tokens.encode import encode
from workbench.data.tokens.encoded import NO_LOSS, Encoded, RowDropped
from workbench.data.tokens.paint import paint
from workbench.errors import WorkbenchError
from workbench.recipe.schema import Recipe
from workbench.training.batches import ORIGIN, collator

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LLAMA3 = (
    "{{ '<s>' }}{% for m in messages %}{{ '<|header|>' + m.role + '<|header|>\n\n' }}"
    "{{ m.content | trim + '<|eot|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|header|>assistant<|header|>\n\n' }}{% endif %}"
)
# Old thoughts are dropped: they stay in the turns behind the last question, and the last turn has some.
THINKING = (
    "{% set ns = namespace(asked=-1) %}{% for m in messages %}{% if m.role == 'user' %}"
    "{% set ns.asked = loop.index0 %}{% endif %}{% endfor %}"
    "{% if tools %}{{ '<|im_start|>system\n' + (tools | tojson) + '<|im_end|>\n' }}{% endif %}"
    "{% for m in messages %}{% if m.role == 'assistant' %}"
    "{% set said = m.content.split('</think>')[-1].lstrip('\n') if '</think>' in m.content else m.content %}"
    "{% set thought = m.content.split('</think>')[0].split('<think>')[-1].strip('\n') "
    "if '</think>' in m.content else '' %}"
    "{{ '<|im_start|>assistant\n' }}"
    "{% if loop.index0 > ns.asked and (loop.last or thought) %}"
    "{{ '<think>\n' + thought + '\n</think>\n\n' }}{% endif %}{{ said }}"
    "{% for c in m.tool_calls or [] %}{{ '\n<tool_call>\n' }}"
    "{{ {'name': c.function.name, 'arguments': c.function.arguments} | tojson }}"
    "{{ '\n</tool_call>' }}{% endfor %}{{ '<|im_end|>\n' }}"
    "{% elif m.role == 'tool' %}{% if loop.index0 == 0 or messages[loop.index0 - 1].role != 'tool' %}"
    "{{ '<|im_start|>user' }}{% endif %}{{ '\n<tool_response>\n' + m.content + '\n</tool_response>' }}"
    "{% if loop.last or messages[loop.index0 + 1].role != 'tool' %}{{ '<|im_end|>\n' }}{% endif %}"
    "{% else %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
NO_SYSTEM = (
    "{{ '<s>' }}{% if messages[0].role == 'system' %}{{ raise_exception('System role not supported') }}"
    "{% endif %}{% for m in messages %}{% if (m.role == 'user') != (loop.index0 % 2 == 0) %}"
    "{{ raise_exception('Roles must alternate') }}{% endif %}"
    "{{ '<|im_start|>' + ('model' if m.role == 'assistant' else m.role) + '\n' + m.content | trim }}"
    "{{ '<|im_end|>\n' }}{% endfor %}{% if add_generation_prompt %}{{ '<|im_start|>model\n' }}{% endif %}"
)
TOOLS = (
    "{% if tools %}{{ '<|system|>' + (tools | tojson) + '<|end|>' }}{% endif %}"
    "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}"
    "{% for c in m.tool_calls or [] %}"
    "{{ '<tool_call>' + c.function.name + (c.function.arguments | tojson) + '</tool_call>' }}{% endfor %}"
    "{{ '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)
TEMPLATES = {
    **{"chatml": CHATML, "llama3": LLAMA3, "thinking": THINKING, "no-system": NO_SYSTEM, "tools": TOOLS}
}


@dataclass
class Row:
    """A row of a file, and what of it is to be learned: the contents of its answers, in order."""

    value: Any
    learned: list[str] = field(default_factory=list)
    good: bool = True


readable = st.characters(max_codepoint=0x2FFFF, exclude_categories=["Cs", "Cc", "Co", "Cn"])
tricky = st.sampled_from(
    [
        *(
            "电极导线",
            "\n",
            " ",
            "<|im_end|>",
            "<|im_start|>assistant\n",
            "</s>",
            "<|eot|>",
            "😀",
            "é",
            "\u200d",
        ),
        *("<think>\nhm\n</think>\n\n", "</think>", "<tool_call>", "{{name}}", "[/markup]", "\ufffd", "x"),
    ]
)
contents = st.lists(st.text(readable, max_size=8) | tricky, max_size=4).map("".join)
said = contents.filter(lambda text: bool(text.strip()))
# A list of turns in a CSV or a history may hold anything, and alpaca's columns are joined by a line break.
names = st.sampled_from(["f", "get_weather", "查询"])
arguments = st.dictionaries(st.sampled_from(["x", "城市"]), st.integers() | said | st.none(), max_size=2)
tools = st.lists(
    st.fixed_dictionaries({"name": names, "parameters": st.just({"type": "object"})}), min_size=1, max_size=2
)
# The shares of rows that nobody can use.
rubbish = st.sampled_from([Row(None, good=False), Row({"nothing": 1}, good=False), Row(3, good=False)])


@st.composite
def alpaca(draw: st.DrawFn) -> Row:
    history = draw(st.lists(st.tuples(contents, said), max_size=2))
    value = {"instruction": draw(said), "output": draw(said)}
    if draw(st.booleans()):
        value |= {"input": draw(contents), "system": draw(contents)}
    if history or draw(st.booleans()):
        value |= {"history": [list(pair) for pair in history]}
    return Row(value, [answer for _, answer in history] + [value["output"]])


@st.composite
def rounds(draw: st.DrawFn, calls: str) -> tuple[list[tuple[str, Any]], list[str]]:
    """Turns (role, content), and what the model says; `calls` is how a call is written, if any are made."""
    turns: list[tuple[str, Any]] = []
    learned = []
    if draw(st.booleans()):
        turns.append(("system", draw(contents)))
    for _ in range(draw(st.integers(1, 3))):
        turns.append(("user", draw(contents)))
        if calls and draw(st.booleans()):
            made = [
                {"name": draw(names), "arguments": draw(arguments)} for _ in range(draw(st.integers(1, 2)))
            ]
            turns.append(("calls", made))
            learned.append(json.dumps(made if len(made) > 1 else made[0], ensure_ascii=False))
            turns += [("tool", draw(contents)) for _ in made]
        answer = draw(said)
        turns.append(("assistant", answer))
        learned.append(answer)
    return turns, learned


SHAREGPT_ROLES = {"system": "system", "user": "human", "assistant": "gpt", "tool": "observation"}


def sharegpt_turn(role: str, content: Any) -> dict[str, Any]:
    if role == "calls":
        calls = content if len(content) > 1 else content[0]
        return {"from": "function_call", "value": json.dumps(calls, ensure_ascii=False)}
    return {"from": SHAREGPT_ROLES[role], "value": content}


@st.composite
def sharegpt(draw: st.DrawFn) -> Row:
    turns, learned = draw(rounds("function_call"))
    value: dict[str, Any] = {"conversations": [sharegpt_turn(*turn) for turn in turns]}
    if draw(st.booleans()):
        value |= {"tools": json.dumps(draw(tools), ensure_ascii=False), "system": draw(contents)}
    return Row(value, learned)


def openai_turns(turns: list[tuple[str, Any]], as_parts: bool) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []
    for number, (role, content) in enumerate(turns):
        if role == "calls":
            calls = [
                {
                    "id": f"call_{number}_{index}",
                    "type": "function",
                    "function": {
                        "name": call["name"],
                        "arguments": json.dumps(call["arguments"], ensure_ascii=False),
                    },
                }
                for index, call in enumerate(content)
            ]
            messages.append({"role": "assistant", "content": None, "tool_calls": calls})
        elif as_parts:
            half = len(content) // 2
            parts = [{"type": "text", "text": part} for part in (content[:half], content[half:])]
            messages.append({"role": role, "content": parts})
        else:
            messages.append({"role": role, "content": content})
    return messages


@st.composite
def openai(draw: st.DrawFn) -> Row:
    turns, learned = draw(rounds("tool_calls"))
    messages = openai_turns(turns, draw(st.booleans()))
    value: dict[str, Any] = {"messages": messages}
    if draw(st.booleans()):
        value["tools"] = [{"type": "function", "function": tool} for tool in draw(tools)]
    return Row(value, learned)


@st.composite
def weighed(draw: st.DrawFn) -> Row:
    """OpenAI messages of which one answer weighs nothing."""
    turns, _ = draw(rounds(""))
    messages = openai_turns(turns, False)
    answers = [message for message in messages if message["role"] == "assistant"]
    last = answers[-1]
    for message in answers[:-1]:
        message["weight"] = draw(st.sampled_from([0, 1]))
    return Row({"messages": messages}, [m["content"] for m in answers if m is last or m["weight"]])


@st.composite
def prompt_completion(draw: st.DrawFn) -> Row:
    if draw(st.booleans()):
        value = {"prompt": draw(said), "completion": draw(said)}
        return Row(value, [value["completion"]])
    turns, _ = draw(rounds(""))
    messages = openai_turns(turns, False)
    return Row({"prompt": messages[:-1], "completion": messages[-1:]}, [messages[-1]["content"]])


@st.composite
def preference(draw: st.DrawFn) -> Row:
    turns, learned = draw(rounds(""))
    rejected = draw(said)
    kind = draw(st.sampled_from(["sharegpt", "prompt", "whole", "text"]))
    if kind == "text":
        value: dict[str, Any] = {"prompt": draw(said), "chosen": draw(said), "rejected": rejected}
        return Row(value, [value["chosen"]])
    if kind == "sharegpt":
        *asked, chosen = [sharegpt_turn(*turn) for turn in turns]
        other = sharegpt_turn("assistant", rejected)
        return Row({"conversations": asked, "chosen": chosen, "rejected": other}, learned)
    *asked, chosen = openai_turns(turns, False)
    other = {"role": "assistant", "content": rejected}
    if kind == "prompt":
        return Row({"prompt": asked, "chosen": [chosen], "rejected": [other]}, learned)
    return Row({"chosen": [*asked, chosen], "rejected": [*asked, other]}, learned)


@st.composite
def kto(draw: st.DrawFn) -> Row:
    label = draw(st.booleans())
    made: Row = draw(alpaca() | openai() | prompt_completion())
    if "completion" in made.value:
        made.learned = [made.value["completion"]] if isinstance(made.value["completion"], str) else []
        if not made.learned:
            turns = [*made.value["prompt"], *made.value["completion"]]
            made.learned = [turn["content"] for turn in turns if turn["role"] == "assistant"]
    made.value["label"] = label
    return Row(made.value, made.learned if label else [])


texts = said.map(lambda text: Row({"text": text, "meta": 1}, [text]))


@st.composite
def mapped(draw: st.DrawFn) -> Row:
    value = {"科室": draw(st.sampled_from(["内科", "外科"])), "title": draw(said), "ask": draw(contents)}
    value |= {"my answer": draw(said)}
    return Row(value, [value["my answer"]])


ROWS: dict[str, st.SearchStrategy[Row]] = {
    **{"alpaca": alpaca(), "sharegpt": sharegpt(), "openai": openai() | weighed()},
    **{"prompt-completion": prompt_completion(), "preference": preference(), "kto": kto(), "text": texts},
}


def write(folder: Path, name: str, rows: list[Row]) -> Path:
    """The rows in a file of the format `name`, with an entry in a registry where columns are mapped."""
    if name != "mapped":
        path = folder / "data.json"
        path.write_text("".join(json.dumps(row.value, ensure_ascii=False) + "\n" for row in rows))
        return path
    path = folder / "data.csv"
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0].value))
        writer.writeheader()
        writer.writerows(row.value for row in rows)
    mapping = parse_mapping("prompt=title query=ask 'response=my answer' label=科室")
    add_entry(folder / "dataset_info.json", "mine", path, mapping)
    return path


@pytest.fixture
def tokenizers(byte_tokenizer, smollm2_tokenizer) -> dict[str, PreTrainedTokenizerBase]:
    made = {name: byte_tokenizer(template) for name, template in TEMPLATES.items()}
    return {**made, "smollm2": smollm2_tokenizer}


def screen(
    dataset: Dataset, row: int, tokenizer: Any, options: dict[str, Any]
) -> tuple[list[int], list[int]]:
    """The ids and labels of a row as they are painted, in front of the cut.

    Raises:
        RowDropped: the row is not trained.
    """
    encoded = encode(dataset.conversation(row), tokenizer, **options)
    ids: list[int] = []
    labels: list[int] = []
    for piece in paint(encoded, tokenizer):
        if not piece.cut:
            ids += piece.ids
            labels += piece.ids if piece.trained else [NO_LOSS] * len(piece.ids)
    return ids, labels


def check(
    path: Path, format: str, rows: list[Row], tokenizer: Any, options: dict[str, Any], batch_size: int
) -> None:
    dataset = open_dataset(path)
    assert dataset.format == format
    assert [row in dataset.good_rows for row in range(1, len(rows) + 1)] == [row.good for row in rows]
    painted, dropped = {}, {bad.row: bad.reason for bad in dataset.bad_rows}
    for row in dataset.good_rows:
        try:
            painted[row] = screen(dataset, row, tokenizer, options)
        except RowDropped as drop:
            dropped[row] = drop.reason
    try:
        prepared = prepare(Recipe(dataset=str(path), **options), tokenizer)
    except WorkbenchError:
        assert not painted
        return
    assert {bad.row: bad.reason for bad in prepared.dropped} == dropped
    assert [row.row for row in prepared.train] == list(painted)
    collate = collator(pad_token_id=7)
    for first in range(0, len(prepared.train), batch_size):
        batch = collate(prepared.train[first : first + batch_size])
        assert set(batch) == {"input_ids", "attention_mask", "labels", ORIGIN}
        width = batch["input_ids"].shape[1]
        for index, row in enumerate(batch[ORIGIN].rows):
            ids, labels = painted[row]
            padding = width - len(ids)
            assert batch["input_ids"][index].tolist() == ids + [7] * padding
            assert batch["labels"][index].tolist() == labels + [NO_LOSS] * padding
            assert batch["attention_mask"][index].tolist() == [1] * len(ids) + [0] * padding


common = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
options_drawn = st.fixed_dictionaries(
    {
        "cutoff_len": st.sampled_from([24, 60, 150, 4_000]),
        "cutoff_policy": st.sampled_from(["truncate", "drop"]),
        "train_on_prompt": st.booleans(),
        "mask_history": st.booleans(),
    }
)


@pytest.mark.parametrize("name", ROWS)
@common
@given(st.data())
def test_what_is_painted_is_what_is_trained(name: str, tokenizers, data: st.DataObject) -> None:
    rows = data.draw(st.lists(ROWS[name], min_size=2, max_size=5))
    # At least half of the rows have to look like the format, or it is not found.
    for bad in data.draw(st.lists(rubbish, max_size=1)):
        rows.insert(data.draw(st.integers(0, len(rows))), bad)
    tokenizer = tokenizers[data.draw(st.sampled_from(sorted(tokenizers)))]
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), name, rows)
        check(path, name, rows, tokenizer, data.draw(options_drawn), data.draw(st.integers(1, 3)))


@common
@given(st.data())
def test_a_mapped_table_is_painted_as_it_is_trained(tokenizers, data: st.DataObject) -> None:
    rows = data.draw(st.lists(mapped(), min_size=2, max_size=5))
    tokenizer = tokenizers[data.draw(st.sampled_from(sorted(tokenizers)))]
    with tempfile.TemporaryDirectory() as folder:
        path = write(Path(folder), "mapped", rows)
        check(path, "alpaca", rows, tokenizer, data.draw(options_drawn), data.draw(st.integers(1, 3)))


@pytest.mark.parametrize("name", [*ROWS, "mapped"])
@common
@given(st.data())
def test_learned_are_the_answers_and_their_ends(name: str, tokenizers, data: st.DataObject) -> None:
    """ChatML writes every content as it is, so what is to be learned can be said beforehand."""
    rows = data.draw(st.lists(ROWS.get(name, mapped()), min_size=2, max_size=3))
    tokenizer = tokenizers["chatml"]
    end = "</s>" if name == "text" else "<|im_end|>"
    with tempfile.TemporaryDirectory() as folder:
        dataset = open_dataset(write(Path(folder), name, rows))
        for number, row in enumerate(rows, start=1):
            try:
                encoded = encode(dataset.conversation(number), tokenizer, cutoff_len=100_000)
            except RowDropped as dropped:
                assert dropped.reason == "its answer is labelled as not wanted" and not row.learned
                continue
            spoken = [
                tokenizer.decode(encoded.input_ids[span.start : span.end], skip_special_tokens=False)
                for span in encoded.spans
                if span.trained
            ]
            expected = [
                text if text.endswith("</s>") and end == "</s>" else text + end for text in row.learned
            ]
            assert spoken == expected
            if name == "mapped":
                asked = [part for part in (row.value["title"], row.value["ask"]) if part]
                opening = "<|im_start|>user\n" + "\n".join(asked) + "<|im_end|>\n"
                assert tokenizer.decode(encoded.input_ids).startswith(opening)


def trained(encoded: Encoded, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    return [
        tokenizer.decode(encoded.input_ids[span.start : span.end], skip_special_tokens=False)
        for span in encoded.spans
        if span.trained
    ]


def thought(about: str, answer: str) -> str:
    return f"<think>\n{about}\n</think>\n\n{answer}"


def test_old_thoughts_are_neither_read_nor_learned(tokenizers) -> None:
    tokenizer = tokenizers["thinking"]
    messages: list[Message] = []
    for number in range(3):
        messages += [Message("user", f"q{number}"), Message("assistant", thought(f"h{number}", f"A{number}"))]
    conversation = Conversation(tuple(messages), row=1)
    encoded = encode(conversation, tokenizer, cutoff_len=10_000)
    assert tokenizer.decode(encoded.input_ids) == (
        "<|im_start|>user\nq0<|im_end|>\n<|im_start|>assistant\nA0<|im_end|>\n"
        "<|im_start|>user\nq1<|im_end|>\n<|im_start|>assistant\nA1<|im_end|>\n"
        "<|im_start|>user\nq2<|im_end|>\n<|im_start|>assistant\n<think>\nh2\n</think>\n\nA2<|im_end|>\n"
    )
    last = "<think>\nh2\n</think>\n\nA2<|im_end|>"
    assert trained(encoded, tokenizer) == ["A0<|im_end|>", "A1<|im_end|>", last]
    only_last = encode(conversation, tokenizer, cutoff_len=10_000, mask_history=True)
    assert trained(only_last, tokenizer) == [last]


def test_thoughts_between_calls_stay_in_the_exchange_that_they_belong_to(tokenizers) -> None:
    tokenizer = tokenizers["thinking"]
    call = '{"name": "f", "arguments": {"x": 1}}'
    messages = (
        Message("system", "S"),
        Message("user", "q0"),
        Message("function_call", call, preface=thought("old", "")),
        Message("tool", "o0"),
        Message("assistant", thought("older", "A0")),
        Message("user", "q1"),
        Message("function_call", call, preface=thought("new", "Let me see.")),
        Message("tool", "o1"),
        Message("tool", "o2"),
        Message("assistant", "A1"),
    )
    encoded = encode(Conversation(messages, 1, tools='[{"name": "f"}]'), tokenizer, cutoff_len=10_000)
    written = "<tool_call>\n" + call + "\n</tool_call>"
    assert trained(encoded, tokenizer) == [
        f"\n{written}<|im_end|>",
        "A0<|im_end|>",
        f"<think>\nnew\n</think>\n\nLet me see.\n{written}<|im_end|>",
        "<think>\n\n</think>\n\nA1<|im_end|>",
    ]
    text = tokenizer.decode(encoded.input_ids)
    assert "old" not in text and text.count("<tool_response>") == 3


def test_a_template_without_system_messages_drops_rows_and_says_so(tokenizers, tmp_path: Path) -> None:
    rows = [{"instruction": "q", "output": "a"}, {"instruction": "q", "output": "a", "system": "s"}]
    path = tmp_path / "data.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    prepared = prepare(Recipe(dataset=str(path)), tokenizers["no-system"])
    assert [(bad.row, bad.reason) for bad in prepared.dropped] == [
        (2, "the chat template refuses it: System role not supported")
    ]
    assert [row.row for row in prepared.train] == [1]
