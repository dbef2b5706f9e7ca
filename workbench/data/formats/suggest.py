"""A first guess at what unknown columns are, from their names and from what is in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from workbench.data.formats import turns
from workbench.data.formats.fields import Record, RowProblem, items
from workbench.data.formats.naming import Mapping

# Names that people give, the surest first.
_NAMES: dict[str, list[str]] = {
    key: names.split()
    for key, names in {
        "system": "system system_prompt system_message sys persona 系统 系统提示 系统提示词 人设",
        "history": "history past previous 历史 历史对话",
        "tools": "tools functions 工具",
        "chosen": "chosen preferred better win 优选 更优回答",
        "rejected": "rejected dispreferred worse lose 拒绝 较差回答",
        "response": (
            "output response answer completion reply answers responses best_answer target assistant gpt bot "
            "solution a summary translation 回答 答案 回复 输出 答复 解答 答 译文 摘要"
        ),
        "prompt": (
            "instruction question prompt query ask user human problem q instructions questions "
            "指令 问题 提问 提示 提示词 问句 题目 问 source 原文 input 输入 message request title 标题 主题 "
            "subject document article text"
        ),
        "query": (
            "input context passage background 输入 上下文 背景 材料 evidence document query ask question "
            "description desc body details 描述 问题 提问 content 正文 内容"
        ),
    }.items()
}
# A headline stands before the question that it sums up.
_HEADLINES = ("title", "subject", "headline", "标题", "主题", "题目")
_LABELS = (
    *("department", "category", "label", "labels", "type", "topic", "class", "tag", "domain", "source"),
    *("lang", "language", "split", "difficulty", "科室", "类别", "标签", "分类", "类型", "部门", "领域"),
    *("来源", "语言"),
)
_TEXTS = ("text", "content", "document", "body", "文本", "正文", "内容", "raw_content")
_ROLE_TAGS = ("from", "role", "speaker", "author", "sender", "who", "角色", "说话人")
_CONTENT_TAGS = ("value", "content", "text", "message", "utterance", "body", "内容", "文本")
_LONG_LABEL = 60
# Of a file with more columns only in these names are words looked for: the others are keys, likely.
_MOST_NAMES = 500


def suggest(columns: Sequence[str], sample: Sequence[object]) -> Mapping:
    """A first guess at a mapping for a file with these columns and first rows.

    It may name nothing (no columns at all), and is meant to be looked at before it is used.
    """
    records = [row for row in sample if isinstance(row, dict)]
    every = dict.fromkeys([*columns, *(name for record in records for name in record)])
    names = [name for name in every if name]
    found = _conversations(names, records) or _questions(names, records)
    used = {column for _, column in found.columns}
    labels = [name for name in names if name not in used and _is_label(name, records)]
    return replace(found, labels=tuple(labels))


def _conversations(names: list[str], records: Sequence[Record]) -> Mapping | None:
    """A column of turns, with the spelling of its turns where that is not a usual one."""
    for name in names:
        found = [turn for record in records for turn in _turns(record, name)]
        role = next((tag for tag in _ROLE_TAGS if found and all(tag in turn for turn in found)), None)
        content = next((tag for tag in _CONTENT_TAGS if any(tag in turn for turn in found)), None)
        if not role or not content or role == content:
            continue
        mapping = Mapping("sharegpt", columns=(("messages", name),), tags=_tags(role, content, found))
        others = [other for other in names if other != name]
        for key in ("system", "tools", "chosen", "rejected"):
            if column := _named(key, others):
                mapping = replace(mapping, columns=(*mapping.columns, (key, column)))
        both = mapping.column("chosen") and mapping.column("rejected")
        return _with_label(replace(mapping, ranking=bool(both)), others, records)
    return None


def _turns(record: Record, name: str) -> list[dict[str, object]]:
    value = record.get(name)
    if isinstance(value, str) and not value.lstrip().startswith("["):
        return []
    try:
        return [turn for turn in items(record, name) if isinstance(turn, dict)]
    except RowProblem:
        return []


def _tags(role: str, content: str, found: list[dict[str, object]]) -> tuple[tuple[str, str], ...]:
    if (role, content) == ("from", "value"):
        return ()
    tags = [("role_tag", role), ("content_tag", content)]
    spelled = (turn[role] for turn in found)
    spoken = list(dict.fromkeys(name for name in spelled if isinstance(name, str) and name))
    for key, known in (("user_tag", "user"), ("assistant_tag", "assistant")):
        name = next((word for word in spoken if turns.known_role(word) == known), None)
        if name is None:
            name = next((word for word in spoken if turns.known_role(word) is None), None)
        if name is not None:
            spoken.remove(name)
            tags.append((key, name))
    return tuple(tags)


def _questions(names: list[str], records: Sequence[Record]) -> Mapping:
    """Columns of text: a question, perhaps in two parts, and an answer or two."""
    texts = [name for name in names if _is_text(name, records)]
    free = list(texts)
    columns: list[tuple[str, str]] = []

    def take(key: str, column: str | None) -> bool:
        if column is None:
            return False
        columns.append((key, column))
        if column in free:
            free.remove(column)
        return True

    take("system", _named("system", free))
    take("history", _named("history", [name for name in names if not records or name not in texts]))
    take("tools", _named("tools", names))
    ranking = bool(_named("chosen", names) and _named("rejected", names))
    if ranking:
        take("chosen", _named("chosen", names))
        take("rejected", _named("rejected", names))
        answered = True
    else:
        answered = take("response", _named("response", free))
    asked = _named("prompt", free)
    if not answered:
        long = [name for name in free if not _is_label(name, records)]
        if len(long) > 1 and (asked or not any(name in _TEXTS for name in long)):
            rest = [name for name in long if name != asked]
            answered = take("response", max(rest, key=lambda name: _length(name, records)))
        else:
            text = next((name for name in long if name.lower() in _TEXTS), None)
            take("prompt", text or asked or (long[0] if long else None))
            return Mapping(columns=tuple(columns) if dict(columns).get("prompt") else ())
    if asked is None:
        long = [name for name in free if not _is_label(name, records)]
        asked = max(long, key=lambda name: _length(name, records)) if long else None
    if asked is not None:
        headline = next((name for name in free if name.lower() in _HEADLINES and name != asked), None)
        second = asked if headline else _named("query", [name for name in free if name != asked])
        take("prompt", headline or asked)
        take("query", second)
    order = ("prompt", "query", "response", "chosen", "rejected", "history", "system", "tools")
    mapping = Mapping(ranking=ranking, columns=tuple(sorted(columns, key=lambda pair: order.index(pair[0]))))
    return _with_label(mapping, names, records) if not ranking and asked else mapping


def _with_label(mapping: Mapping, names: list[str], records: Sequence[Record]) -> Mapping:
    """KTO's column of true and false, if there is one beside the answer."""
    if mapping.ranking:
        return mapping
    for name in ("kto_tag", "label", "is_good", "liked", "thumbs_up", "feedback"):
        values = [record.get(name) for record in records]
        if name in names and values and all(isinstance(value, bool) for value in values):
            return replace(mapping, columns=(*mapping.columns, ("kto_tag", name)))
    return mapping


