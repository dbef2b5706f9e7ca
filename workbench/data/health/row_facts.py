"""The facts of one row, made in the index pass: called once a row, so it has to be quick."""

from __future__ import annotations

import json
import re
from functools import lru_cache

import orjson
from xxhash import xxh3_64_intdigest

from workbench.data.conversation import MODEL_ROLES, Conversation, Message
from workbench.data.health.facts import MOST_CHARS, Flag, RowFacts
from workbench.data.health.languages import language_of

# Two braces and a name in any script: {{name}}, {{ user.name }}, {{姓名}}. Formulas such as {{1+x}} are none,
# nor is ${{ secrets.TOKEN }}, which workflow files mean as it stands.
PLACEHOLDER = re.compile(r"(?<!\$)\{\{ ?[^\W\d][\w .\-]{0,63}\}\}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
# Bidirectional controls and characters without width, as UTF-8; not the joiners, which are spelling.
_UNSEEN = re.compile(rb"\xe2(?:\x80[\x8b\x8e\x8f\xaa-\xae]|\x81[\xa0\xa6-\xa9])")
_OTHERS_UNSEEN = ("\ufeff".encode(), "\u061c".encode())
_CONTROL_BYTES = bytes(byte for byte in range(256) if byte in (9, 10, 13) or 32 <= byte != 0x7F)

_LETTERS = {"system": "s", "user": "u", "assistant": "a", "function_call": "a", "tool": "t"}
# A system turn at most, then rounds of a question and an answer, with calls and their results in between.
_ORDER = re.compile(r"s?(?:u(?:at+)*a)+")
_ORDER_OF_PROMPT = re.compile(r"s?(?:u(?:at+)*a)*u(?:at+)*")


def row_facts(value: object, conversation: Conversation | None, *, bad: bool | None = None) -> RowFacts:
    """The facts of a row.

    Args:
        value: the row as its container gives it.
        conversation: what it means; None where it is bad or of an unknown format.
        bad: whether it is bad; by default, whether it has no columns.
    """
    is_record = isinstance(value, dict)
    row_hash = _hash(_canonical(value)) if is_record else 0
    flags = Flag.BAD.value if (not is_record if bad is None else bad) else 0
    if conversation is None:
        text = "\n".join(texts_in(value)) if is_record else ""
        data = text.encode("utf-8", "surrogatepass")
        flags |= _text_flags(text, data)
        chars = min(len(text), MOST_CHARS)
        return RowFacts(0, 0, 0, 0, chars, 0, flags, language_of(data), row_hash, 0, 0)
    if (text_only := conversation.text) is not None:
        data = text_only.encode("utf-8", "surrogatepass")
        flags |= _text_flags(text_only, data)
        chars = min(len(text_only), MOST_CHARS)
        return RowFacts(0, 0, 0, 0, chars, 0, flags, language_of(data), row_hash, 0, 0)
    return _of_turns(conversation, flags, row_hash)


def _of_turns(conversation: Conversation, flags: int, row_hash: int) -> RowFacts:
    chars = {"s": 0, "u": 0, "a": 0, "t": 0}
    order, parts = [], []
    messages, chosen, tools = conversation.messages, conversation.chosen, conversation.tools
    for message in messages:
        said = message.preface + message.content if message.preface else message.content
        letter = _LETTERS.get(message.role, "u")
        order.append(letter)
        chars[letter] += len(said)
        parts.append(said)
        if not said or said.isspace():
            flags |= Flag.EMPTY_TURN
    rejected = conversation.rejected
    for answer in (chosen, rejected):
        if answer is not None:
            said = answer.preface + answer.content
            parts.append(said)
            if not said or said.isspace():
                flags |= Flag.EMPTY_TURN
    if chosen is not None:
        chars["a"] += len(chosen.preface) + len(chosen.content)
    flags |= _order_flags("".join(order), chosen is not None)
    text = "\n".join(parts)
    data = text.encode("utf-8", "surrogatepass")
    language = language_of(data)
    if tools:
        chars["t"] += len(tools)
        text = f"{text}\n{tools}"
        data = text.encode("utf-8", "surrogatepass")
    flags |= _text_flags(text, data)
    prompt, answer = _parted(messages, chosen)
    return RowFacts(
        min(chars["s"], MOST_CHARS),
        min(chars["u"], MOST_CHARS),
        min(chars["a"], MOST_CHARS),
        min(chars["t"], MOST_CHARS),
        0,
        len(messages) + (chosen is not None),
        flags,
        language,
        row_hash,
        _hash_of_prompt(prompt, tools),
        _hash(_key(answer).encode("utf-8", "surrogatepass")) if answer is not None else 0,
    )


def _parted(
    messages: tuple[Message, ...], chosen: Message | None
) -> tuple[tuple[Message, ...], Message | None]:
    """What is answered, and the last answer to it."""
    if chosen is not None:
        return messages, chosen
    for index in range(len(messages) - 1, -1, -1):
        if messages[index].role in MODEL_ROLES:
            return messages[:index], messages[index]
    return messages, None


def _hash_of_prompt(prompt: tuple[Message, ...], tools: str | None) -> int:
    if not prompt and not tools:
        return 0
    keys = [_key(message) for message in prompt]
    if tools:
        keys.append(f"tools {_same_json(tools)}")
    return _hash("".join(keys).encode("utf-8", "surrogatepass"))


def _key(message: Message) -> str:
    # The lengths keep two messages from reading as one.
    content, preface = message.content, message.preface
    if preface:
        return f"{message.role} {len(preface)}+{len(content)} {preface}{content}"
    return f"{message.role} {len(content)} {content}"


@lru_cache(maxsize=256)
def _same_json(tools: str) -> str:
    """Tools as JSON in one spelling; sets repeat a few tool lists in many rows."""
    try:
        return orjson.dumps(orjson.loads(tools), option=orjson.OPT_SORT_KEYS).decode()
    except ValueError:
        return tools


@lru_cache(maxsize=4096)
def _order_flags(order: str, is_pair: bool) -> int:
    flags = 0
    if not ("u" in order or "t" in order) or not (is_pair or "a" in order):
        flags |= Flag.ONE_SIDED
    elif not (_ORDER_OF_PROMPT if is_pair else _ORDER).fullmatch(order):
        flags |= Flag.ROLE_ORDER
    return int(flags)


def _text_flags(text: str, data: bytes) -> int:
    flags = 0
    if "{{" in text and PLACEHOLDER.search(text):
        flags |= Flag.PLACEHOLDER
    # Bytes are looked through much faster than characters; C1 controls are 0xC2 and a byte more.
    if data.translate(None, _CONTROL_BYTES) or (b"\xc2" in data and _CONTROL.search(text)):
        flags |= Flag.CONTROL
    if _UNSEEN.search(data) or any(sign in data for sign in _OTHERS_UNSEEN):
        flags |= Flag.CONTROL
    if "\ufffd" in text:
        flags |= Flag.REPLACEMENT
    return int(flags)


def _canonical(value: object) -> bytes:
    """The same bytes for the same columns and values, however they were spelled or ordered."""
    try:
        return orjson.dumps(value, default=str, option=orjson.OPT_SORT_KEYS)
    except TypeError:  # an integer beyond 64 bit, half of a character, or nested too deeply
        try:
            return json.dumps(value, sort_keys=True, default=str).encode()
        except (RecursionError, ValueError, TypeError):
            return repr(type(value)).encode()


def texts_in(value: object) -> list[str]:
    """All texts in a row's columns, also those in lists and objects."""
    found, waiting = [], [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, str):
            found.append(item)
        elif isinstance(item, dict):
            waiting.extend(reversed(item.values()))
        elif isinstance(item, list):
            waiting.extend(reversed(item))
    return found


def _hash(data: bytes) -> int:
    return xxh3_64_intdigest(data) or 1
