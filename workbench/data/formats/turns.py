"""Lists of turns, as sharegpt (`from`, `value`) and OpenAI (`role`, `content`) write them."""

from __future__ import annotations

import json

from workbench.data.conversation import MODEL_ROLES, Message
from workbench.data.formats.fields import Record, Renamed, RowProblem, Tags, called, items, kind, text

COLUMNS = ("conversations", "messages", "conversation")

_ROLES = {
    "system": "system",
    "developer": "system",
    "human": "user",
    "user": "user",
    "gpt": "assistant",
    "assistant": "assistant",
    "chatgpt": "assistant",
    "model": "assistant",
    "function_call": "function_call",
    "observation": "tool",
    "tool": "tool",
    "function": "tool",
    "function_response": "tool",
}


_ANY = Tags()


def known_role(name: str) -> str | None:
    """The role that files mean by `name`; None if they mean nothing known."""
    return _ROLES.get(name.lower())


def tags_of(record: Record) -> Tags:
    """How the turns of this row are written, where a mapping says so."""
    return record.tags if isinstance(record, Renamed) else _ANY


def column(record: Record, tag: str) -> str | None:
    """The column whose turns carry `tag` ("from" or "role"), if the row has one."""
    for name in COLUMNS:
        if name not in record:
            continue
        try:
            turns = items(record, name)
        except RowProblem:
            continue
        if turns and isinstance(turns[0], dict) and tag in turns[0]:
            return name
    return None


def read_column(record: Record) -> tuple[Message, ...]:
    """The turns of the first column that may hold some, a system text in `system` before them.

    Raises:
        RowProblem: there is no such column, or a turn in it is not what it has to be.
    """
    name = next((name for name in COLUMNS if name in record), None)
    if name is None:
        raise RowProblem("there is no conversations and no messages")
    turns = items(record, name)
    if not turns:
        raise RowProblem(f"{called(record, name)} is empty")
    tags = tags_of(record)
    messages = tuple(read_turn(turn, f"turn {index}", tags) for index, turn in enumerate(turns, start=1))
    system = text(record, "system")
    if system.strip() and messages[0].role != "system":
        messages = (Message("system", system), *messages)
    return messages


def read_turn(turn: object, name: str, tags: Tags = _ANY) -> Message:
    """One turn; `name` is what a complaint calls it."""
    if not isinstance(turn, dict):
        raise RowProblem(f"{name} is {kind(turn)}, not an object")
    tag = tags.role or ("from" if "from" in turn else "role")
    content_tag = tags.content or ("value" if tag == "from" else "content")
    if tag not in turn:
        raise RowProblem(f"{name} has no {tag}" if tags.role else f"{name} has neither from nor role")
    spelled = turn[tag]
    role = tags.roles.get(spelled) or known_role(spelled) if isinstance(spelled, str) else None
    if role is None:
        raise RowProblem(f"{name} has the unknown role {str(turn[tag])[:40]!r}")
    content = _content(turn.get(content_tag), f"{content_tag} of {name}")
    calls = turn.get("tool_calls") or turn.get("function_call")
    if role == "assistant" and calls:
        return Message("function_call", _calls(calls, name), preface=content)
    if content_tag not in turn:
        raise RowProblem(f"{name} has no {content_tag}")
    if turn[content_tag] is None:
        raise RowProblem(f"{content_tag} of {name} is null")
    thought = turn.get("reasoning_content")
    if role == "assistant" and isinstance(thought, str) and thought.strip() and "</think>" not in content:
        content = f"<think>\n{thought.strip()}\n</think>\n\n{content}"
    return Message(role, content)


def check_answered(messages: tuple[Message, ...]) -> None:
    """There has to be something that the model says.

    Raises:
        RowProblem: no turn is the model's, or all of those are blank.
    """
    said = [message for message in messages if message.role in MODEL_ROLES]
    if not said:
        raise RowProblem("no turn is the assistant's, so there is nothing to learn")
    if not any((message.preface + message.content).strip() for message in said):
        raise RowProblem("the assistant says nothing")


def _content(value: object, name: str) -> str:
    """Text, or OpenAI's list of parts, all of which have to be text."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if not isinstance(value, list):
        raise RowProblem(f"{name} is {kind(value)}, not text")
    texts = []
    for part in value:
        inner = part.get("text") if isinstance(part, dict) else part
        if not isinstance(inner, str):
            what = part.get("type") if isinstance(part, dict) else kind(part)
            raise RowProblem(f"{name} has a part that is not text ({str(what)[:40]!r})")
        texts.append(inner)
    return "".join(texts)


def _calls(calls: object, name: str) -> str:
    """OpenAI's tool_calls, or its older function_call, as JSON with the arguments as values."""
    found = []
    for call in calls if isinstance(calls, list) else [calls]:
        function = call.get("function", call) if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise RowProblem(f"{name} has a tool call without a function name")
        arguments = function.get("arguments", {})
        if isinstance(arguments, str):
            try:
                arguments = json.loads(arguments)
            except (ValueError, RecursionError):
                raise RowProblem(
                    f"{name} calls {function['name'][:40]!r} with arguments that are not JSON"
                ) from None
        found.append({"name": function["name"], "arguments": arguments})
    return json.dumps(found[0] if len(found) == 1 else found, ensure_ascii=False)
