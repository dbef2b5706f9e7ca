"""Lists of turns, as sharegpt (`from`, `value`) and OpenAI (`role`, `content`) write them."""

from __future__ import annotations

import json

from workbench.data.conversation import MODEL_ROLES, Message
from workbench.data.formats.fields import (
    Record,
    Renamed,
    RowProblem,
    Tags,
    as_json,
    called,
    items,
    kind,
    text,
)

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
    "bot": "assistant",
    "ai": "assistant",
    "function_call": "function_call",
    "tool_call": "function_call",
    "observation": "tool",
    "tool": "tool",
    "function": "tool",
    "function_response": "tool",
    "tool_response": "tool",
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
    return with_system(record, messages)


def with_system(record: Record, messages: tuple[Message, ...]) -> tuple[Message, ...]:
    """The turns after the text in `system`, unless they begin with a system message of their own."""
    system = text(record, "system")
    if system.strip() and (not messages or messages[0].role != "system"):
        return (Message("system", system), *messages)
    return messages


def tools_of(record: Record) -> str | None:
    """The tools on offer, as JSON; `functions` is their older name."""
    return as_json(record.get("tools")) or as_json(record.get("functions"))


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
    # A weight of 0 is OpenAI's way to say that an answer is not learned.
    trained = turn.get("weight") not in (0, False)
    if role == "assistant":
        content = _with_thought(turn, content)
        if calls := turn.get("tool_calls") or turn.get("function_call"):
            said, ids = _calls(calls, name)
            return Message("function_call", said, content, call_ids=ids, trained=trained)
    if content_tag not in turn:
        raise RowProblem(f"{name} has no {content_tag}")
    if turn[content_tag] is None:
        raise RowProblem(f"{content_tag} of {name} is null")
    if role == "tool":
        ids = tuple(id_ for id_ in [turn.get("tool_call_id")] if isinstance(id_, str) and id_)
        tool = turn.get("name")
        return Message(role, content, call_ids=ids, name=tool if isinstance(tool, str) else "")
    return Message(role, content, trained=trained)


def check_answered(messages: tuple[Message, ...]) -> None:
    """There has to be something that the model says.

    Raises:
        RowProblem: no turn is the model's, or all of those are blank.
    """
    said = [message for message in messages if message.role in MODEL_ROLES]
    if not said:
        raise RowProblem("no turn is the assistant's, so there is nothing to learn")
    if not any(message.trained for message in said):
        raise RowProblem("all that the assistant says has weight 0, so there is nothing to learn")
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


def _with_thought(turn: dict[str, object], content: str) -> str:
    """A reasoning model's answer with its thoughts before it, as such models write them."""
    for key in ("reasoning_content", "reasoning", "thinking"):
        thought = turn.get(key)
        if isinstance(thought, str) and thought.strip() and "</think>" not in content:
            return f"<think>\n{thought.strip()}\n</think>\n\n{content}"
    return content


def _calls(calls: object, name: str) -> tuple[str, tuple[str, ...]]:
    """OpenAI's tool_calls, or its older function_call, as JSON with arguments as values, and their ids."""
    found, ids = [], []
    for call in calls if isinstance(calls, list) else [calls]:
        function = call.get("function", call) if isinstance(call, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            raise RowProblem(f"{name} has a tool call without a function name")
        arguments = function.get("arguments")
        if arguments is None or (isinstance(arguments, str) and not arguments.strip()):
            arguments = {}
        if isinstance(arguments, str):
            try:
                arguments = json.loads(arguments)
            except (ValueError, RecursionError):
                raise RowProblem(
                    f"{name} calls {function['name'][:40]!r} with arguments that are not JSON"
                ) from None
        found.append({"name": function["name"], "arguments": arguments})
        ids.append(call.get("id") if isinstance(call, dict) else None)
    known = all(isinstance(id_, str) and id_ for id_ in ids)
    said = json.dumps(found[0] if len(found) == 1 else found, ensure_ascii=False, default=str)
    return said, tuple(map(str, ids)) if known else ()
