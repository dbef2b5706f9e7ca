"""Masks under templates that write earlier turns differently once a turn is added."""

from __future__ import annotations

import pytest
from test_data_labels import chat, trained

from workbench.data.conversation import Conversation, Message
from workbench.data.tokens.encode import encode

# As Qwen3 does: thoughts stay behind the last question only, where the last answer has them even if empty;
# what tools return stands in a user's turn, several of them in one.
LAST_QUESTION = """\
{%- set ns = namespace(asked=messages | length - 1, looking=true) -%}
{%- for m in messages[::-1] -%}
    {%- if ns.looking and m.role == 'user' and not m.content.startswith('<tool_response>') -%}
        {%- set ns.looking = false -%}
        {%- set ns.asked = messages | length - 1 - loop.index0 -%}
    {%- endif -%}
{%- endfor -%}
{%- for m in messages -%}
    {%- if m.role == 'assistant' -%}
        {%- set said, thought = m.content or '', '' -%}
        {%- if '</think>' in said -%}
            {%- set thought = said.split('</think>')[0].split('<think>')[-1].strip('\\n') -%}
            {%- set said = said.split('</think>')[-1].lstrip('\\n') -%}
        {%- endif -%}
        {{- '<|im_start|>assistant\\n' -}}
        {%- if loop.index0 > ns.asked and (loop.last or thought) -%}
            {{- '<think>\\n' + thought + '\\n</think>\\n\\n' -}}
        {%- endif -%}
        {{- said -}}
        {%- for call in m.tool_calls or [] -%}
            {{- '\\n<tool_call>\\n' if said or not loop.first else '<tool_call>\\n' -}}
            {{- call.function | tojson + '\\n</tool_call>' -}}
        {%- endfor -%}
        {{- '<|im_end|>\\n' -}}
    {%- elif m.role == 'tool' -%}
        {%- if messages[loop.index0 - 1].role != 'tool' -%}{{- '<|im_start|>user' -}}{%- endif -%}
        {{- '\\n<tool_response>\\n' + m.content + '\\n</tool_response>' -}}
        {%- if loop.last or messages[loop.index0 + 1].role != 'tool' -%}{{- '<|im_end|>\\n' -}}{%- endif -%}
    {%- else -%}
        {{- '<|im_start|>' + m.role + '\\n' + m.content + '<|im_end|>\\n' -}}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}
    {{- '<|im_start|>assistant\\n' -}}
{%- endif -%}"""

# As DeepSeek-R1 does: no answer keeps its thoughts, and the prompt for one opens a thought.
NO_THOUGHT = """\
{%- set ns = namespace(system='') -%}
{%- for m in messages if m.role == 'system' -%}{%- set ns.system = m.content -%}{%- endfor -%}
{{- bos_token + ns.system -}}
{%- for m in messages -%}
    {%- if m.role == 'user' -%}{{- '<|user|>' + m.content -}}
    {%- elif m.role == 'assistant' and m.content is not none -%}
        {%- set said = m.content -%}
        {%- if '</think>' in said -%}{%- set said = said.split('</think>')[-1] -%}{%- endif -%}
        {{- '<|assistant|>' + said + eos_token -}}
    {%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|assistant|><think>\\n' -}}{%- endif -%}"""


def thinking(thought: str, said: str) -> str:
    return f"<think>\n{thought}\n</think>\n\n{said}"


def test_thoughts_behind_the_last_question_only(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(LAST_QUESTION)
    three = chat("q1", thinking("一", "A"), "q2", thinking("二", "B"), "q3", thinking("三", "C"), system="S")
    encoded = encode(three, tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == ["A<|im_end|>", "B<|im_end|>", thinking("三", "C<|im_end|>")]
    assert "一" not in tokenizer.decode(encoded.input_ids)
    last = encode(three, tokenizer, cutoff_len=10_000, mask_history=True)
    assert trained(last, tokenizer) == [thinking("三", "C<|im_end|>")]


def test_an_answer_without_thoughts_gets_empty_ones_where_it_is_last(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(LAST_QUESTION)
    encoded = encode(chat("q1", "A", "q2", "B"), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == ["A<|im_end|>", thinking("", "B<|im_end|>")]


@pytest.mark.parametrize("preface", ["", thinking("which tool?", "Let me add.")])
def test_thoughts_before_calls_stay_while_the_question_is_the_last(preface: str, byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(LAST_QUESTION)
    call = '{"name": "add", "arguments": {"a": 1}}'
    asked = (
        Message("user", "q"),
        Message("function_call", call, preface=preface),
        Message("tool", "2"),
        Message("tool", "3"),
        Message("assistant", thinking("so it is", "It is 2.")),
    )
    encoded = encode(Conversation(asked, 1, tools='[{"name": "add"}]'), tokenizer, cutoff_len=10_000)
    called = preface + ("\n" if preface else "") + f"<tool_call>\n{call}\n</tool_call><|im_end|>"
    assert trained(encoded, tokenizer) == [called, thinking("so it is", "It is 2.<|im_end|>")]

    more = (*asked, Message("user", "q2"), Message("assistant", "B"))
    encoded = encode(Conversation(more, 1, tools='[{"name": "add"}]'), tokenizer, cutoff_len=10_000)
    called = called.removeprefix(thinking("which tool?", ""))
    assert trained(encoded, tokenizer) == [called, "It is 2.<|im_end|>", thinking("", "B<|im_end|>")]
    assert len(encoded.turn_ends) == 3 and -1 not in encoded.turn_ends


def test_thoughts_that_no_answer_keeps(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(NO_THOUGHT)
    conversation = chat("q1", thinking("hm", "A"), "q2", "B", "q3", thinking("so", "C"), system="S")
    encoded = encode(conversation, tokenizer, cutoff_len=10_000)
    said = [text.lstrip("\n") for text in trained(encoded, tokenizer)]
    assert said == ["A</s>", "B</s>", "C</s>"]
    text = tokenizer.decode(encoded.input_ids)
    assert "<think>" not in text and text.startswith("<s>S<|user|>q1<|assistant|>")


@pytest.mark.parametrize("template", [LAST_QUESTION, NO_THOUGHT])
def test_what_is_not_trained_is_what_the_model_is_given(template: str, byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(template)
    encoded = encode(chat("q1", thinking("x", "A"), "q2", "B"), tokenizer, cutoff_len=10_000)
    context = tokenizer.decode(
        [id_ for id_, label in zip(encoded.input_ids, encoded.labels, strict=True) if label < 0]
    )
    for given in ("q1", "q2"):
        assert given in context
    assert "A" not in context and "B" not in context
