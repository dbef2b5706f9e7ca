"""A mapping as lines that are set one by one: what a conversation is made of, and the column it is in."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from workbench.data.formats.naming import FORMATTINGS, TAG_KEYS, Mapping

FORMATTING, LABELS = "formatting", "labels"
# In the order of the lines, for columns of text and for a column of turns.
_OF_TEXTS = ("prompt", "query", "response", "history", "system", "tools", "chosen", "rejected", "kto_tag")
_OF_TURNS = ("messages", "system", "tools", "chosen", "rejected", "kto_tag")
WHAT = {
    FORMATTING: "how a row is laid out",
    LABELS: "categories: counted and filtered by, not trained",
    "role_tag": "the key that says who speaks",
    "content_tag": "the key of what is said",
    "user_tag": "how the user is called",
    "assistant_tag": "how the assistant is called",
    "observation_tag": "how a tool's answer is called",
    "function_tag": "how a tool call is called",
    "system_tag": "how the system message is called",
}
FORMATTING_WHAT = {
    "alpaca": "question and answer in columns of their own",
    "sharegpt": "a column of turns, with from and value",
    "openai": "a column of turns, with role and content",
}


def lines_of(mapping: Mapping) -> list[str]:
    """The keys that can be set, in order."""
    if mapping.formatting == "alpaca":
        return [FORMATTING, *_OF_TEXTS, LABELS]
    return [FORMATTING, *_OF_TURNS, LABELS, *TAG_KEYS]


def value_of(mapping: Mapping, key: str) -> str | None:
    """What the line says; None where nothing is set."""
    if key == FORMATTING:
        return mapping.formatting
    if key == LABELS:
        return ", ".join(mapping.labels) or None
    return mapping.tag(key) if key in TAG_KEYS else mapping.column(key)


def default_of(mapping: Mapping, key: str) -> str | None:
    """What is taken for a tag where the line says nothing."""
    return TAG_KEYS.get(key) if mapping.formatting == "sharegpt" and not mapping.tag("role_tag") else None


def choices_of(mapping: Mapping, key: str, columns: Sequence[str], rows: Sequence[object]) -> list[str]:
    """What the line can be set to."""
    if key == FORMATTING:
        return list(FORMATTINGS)
    if key in ("role_tag", "content_tag"):
        return list(dict.fromkeys(name for turn in _turns(mapping, rows) for name in turn))
    if key in TAG_KEYS:
        tag = mapping.tag("role_tag")
        tags = [tag] if tag else ["from", "role"]
        spoken = (turn.get(tag) for turn in _turns(mapping, rows) for tag in tags)
        return list(dict.fromkeys(name for name in spoken if isinstance(name, str)))
    return list(columns)


def with_value(mapping: Mapping, key: str, value: str | None) -> Mapping:
    """The mapping with this line set, or emptied. A column has one part to play: it leaves its old one."""
    if key == FORMATTING:
        kept = _OF_TEXTS if value == "alpaca" else _OF_TURNS
        columns = tuple(pair for pair in mapping.columns if pair[0] in kept)
        tags = () if value == "alpaca" else mapping.tags
        return _ranked(replace(mapping, formatting=value or "alpaca", columns=columns, tags=tags))
    if key == LABELS:
        return replace(mapping, labels=(value,) if value else ())
    if key in TAG_KEYS:
        pairs = {**dict(mapping.tags), key: value or ""}
        return replace(mapping, tags=tuple((name, pairs[name]) for name in TAG_KEYS if pairs.get(name)))
    columns_by_key = {name: column for name, column in mapping.columns if column != value}
    if value is None:
        columns_by_key.pop(key, None)
    else:
        columns_by_key[key] = value
    keys = lines_of(mapping)
    order = sorted(columns_by_key.items(), key=lambda pair: keys.index(pair[0]) if pair[0] in keys else 99)
    return _ranked(replace(mapping, columns=tuple(order)))


def with_label(mapping: Mapping, column: str) -> Mapping:
    """The column among the labels, or no longer."""
    if column in mapping.labels:
        return replace(mapping, labels=tuple(label for label in mapping.labels if label != column))
    return replace(mapping, labels=(*mapping.labels, column))


def _ranked(mapping: Mapping) -> Mapping:
    return replace(mapping, ranking=bool(mapping.column("chosen") and mapping.column("rejected")))


def _turns(mapping: Mapping, rows: Sequence[object]) -> Iterator[dict[str, object]]:
    from workbench.data.formats.fields import RowProblem, items

    column = mapping.column("messages")
    for row in rows[:200]:
        if column and isinstance(row, dict) and column in row:
            try:
                yield from (turn for turn in items(row, column) if isinstance(turn, dict))
            except RowProblem:
                continue
