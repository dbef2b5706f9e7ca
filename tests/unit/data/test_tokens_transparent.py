"""Templates that need not be rendered for each row, and what proves it."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_data_labels import LLAMA3, MISTRAL, NO_END, ONLY_LAST_ENDS, PHI, REASONING, TOOLS
from test_tokens_reasoning import LAST_QUESTION, NO_THOUGHT

from workbench.data.tokens.transparent import Skeletons

LOOP = "{% for m in messages %}"
SYSTEM_FIRST = (
    "{% if messages[0].role == 'system' %}{% set said = messages[0]['content'] | trim %}"
    "{% set rest = messages[1:] %}{% else %}{% set said = '' %}{% set rest = messages %}{% endif %}"
    "{{ bos_token + said }}{% for m in rest %}{{ m['role'] ~ ':' ~ m['content'].__str__ }}{% endfor %}"
)
OLD_LLAMA = SYSTEM_FIRST.replace(".__str__", "")
OPEN = [LLAMA3, MISTRAL, PHI, NO_END, ONLY_LAST_ENDS, TOOLS, OLD_LLAMA]
CLOSED = [
    REASONING,
    LAST_QUESTION,
    NO_THOUGHT,
    SYSTEM_FIRST,
    LOOP + "{{ m.content.split('x')[0] }}{% endfor %}",
    LOOP + "{{ m.content | upper }}{% endfor %}",
    LOOP + "{{ m.content | length }}{% endfor %}",
    LOOP + "{{ m.content[0] }}{% endfor %}",
    LOOP + "{% if m.content == 'a' %}!{% endif %}{{ m.content }}{% endfor %}",
    LOOP + "{% if 'a' in m.content %}!{% endif %}{{ m.content }}{% endfor %}",
    LOOP + "{% set said = m.content %}{% if said == 'a' %}!{% endif %}{{ said }}{% endfor %}",
    LOOP + "{% set other = m %}{{ other.content | upper }}{% endfor %}",
    LOOP + "{{ m | tojson }}{% endfor %}",
    LOOP + "{{ m.get('content') | upper }}{% endfor %}",
    LOOP + "{{ m.items() | list }}{% endfor %}",
    LOOP + "{% for key in m %}{{ m[key] | upper }}{% endfor %}{% endfor %}",
    LOOP + "{% if loop.previtem and loop.previtem.content == 'a' %}!{% endif %}{% endfor %}",
    LOOP + "{% set b %}{{ m.content }}{% endset %}{{ b | upper }}{% endfor %}",
    LOOP + "{% filter upper %}{{ m.content }}{% endfilter %}{% endfor %}",
    LOOP + "{{ 'no' if m.content == 'a' else m.content }}{% endfor %}",
    LOOP + "{{ '%s!' % m.content }}{{ m.content * 2 }}{% endfor %}",
    "{% macro f(x) %}{{ x | upper }}{% endmacro %}" + LOOP + "{{ f(m.content) }}{% endfor %}",
    "{% set ns = namespace(x='') %}" + LOOP + "{% set ns.x = m.content %}{% endfor %}{{ ns.x | upper }}",
    "{{ messages | map(attribute='content') | join | upper }}",
    "{{ strftime_now('%S') }}",
    "{% set a, b = messages[0].content, 1 %}{{ a | upper }}",
    "{% set x = [messages[0].content] %}{{ x[0] | upper }}",
    "{{ raise_exception(messages[0].content) }}",
    "{% for m in messages if m.content != 'a' %}{{ m.content }}{% endfor %}",
    "{% for m in messages | reverse %}{{ m.content | upper }}{% endfor %}",
    "{% include 'x' %}",
    "{% broken",
]


def rendered(tokenizer: Any, messages: list[dict[str, Any]], ask: bool) -> str:
    return str(tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=ask))


@pytest.mark.parametrize("template", OPEN)
def test_a_template_that_only_writes_contents_is_known_as_such(template: str) -> None:
    messages = [{"role": "user", "content": "q"}]
    assert Skeletons(template).text(messages, False, lambda marked: str(marked[0]["content"])) == "q"


@pytest.mark.parametrize("template", CLOSED)
def test_a_template_that_looks_into_contents_is_rendered_each_time(template: str) -> None:
    messages = [{"role": "user", "content": "q"}]
    assert Skeletons(template).text(messages, False, lambda marked: str(marked[0]["content"])) is None


contents = st.text(st.sampled_from("ab <>|{}%\n电\U000f0001\U00100001"), max_size=8)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.sampled_from(OPEN),
    st.lists(st.lists(contents, min_size=1, max_size=5), min_size=1, max_size=4),
    st.booleans(),
    st.booleans(),
)
def test_the_text_is_the_templates(
    byte_tokenizer, template: str, made: list[list[str]], ask: bool, system: bool
) -> None:
    tokenizer = byte_tokenizer(template)
    skeletons = Skeletons(template)
    for said in made:
        roles = ["system"] * system + ["user", "assistant"] * len(said)
        if system and template == MISTRAL:
            roles = roles[1:]
        messages = [{"role": role, "content": text} for role, text in zip(roles, said, strict=False)]
        known = skeletons.text(messages, ask, lambda marked: rendered(tokenizer, marked, ask))
        assert known is None or known == rendered(tokenizer, messages, ask)
        assert known is not None or any(not text or text != text.strip() for text in said)
