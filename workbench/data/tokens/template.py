"""Messages and tools in the form that chat templates take them."""

from __future__ import annotations

import json
from typing import Any

from workbench.data.conversation import Message


def for_template(message: Message, template: str) -> dict[str, Any]:
    """A message as chat templates take it. Where one knows no tool turns, the content says it all."""
    if message.role == "function_call":
        calls = _call_list(message.content) if "tool_calls" in template else None
        if calls:
            # Some templates write the calls' ids, and refuse a row without.
            if len(message.call_ids) == len(calls):
                calls = [{"id": id_, **call} for id_, call in zip(message.call_ids, calls, strict=True)]
            return {"role": "assistant", "content": message.preface, "tool_calls": calls}
        said = "\n".join(part for part in (message.preface, message.content) if part)
        return {"role": "assistant", "content": said}
    if message.role == "tool" and "tool" not in template:
        return {"role": "user", "content": message.content}
    shown = {"role": message.role, "content": message.content}
    if message.role == "tool":
        shown |= {"name": message.name} if message.name else {}
        shown |= {"tool_call_id": message.call_ids[0]} if message.call_ids else {}
    return shown


def _call_list(content: str) -> list[dict[str, Any]] | None:
    """A function_call's JSON as OpenAI's tool_calls; None if it is something else."""
    value = _loaded(content)
    calls = value if isinstance(value, list) else [value]
    if not calls or not all(isinstance(call, dict) and isinstance(call.get("name"), str) for call in calls):
        return None
    return [
        {"type": "function", "function": {"name": call["name"], "arguments": call.get("arguments", {})}}
        for call in calls
    ]


def tool_list(tools: str | None) -> list[dict[str, Any]] | None:
    """The tools as chat templates take them; None if there are none or the text is no list of objects."""
    value = _loaded(tools) if tools else None
    if not isinstance(value, list) or not value or not all(isinstance(tool, dict) for tool in value):
        return None
    return [tool if "function" in tool else {"type": "function", "function": tool} for tool in value]


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None
