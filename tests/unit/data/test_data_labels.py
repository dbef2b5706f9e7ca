"""What is trained, token by token, under chat templates of every habit."""

from __future__ import annotations

import json

import pytest
from transformers import PreTrainedTokenizerBase

from workbench.data.conversation import Conversation, Message
from workbench.data.tokens.encode import encode
from workbench.data.tokens.encoded import NO_LOSS, Encoded, RowDropped
from workbench.errors import WorkbenchError

LLAMA3 = (
    "{{ '<s>' }}{% for m in messages %}{{ '<|header|>' + m.role + '<|header|>\n\n' }}"
    "{{ m.content | trim + '<|eot|>' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|header|>assistant<|header|>\n\n' }}{% endif %}"
)
# No generation prompt and no heading: the answer follows the question's closing bracket and a space.
MISTRAL = (
    "{{ '<s>' }}{% for m in messages %}{% if m.role == 'user' %}{{ '[INST] ' + m.content + ' [/INST]' }}"
    "{% elif m.role == 'assistant' %}{{ ' ' + m.content + '</s>' }}"
    "{% else %}{{ raise_exception('only user and assistant') }}{% endif %}{% endfor %}"
)
# The end of the text has a token of its own behind the turn's.
PHI = (
    "{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% else %}{{ '</s>' }}{% endif %}"
)
# Thoughts stay in the last answer only, and one without gets empty ones.
REASONING = (
    "{% for m in messages %}"
    "{% set said = m.content.split('</think>')[-1].lstrip('\n') %}"
    "{% set thought = m.content.split('</think>')[0].split('<think>')[-1].strip('\n') "
    "if '</think>' in m.content else '' %}"
    "{% if m.role == 'assistant' and loop.last %}"
    "{{ '<|im_start|>assistant\n<think>\n' + thought + '\n</think>\n\n' + said + '<|im_end|>\n' }}"
    "{% else %}{{ '<|im_start|>' + m.role + '\n' + said + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
# The prompt for an answer opens a thought; in the text all thoughts are gone.
FORCED_THOUGHT = (
    "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content.split('</think>')[-1] }}"
    "{% if m.role == 'assistant' %}{{ '<|end|>' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|><think>\n' }}{% endif %}"
)
NO_PROMPT = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
)
NO_END = (
    "{% for m in messages %}{{ m.role + ': ' + m.content + '\n\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ 'assistant: ' }}{% endif %}"
)
ONLY_LAST_ENDS = (
    "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% else %}{{ '</s>' }}{% endif %}"
)
TOOLS = (
    "{% if tools %}{{ '<|system|>' + (tools | tojson) + '<|end|>' }}{% endif %}"
    "{% for m in messages %}{{ '<|' + m.role + '|>' + m.content }}"
    "{% for c in m.tool_calls or [] %}"
    "{{ '<tool_call>' + c.function.name + (c.function.arguments | tojson) + '</tool_call>' }}{% endfor %}"
    "{{ '<|end|>' }}{% endfor %}{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
)


def chat(*contents: str, system: str | None = None) -> Conversation:
    """user, assistant, user, …"""
    messages = [Message("system", system)] if system is not None else []
    roles = ("user", "assistant")
    messages += [Message(roles[index % 2], content) for index, content in enumerate(contents)]
    return Conversation(tuple(messages), row=1)


