"""Tools on offer as a person reads them: a name, what it does, and what it takes."""

from __future__ import annotations

import json
from typing import Any

from screens.dataset.row.flow import Run
from workbench.untrusted import printable


def tool_runs(text: str) -> list[Run] | None:
    """The tools in a JSON list of function descriptions; None if that is not what the text is."""
    try:
        tools = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(tools, list):
        return None
    runs: list[Run] = []
    for tool in tools:
        # OpenAI wraps each in an object that says that it is a function.
        function = tool.get("function", tool) if isinstance(tool, dict) else None
        if not isinstance(function, dict) or not isinstance(function.get("name"), str):
            return None
        runs += _tool(function)
    return runs


def _tool(function: dict[str, Any]) -> list[Run]:
    runs = [Run(_line(function["name"]), "json-key"), *_described(function, 2), Run("\n", "text")]
    parameters = function.get("parameters")
    properties = parameters.get("properties") if isinstance(parameters, dict) else None
    if not isinstance(properties, dict):
        return runs
    required = parameters.get("required") if isinstance(parameters, dict) else None
    for name, schema in properties.items():
        runs.append(Run(f"  {_line(name)}", "text", hang=4))
        if not isinstance(required, list) or name not in required:
            runs.append(Run("?", "note", hang=4))
        if isinstance(schema, dict):
            runs += [Run(f" {_line(_kind(schema))}", "json-word", hang=4), *_described(schema, 4)]
        runs.append(Run("\n", "text"))
    return runs


def _described(thing: dict[str, Any], hang: int) -> list[Run]:
    described = thing.get("description")
    return [Run(f"  {_line(described)}", "note", hang=hang)] if isinstance(described, str) else []


def _kind(schema: dict[str, Any]) -> str:
    """A JSON schema in a few words: `array of string`, `"celsius" | "fahrenheit"`."""
    if isinstance(schema.get("enum"), list):
        return " | ".join(json.dumps(value, ensure_ascii=False) for value in schema["enum"])
    kind = schema.get("type", "any")
    words = " | ".join(map(str, kind)) if isinstance(kind, list) else str(kind)
    items = schema.get("items")
    return f"{words} of {_kind(items)}" if isinstance(items, dict) and kind == "array" else words


def _line(text: str) -> str:
    return printable(text, keep_newlines=False)