def _named(key: str, names: list[str]) -> str | None:
    """The column among `names` that is called as `key` often is: exactly, or in one of its words."""
    plain = {re.sub(r"[\s\-.]+", "_", name.strip().lower()): name for name in reversed(names)}
    for wanted in _NAMES[key]:
        if wanted in plain:
            return plain[wanted]
    names = names[:_MOST_NAMES]
    words = {name: re.split(r"[\W_]+", re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()) for name in names}
    for wanted in _NAMES[key]:
        for name in names:
            least, parts = (3, words[name]) if wanted.isascii() else (2, name)
            if len(wanted) >= least and wanted in parts:
                return name
    return None


def _is_text(name: str, records: Sequence[Record]) -> bool:
    values = [record[name] for record in records if record.get(name) is not None]
    return not records or (bool(values) and all(isinstance(value, str) for value in values))


def _is_label(name: str, records: Sequence[Record]) -> bool:
    """Whether a column sorts the rows: few short values, or a name that says so."""
    values = [record[name] for record in records if record.get(name) not in (None, "")]
    if not values or any(isinstance(value, list | dict | float) for value in values):
        return False
    texts = [str(value) for value in values]
    if max(map(len, texts)) > _LONG_LABEL:
        return False
    if name.strip().lower() in _LABELS:
        return True
    return len(values) >= 8 and len(set(texts)) * 4 <= len(texts) and len(set(texts)) > 1


def _length(name: str, records: Sequence[Record]) -> int:
    return sum(len(str(record.get(name) or "")) for record in records)