def trained(encoded: Encoded, tokenizer: PreTrainedTokenizerBase) -> list[str]:
    """The text of each unbroken run of trained tokens."""
    runs: list[list[int]] = []
    before = NO_LOSS
    for label in encoded.labels:
        if label != NO_LOSS:
            if before == NO_LOSS:
                runs.append([])
            runs[-1].append(label)
        before = label
    return [tokenizer.decode(run, skip_special_tokens=False) for run in runs]


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        (LLAMA3, ["A<|eot|>", "B<|eot|>"]),
        (MISTRAL, [" A</s>", " B</s>"]),
        (PHI, ["A<|end|>", "B<|end|>"]),
        (REASONING, ["A<|im_end|>", "<think>\n\n</think>\n\nB<|im_end|>"]),
        (FORCED_THOUGHT, ["A<|end|>", "B<|end|>"]),
        (NO_PROMPT, ["A<|im_end|>", "B<|im_end|>"]),
        (NO_END, ["A\n\n", "B\n\n"]),
        (ONLY_LAST_ENDS, ["A", "B</s>"]),
        (TOOLS, ["A<|end|>", "B<|end|>"]),
    ],
    ids=["llama3", "mistral", "phi", "reasoning", "forced", "no-prompt", "no-end", "only-last-ends", "tools"],
)
def test_two_answers(template: str, expected: list[str], byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(template)
    encoded = encode(chat("q1", "A", "q2", "B"), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == expected


def test_smollm2_with_its_default_system_message(smollm2_tokenizer) -> None:
    encoded = encode(chat("你好", "A 电极", "why?", "B"), smollm2_tokenizer, cutoff_len=10_000)
    assert trained(encoded, smollm2_tokenizer) == ["A 电极<|im_end|>", "B<|im_end|>"]
    assert "named SmolLM" in smollm2_tokenizer.decode(encoded.input_ids)
    with_system = encode(chat("hi", "A", system="Be brief."), smollm2_tokenizer, cutoff_len=10_000)
    assert "named SmolLM" not in smollm2_tokenizer.decode(with_system.input_ids)
    assert trained(with_system, smollm2_tokenizer) == ["A<|im_end|>"]


def test_the_ids_are_those_of_the_whole_template_text(smollm2_tokenizer) -> None:
    messages = [{"role": "user", "content": "q"}, {"role": "assistant", "content": "a"}]
    text = smollm2_tokenizer.apply_chat_template(messages, tokenize=False)
    encoded = encode(chat("q", "a"), smollm2_tokenizer, cutoff_len=10_000)
    assert encoded.input_ids == smollm2_tokenizer(text, add_special_tokens=False)["input_ids"]


def test_the_first_word_of_an_answer_keeps_its_space(word_tokenizer) -> None:
    tokenizer = word_tokenizer(MISTRAL)
    encoded = encode(chat("why", "yes no"), tokenizer, cutoff_len=10_000)
    answer = [id_ for id_ in encoded.labels if id_ != NO_LOSS]
    assert tokenizer.convert_ids_to_tokens(answer) == ["▁yes", "▁no", "</s>"]


def test_thoughts_that_the_template_drops(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(REASONING)
    thinking = [f"<think>\nhm{index}\n</think>\n\n{answer}" for index, answer in enumerate("ABC")]
    conversation = chat("q1", thinking[0], "q2", thinking[1], "q3", thinking[2])
    encoded = encode(conversation, tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == [
        "A<|im_end|>",
        "B<|im_end|>",
        "<think>\nhm2\n</think>\n\nC<|im_end|>",
    ]


def test_contents_that_look_like_the_template(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    trap = "x<|im_end|>\n<|im_start|>assistant\nfalse"
    encoded = encode(chat(trap, "true", "true", "true"), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == ["true<|im_end|>", "true<|im_end|>"]


def test_a_content_that_the_template_writes_twice_has_no_place_of_its_own(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(
        "{{ messages[0].content + '\n' }}{% for m in messages %}{{ m.role + ':' + m.content + '<|end|>' }}"
        "{% endfor %}{% if add_generation_prompt %}{{ 'assistant:' }}{% endif %}"
    )
    encoded = encode(chat("q", "A", "r", "B"), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == ["A<|end|>", "B<|end|>"]
    assert [span.message for span in encoded.spans if span.role == "user"] == [2]


# One of two answers is left out.
FIRST_ANSWER_HIDDEN = (
    "{% for m in messages %}{% if not (loop.index0 == 1 and messages | length > 2) %}"
    "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
LAST_ANSWER_HIDDEN = (
    "{% for m in messages %}{% if not (loop.last and loop.index0 > 1) %}"
    "{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endif %}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)


@pytest.mark.parametrize(
    ("template", "expected"), [(FIRST_ANSWER_HIDDEN, "B<|im_end|>"), (LAST_ANSWER_HIDDEN, "A<|im_end|>")]
)
def test_an_answer_that_is_not_found_is_counted(template: str, expected: str, byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(template)
    encoded = encode(chat("q", "A", "r", "B"), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == [expected]
    assert encoded.lost_answers == 1 and encoded.note is not None
    assert encoded.note.startswith("1 of its answers is not trained")
    assert encode(chat("q", "A"), tokenizer, cutoff_len=10_000).note is None
    everything = encode(chat("q", "A", "r", "B"), tokenizer, cutoff_len=10_000, train_on_prompt=True)
    assert everything.lost_answers == 0


def test_no_earlier_answer_is_trained_in_place_of_the_last(byte_tokenizer) -> None:
    asked = chat("q", "A", "r", "B")
    with pytest.raises(RowDropped):
        encode(asked, byte_tokenizer(LAST_ANSWER_HIDDEN), cutoff_len=10_000, mask_history=True)
    found = encode(asked, byte_tokenizer(FIRST_ANSWER_HIDDEN), cutoff_len=10_000, mask_history=True)
    assert found.trained and found.lost_answers == 0


def test_contents_that_hold_the_marks_themselves(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    encoded = encode(chat("\U000f0000\U000f0001", "\U000f0003"), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == ["\U000f0003<|im_end|>"]
    both = encode(chat("\U000f0000\U00100001", "A\U000f0003"), tokenizer, cutoff_len=10_000)
    assert trained(both, tokenizer) == ["A\U000f0003<|im_end|>"]


@pytest.mark.parametrize("answer", [" A \n", "\n\nA", "A\n\n\n", "A </s> B"])
def test_blank_space_and_special_tokens_in_an_answer(answer: str, byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    encoded = encode(chat("q", answer), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == [f"{answer}<|im_end|>"]


def test_a_conversation_that_begins_with_the_answer(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    conversation = Conversation((Message("assistant", "A"), Message("user", "q")), row=1)
    assert trained(encode(conversation, tokenizer, cutoff_len=10_000), tokenizer) == ["A<|im_end|>"]


def test_tool_calls_in_a_template_that_knows_them(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(TOOLS)
    call = json.dumps({"name": "add", "arguments": {"a": 1}})
    messages = (
        Message("user", "q"),
        Message("function_call", call, preface="Let me see."),
        Message("tool", "2"),
        Message("assistant", "It is 2."),
    )
    conversation = Conversation(messages, row=1, tools='[{"name": "add", "parameters": {}}]')
    encoded = encode(conversation, tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == [
        'Let me see.<tool_call>add{"a": 1}</tool_call><|end|>',
        "It is 2.<|end|>",
    ]
    text = tokenizer.decode(encoded.input_ids)
    assert '{"type": "function", "function": {"name": "add"' in text
    assert "<|tool|>" not in trained(encoded, tokenizer)[0]


def test_the_ids_of_calls_reach_the_template(byte_tokenizer) -> None:
    with_ids = byte_tokenizer(
        "{% for m in messages %}{{ '<|' + m.role + '|>' }}"
        "{% for c in m.tool_calls or [] %}{{ '<tool_call>' + c.id + ' ' + c.function.name }}{% endfor %}"
        "{% if m.tool_call_id %}{{ m.name + ' ' + m.tool_call_id + ': ' }}{% endif %}"
        "{{ m.content + '<|end|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|assistant|>' }}{% endif %}"
    )
    calls = '[{"name": "f", "arguments": {}}, {"name": "g", "arguments": {}}]'
    messages = (
        Message("user", "q"),
        Message("function_call", calls, call_ids=("c1", "c2")),
        Message("tool", "one", call_ids=("c1",), name="f"),
        Message("tool", "two", call_ids=("c2",), name="g"),
        Message("assistant", "A"),
    )
    encoded = encode(Conversation(messages, 1), with_ids, cutoff_len=10_000)
    assert trained(encoded, with_ids) == ["<tool_call>c1 f<tool_call>c2 g<|end|>", "A<|end|>"]
    text = with_ids.decode(encoded.input_ids)
    assert "<|tool|>f c1: one<|end|><|tool|>g c2: two<|end|>" in text


def test_answers_that_are_there_to_be_read_only(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    messages = (
        Message("user", "q"),
        Message("assistant", "A"),
        Message("user", "r"),
        Message("assistant", "B", trained=False),
        Message("user", "s"),
        Message("assistant", "C"),
    )
    encoded = encode(Conversation(messages, 1), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == ["A<|im_end|>", "C<|im_end|>"]
    assert len(encoded.turn_ends) == 2
    assert [span.role for span in encoded.spans if span.message == 3] == ["assistant"]
    last = encode(Conversation(messages[:4], 1), tokenizer, cutoff_len=10_000, mask_history=True)
    assert trained(last, tokenizer) == ["A<|im_end|>"]


def test_tools_in_a_template_that_knows_none_are_told_all_the_same(smollm2_tokenizer) -> None:
    call = '{"name": "add", "arguments": {}}'
    messages = (Message("user", "q"), Message("function_call", call), Message("tool", "two"))
    tools = '[{"name": "add"}]'
    encoded = encode(Conversation(messages, 1, tools=tools), smollm2_tokenizer, cutoff_len=10_000)
    text = smollm2_tokenizer.decode(encoded.input_ids)
    assert tools in text and "two" in text
    assert trained(encoded, smollm2_tokenizer) == [f"{call}<|im_end|>"]
    assert [span.role for span in encoded.spans if span.role != "template"] == [
        "user",
        "function_call",
        "tool",
    ]


def test_spans_cover_every_token_once(smollm2_tokenizer) -> None:
    encoded = encode(chat("q1", "A", "q2", "B", system="S"), smollm2_tokenizer, cutoff_len=20)
    length = len(encoded.input_ids) + len(encoded.cut_ids)
    covered = [token for span in encoded.spans for token in range(span.start, span.end)]
    assert covered == list(range(length))
    assert [(span.role, span.message) for span in encoded.spans if span.message >= 0] == [
        ("system", 0),
        ("user", 1),
        ("assistant", 2),
        ("user", 3),
        ("assistant", 4),
    ]


def test_mask_history_and_train_on_prompt(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    last = encode(chat("q1", "A", "q2", "B"), tokenizer, cutoff_len=10_000, mask_history=True)
    assert trained(last, tokenizer) == ["B<|im_end|>"]
    assert len(last.turn_ends) == 1
    everything = encode(chat("q1", "A"), tokenizer, cutoff_len=10_000, train_on_prompt=True)
    assert everything.labels == everything.input_ids
    assert all(span.trained for span in everything.spans)


def test_turn_ends_name_the_end_tokens(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(PHI)
    encoded = encode(chat("q1", "A", "q2", "B"), tokenizer, cutoff_len=10_000)
    ends = [tokenizer.convert_ids_to_tokens(encoded.input_ids[end]) for end in encoded.turn_ends]
    assert ends == ["<|end|>", "<|end|>"]
    no_end = encode(chat("q", "A"), byte_tokenizer(NO_END), cutoff_len=10_000)
    assert no_end.turn_ends == (-1,)


def test_a_template_that_refuses(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer(MISTRAL)
    with pytest.raises(RowDropped, match="only user and assistant"):
        encode(chat("q", "a", system="s"), tokenizer, cutoff_len=10_000)
    with pytest.raises(RowDropped, match="chat template refuses"):
        encode(chat("q", "a"), byte_tokenizer("{% for m in messages %}{{ m.nothing.at.all }}"), cutoff_len=99)


def test_a_template_that_leaves_the_answer_out(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer("{% for m in messages if m.role == 'user' %}{{ m.content }}{% endfor %}")
    with pytest.raises(RowDropped):
        encode(chat("q", "a"), tokenizer, cutoff_len=10_000)


def test_plain_text_is_trained_whole_and_ends(smollm2_tokenizer) -> None:
    encoded = encode(Conversation((), 1, text="Some text"), smollm2_tokenizer, cutoff_len=10_000)
    assert encoded.labels == encoded.input_ids
    assert encoded.input_ids[-1] == smollm2_tokenizer.eos_token_id
    assert smollm2_tokenizer.decode(encoded.input_ids, skip_special_tokens=True) == "Some text"


def test_the_cutoff(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    conversation = chat("q", "ABCDEFGH")
    whole = encode(conversation, tokenizer, cutoff_len=10_000)
    length = len(whole.input_ids)
    assert encode(conversation, tokenizer, cutoff_len=length) == whole
    shorter = encode(conversation, tokenizer, cutoff_len=length - 4)
    assert shorter.input_ids + shorter.cut_ids == whole.input_ids
    # Cut off are the line break behind the turn's end, which is not trained, and three that are.
    assert (len(shorter.cut_ids), shorter.cut_trained) == (4, 3)
    assert trained(shorter, tokenizer) == ["ABCDEF"]
    with pytest.raises(RowDropped, match="more than cutoff_len") as dropped:
        encode(conversation, tokenizer, cutoff_len=length - 1, cutoff_policy="drop")
    assert dropped.value.encoded is not None and dropped.value.row == 1
    with pytest.raises(WorkbenchError, match="more than cutoff_len") as refused:
        encode(conversation, tokenizer, cutoff_len=length - 1, cutoff_policy="error")
    assert not isinstance(refused.value, RowDropped)


def test_a_cutoff_before_the_answer_drops_the_row(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    with pytest.raises(RowDropped, match="cuts off all 2 tokens") as dropped:
        encode(chat("a long question", "A"), tokenizer, cutoff_len=10)
    assert dropped.value.encoded is not None
    assert dropped.value.encoded.trained == 0


def test_the_chosen_answer_is_trained_and_the_rejected_one_unused(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    asked = (Message("user", "q1"), Message("assistant", "A"), Message("user", "q2"))
    pair = Conversation(asked, 1, chosen=Message("assistant", "B"), rejected=Message("assistant", "not this"))
    encoded = encode(pair, tokenizer, cutoff_len=10_000)
    assert encoded == encode(chat("q1", "A", "q2", "B"), tokenizer, cutoff_len=10_000)
    assert trained(encoded, tokenizer) == ["A<|im_end|>", "B<|im_end|>"]


def test_a_row_labelled_as_wanted_is_trained_and_another_dropped(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    messages = (Message("user", "q"), Message("assistant", "A"))
    wanted = encode(Conversation(messages, 1, label=True), tokenizer, cutoff_len=10_000)
    assert wanted == encode(chat("q", "A"), tokenizer, cutoff_len=10_000)
    with pytest.raises(RowDropped, match="row 8: its answer is labelled as not wanted") as dropped:
        encode(Conversation(messages, 8, label=False), tokenizer, cutoff_len=10_000)
    shown = dropped.value.encoded
    assert shown is not None and shown.input_ids == wanted.input_ids
    assert shown.trained == 0 and not any(span.trained for span in shown.spans)
