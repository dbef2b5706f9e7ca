"""Facts of rows, what is equal, what is wrong, which values a column has."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.data.conftest import write_json_lines
from workbench.data.conversation import Conversation, Message
from workbench.data.health.categories import CategoryCounter, merge, read_categories
from workbench.data.health.duplicates import find_duplicates, repeated, together
from workbench.data.health.facts import Facts, FactsColumns, Flag, RowFacts, facts_schema
from workbench.data.health.languages import LANGUAGES, language_of
from workbench.data.health.lengths import length_outliers, lengths_by_role
from workbench.data.health.near import NearDuplicates
from workbench.data.health.overlap import overlap
from workbench.data.health.report import findings, languages, near_finding
from workbench.data.health.row_facts import row_facts
from workbench.data.opening import open_dataset


def said(*turns: tuple[str, str], **more: object) -> RowFacts:
    """The facts of a conversation of (role, text)."""
    messages = tuple(Message(role, text) for role, text in turns)
    return row_facts({"messages": [list(turn) for turn in turns]}, Conversation(messages, 1, **more))  # type: ignore[arg-type]


def test_characters_are_counted_by_role() -> None:
    facts = said(
        ("system", "ab"), ("user", "中文字"), ("function_call", "{}"), ("tool", "1234"), ("assistant", "x"),
        tools='["t"]',
    )  # fmt: skip
    assert (facts.system_chars, facts.user_chars, facts.assistant_chars, facts.tool_chars) == (2, 3, 3, 9)
    assert (facts.text_chars, facts.turns, facts.flags) == (0, 5, 0)
    pair = Conversation(
        (Message("user", "q"),),
        1,
        chosen=Message("assistant", "good"),
        rejected=Message("assistant", "bad!!"),
    )
    assert row_facts({}, pair).assistant_chars == 4
    assert row_facts({"text": "words"}, Conversation((), 1, text="words")).text_chars == 5
    unknown = row_facts({"a": "12", "b": ["3", {"c": "45"}], "d": 6}, None)
    assert unknown.text_chars == 2 + 1 + 1 + 1 + 2 and not unknown.flags and unknown.row_hash


@pytest.mark.parametrize(
    ("order", "flags"),
    [
        ("ua", 0),
        ("sua", 0),
        ("uaua", 0),
        ("uftaua", 0),
        ("ufttfta", 0),
        ("uata", 0),
        ("uf", 0),
        ("usa", Flag.ROLE_ORDER),
        ("uua", Flag.ROLE_ORDER),
        ("uaa", Flag.ROLE_ORDER),
        ("au", Flag.ROLE_ORDER),
        ("uau", Flag.ROLE_ORDER),
        ("uta", Flag.ROLE_ORDER),
        ("ssua", Flag.ROLE_ORDER),
        ("sa", Flag.ONE_SIDED),
        ("a", Flag.ONE_SIDED),
        ("u", Flag.ONE_SIDED),
    ],
)
def test_the_order_of_roles(order: str, flags: int) -> None:
    roles = {"s": "system", "u": "user", "a": "assistant", "f": "function_call", "t": "tool"}
    assert said(*((roles[letter], "x") for letter in order)).flags == flags


def test_the_order_before_two_answers() -> None:
    answers = {"chosen": Message("assistant", "a"), "rejected": Message("assistant", "b")}
    assert said(("user", "q"), **answers).flags == 0
    assert said(("user", "q"), ("assistant", "a"), ("user", "q"), **answers).flags == 0
    assert said(("user", "q"), ("assistant", "a"), **answers).flags == Flag.ROLE_ORDER
    assert said(("system", "q"), **answers).flags == Flag.ONE_SIDED


UNSEEN = "\u061c\u200b\u200e\u200f\u202a\u202e\u2060\u2066\u2069\ufeff"
SEEN = "\u200c\u200d\u2010\u2029\u2061\u2065\u206a\ufefe“”…电"


@pytest.mark.parametrize(
    ("text", "flags"),
    [
        ("Hello {{name}}", Flag.PLACEHOLDER),
        ("你好{{姓名}}", Flag.PLACEHOLDER),
        ("{{ user.first-name }}", Flag.PLACEHOLDER),
        ("{name}", 0),
        ("x_{{1+2}}", 0),
        ('{"a": {"b": {}}}', 0),
        ("${{ secrets.TOKEN }}", 0),
        ("a\x07b", Flag.CONTROL),
        ("a\x7fb", Flag.CONTROL),
        ("\\(\x0crac{1}{2}\\)", Flag.CONTROL),
        ("â\x80\x94", Flag.CONTROL),
        ("tab\tand\r\nlines", 0),
        ("°C und ¿qué?", 0),
        *((f"a{sign}b", Flag.CONTROL) for sign in UNSEEN),
        *((f"a{sign}b", 0) for sign in SEEN),
        ("Caf\ufffd", Flag.REPLACEMENT),
        (" \n\t", Flag.EMPTY_TURN),
        ("", Flag.EMPTY_TURN),
        ("\x1b[31m\ufffd{{name}}", Flag.CONTROL | Flag.REPLACEMENT | Flag.PLACEHOLDER),
    ],
)
def test_flags_of_a_text(text: str, flags: int) -> None:
    assert said(("user", text), ("assistant", "fine")).flags == flags
    assert said(("user", "why"), ("assistant", text)).flags == flags
    if not flags & Flag.EMPTY_TURN:
        assert row_facts({"a": 1, "b": [text]}, None).flags == flags


def test_bad_rows_are_flagged() -> None:
    assert row_facts([1, 2], None) == RowFacts(0, 0, 0, 0, 0, 0, Flag.BAD, 0, 0, 0, 0)
    assert row_facts({"a": "x"}, None, bad=True).flags == Flag.BAD
    assert row_facts({"\ud800": "\ud800", "big": 2**70}, None, bad=True).row_hash


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "none"),
        ("123 ... !?", "none"),
        ("Plain English", "Latin"),
        ("Où est la bibliothèque ?", "Latin"),
        ("患者需要做CT检查和B超。", "Chinese"),
        ("これは日本語の文章です。", "Japanese"),
        ("한국어 문장입니다", "Korean"),
        ("Это по-русски", "Cyrillic"),
        ("Αυτό είναι", "Greek"),
        ("هذا نص عربي", "Arabic"),
        ("זה טקסט", "Hebrew"),
        ("यह हिन्दी है", "Devanagari"),
        ("นี่คือภาษาไทย", "Thai"),
        ("Translate this sentence into Chinese: 请把这句话翻译成中文。", "mixed"),
        ("……——“”", "none"),
    ],
)
def test_languages_by_script(text: str, language: str) -> None:
    assert LANGUAGES[language_of(text.encode())] == language


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=5,
)


@given(st.dictionaries(st.text(max_size=4), values, max_size=4), st.randoms())
def test_rows_are_equal_however_they_are_spelled(record: dict[str, object], random) -> None:
    names = list(record)
    random.shuffle(names)
    shuffled = {name: record[name] for name in names}
    again = json.loads(json.dumps(shuffled, ensure_ascii=random.random() < 0.5, indent=2))
    assert row_facts(again, None).row_hash == row_facts(record, None).row_hash != 0
    changed = {**record, "one more": 1}
    assert row_facts(changed, None).row_hash != row_facts(record, None).row_hash


few = st.sampled_from(["", "a", "b", "ab", "a\n", " a", "中"])
pairs = st.lists(st.tuples(few, few, few, st.booleans()), max_size=25)


@given(pairs)
def test_duplicates_are_those_of_a_plain_comparison(rows: list[tuple[str, str, str, bool]]) -> None:
    facts, prompts, answers = [], [], defaultdict(set)
    for system, question, answer, unknown in rows:
        record = {"s": system, "q": question, "a": answer}
        messages = (Message("system", system), Message("user", question), Message("assistant", answer))
        facts.append(row_facts(record, None if unknown else Conversation(messages, 1)))
        prompts.append(None if unknown else (system, question))
        if not unknown:
            answers[system, question].add(answer)
    found = find_duplicates(Facts.of(facts))
    texts = [row[:3] for row in rows]
    assert found.row_numbers.tolist() == [n for n, row in enumerate(texts, 1) if row in texts[: n - 1]]
    again = [n for n, prompt in enumerate(prompts, 1) if prompt and prompt in prompts[: n - 1]]
    assert found.prompt_numbers.tolist() == again
    split = {prompt for prompt, given_ in answers.items() if len(given_) > 1}
    assert found.conflicting == len(split)
    assert found.conflicting_numbers.tolist() == [n for n, prompt in enumerate(prompts, 1) if prompt in split]
    assert found.as_dict() == {"rows": found.rows, "prompts": len(again), "conflicting": len(split)}


def test_a_prompt_is_what_the_last_answer_answers() -> None:
    base = said(("user", "q"), ("assistant", "a"))
    assert said(("user", "q"), ("assistant", "b")).prompt_hash == base.prompt_hash
    assert said(("system", "s"), ("user", "q"), ("assistant", "a")).prompt_hash != base.prompt_hash
    assert said(("user", "q"), ("assistant", "a"), tools="[1]").prompt_hash != base.prompt_hash
    spelled = [
        said(("user", "q"), ("assistant", "a"), tools=text).prompt_hash for text in ("[1, 2]", "[1,2]")
    ]
    assert spelled[0] == spelled[1]
    longer = said(("user", "q"), ("assistant", "a"), ("user", "q2"), ("assistant", "a"))
    assert longer.prompt_hash != base.prompt_hash and longer.answer_hash == base.answer_hash
    # Two turns never read as one.
    assert said(("user", "a"), ("user", "b"), ("assistant", "x")).prompt_hash != said(
        ("user", "ab"), ("assistant", "x")
    ).prompt_hash  # fmt: skip


def test_facts_as_arrow() -> None:
    columns = FactsColumns()
    assert columns.to_arrow().num_rows == 0
    rows = [said(("user", "q" * n), ("assistant", "a")) for n in range(1, 4)]
    for row in rows:
        columns.append(row)
    batch = columns.to_arrow()
    assert batch.schema == facts_schema() and len(columns) == 3
    assert [tuple(row.values()) for row in batch.to_pylist()] == [tuple(row) for row in rows]
    assert Facts.of(rows).chars.tolist() == [2, 3, 4]
    with pytest.raises(AttributeError):
        _ = Facts.of(rows).words


cells = st.sampled_from(["a", "b", "中", None, True, 1, 1.5, "1", "true", "x" * 61, ["l"], {"o": 1}])
records = st.lists(st.dictionaries(st.sampled_from("pqr"), cells, max_size=3) | st.none(), max_size=20)


@given(st.lists(records, min_size=1, max_size=4))
def test_categories_counted_in_shares_are_those_counted_at_once(
    shares: list[list[dict[str, object] | None]],
) -> None:
    def counted(rows: list[dict[str, object] | None]):
        counter = CategoryCounter()
        for row in rows:
            counter.add(row)
        return counter.to_arrow()

    every = [row for share in shares for row in share]
    whole = read_categories(counted(every))
    joined = read_categories(merge([counted(share) for share in shares]))
    assert [(one.column, one.as_dict()) for one in whole] == [(one.column, one.as_dict()) for one in joined]
    spelled = {True: "true", 1.5: "1.5"}
    for category in joined:
        expected = []
        for row in every:
            value = (row or {}).get(category.column)
            text = spelled.get(value, str(value)) if value is not True and value != 1 else None
            text = ("true" if value is True else str(value)) if text is None else text
            expected.append(None if value is None else text)
        found = [category.values[code] if code >= 0 else None for code in category.codes.tolist()]
        assert found == expected
        assert category.counts == sorted(category.counts, reverse=True)
        for value in category.values:
            numbers = [number for number, text in enumerate(expected, 1) if text == value]
            assert category.rows_with(value).tolist() == numbers
    columns = {name for row in every for name in row or {}}
    for name in columns - {category.column for category in joined}:
        given_up = [(row or {}).get(name) for row in every]
        assert any(isinstance(value, list | dict) or (value and len(str(value)) > 60) for value in given_up)


def test_a_column_of_many_values_is_no_category() -> None:
    counter = CategoryCounter()
    for number in range(1_001):
        counter.add({"id": number, "kind": number % 3, "flag": number % 2 == 0})
    kind, flag = read_categories(counter.to_arrow())
    assert (kind.column, kind.as_dict(), kind.for_the_eye) == ("kind", {"0": 334, "1": 334, "2": 333}, True)
    assert flag.as_dict() == {"true": 501, "false": 500}


def test_a_column_that_a_share_did_not_count_is_no_category() -> None:
    names = [f"c{number}" for number in range(100)]
    shares = [
        [{name: "x" for name in order}, {name: "y" for name in order[90:]}] for order in (names, names[::-1])
    ]
    counted = []
    for share in shares:
        counter = CategoryCounter()
        for row in share:
            counter.add(row)
        counted.append(counter.to_arrow())
    joined = read_categories(merge(counted))
    # 64 of 100 from either end: the 28 in the middle are in both.
    assert {one.column for one in joined} == set(names[36:64])
    assert all(one.as_dict() == {"x": 2} for one in joined)


def test_the_names_of_many_columns_are_not_remembered() -> None:
    counter = CategoryCounter()
    for number in range(5_000):
        counter.add({f"key {number}": "x", "kind": "k"})
    counted = counter.to_arrow()
    assert len(counted.schema.metadata[b"categories"]) < 4_000
    assert {one.column: one.as_dict() for one in read_categories(counted)}["kind"] == {"k": 5_000}


def test_outliers_and_lengths() -> None:
    rows = [said(("user", "q" * 10), ("assistant", "a" * (10 + n % 3))) for n in range(100)]
    rows[41] = said(("user", "q" * 10), ("assistant", "a" * 200))
    rows[7] = said(("system", "s" * 500), ("user", "q" * 10), ("assistant", "a" * 11))
    facts = Facts.of(rows)
    found = length_outliers(facts)
    assert found.row_numbers.tolist() == [42]
    assert set(found.limits) == {"user", "assistant"}
    lengths = lengths_by_role(facts)
    assert (lengths["system"].rows, lengths["assistant"].longest, lengths["assistant"].longest_row) == (
        1,
        200,
        42,
    )
    assert lengths["user"].mean == 10
    assert length_outliers(Facts.of(rows[41:45])).row_numbers.tolist() == []
    assert languages(facts) == {"Latin": 100}


def test_findings_name_their_rows(tmp_path: Path) -> None:
    rows: list[object] = [
        {"instruction": "Who are you?", "output": "I am {{name}}"},
        {"instruction": "Who are you?", "output": "I am {{name}}"},
        {"instruction": "Who are you?", "output": "Somebody \ufffd"},
        {"instruction": "no answer", "output": ""},
        {"instruction": "bell", "output": "\x07"},
    ]
    dataset = open_dataset(write_json_lines(tmp_path / "rows.jsonl", rows))
    found = {finding.key: finding for finding in findings(dataset)}
    numbers = {key: finding.rows.tolist() for key, finding in found.items() if finding.count}
    assert numbers == {
        "bad": [4],
        "duplicates": [2],
        "prompts": [2, 3],
        "conflicting": [1, 2, 3],
        "placeholders": [1, 2],
        "replacement": [3],
        "control": [5],
    }
    assert found["conflicting"].count == 1
    assert all(finding.explanation.endswith(".") for finding in found.values())


def test_overlap_reaches_across_formats(tmp_path: Path) -> None:
    rows = [{"instruction": q, "output": a} for q, a in (("q1", "a1"), ("q2", "a2"), ("q3", "a"))]
    train = write_json_lines(tmp_path / "train.jsonl", rows)
    turns = [("q3", "a"), ("q2", "another"), ("q9", "a1")]
    held_out = write_json_lines(
        tmp_path / "held.jsonl",
        [
            {"messages": [{"role": "user", "content": q}, {"role": "assistant", "content": a}]}
            for q, a in turns
        ],
    )
    found = overlap(open_dataset(train), open_dataset(held_out))
    assert (found.held_out_rows.tolist(), found.train_rows.tolist()) == ([1], [3])
    assert (found.held_out_prompts.tolist(), found.train_prompts.tolist()) == ([1, 2], [2, 3])
    unknown = write_json_lines(tmp_path / "unknown.jsonl", [{"x": 1}, {"x": 2}])
    other = write_json_lines(tmp_path / "other.jsonl", [{"x": 2}])
    found = overlap(open_dataset(unknown), open_dataset(other))
    assert (found.rows, found.prompts, found.train_rows.tolist()) == (1, 0, [2])
    assert isinstance(found.train_rows, numpy.ndarray)


def test_rows_that_repeat_one_another_stand_side_by_side() -> None:
    hashes = numpy.array([7, 5, 0, 9, 5, 7, 5, 8], dtype=numpy.uint64)
    assert together(hashes, repeated(hashes)).tolist() == [1, 6, 2, 5, 7]
    assert together(hashes, numpy.array([], dtype=numpy.int64)).tolist() == []


def test_near_duplicates_stand_behind_the_row_that_they_are_near() -> None:
    near = NearDuplicates(numpy.array([4, 6, 9]), numpy.array([2, 1, 4]), numpy.array([0.9, 0.8, 0.85]))
    found = near_finding(near)
    assert (found.count, found.rows.tolist()) == (3, [4, 6, 9])
    assert found.shown.tolist() == [1, 6, 2, 4, 9]
