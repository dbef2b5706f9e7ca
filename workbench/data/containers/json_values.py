"""JSON texts as values, quickly, and exactly as Python's own reader takes them."""

from __future__ import annotations

import json
from typing import Any

import orjson

# The quick reader makes an inexact float of an integer from here on.
_BEYOND = float(1 << 63)
# Python's own writer and every recursive function that meets the value must manage it, on any stack.
DEEPEST = 200


class Refused(Exception):
    """The text is no value; the argument is the reason, in words a user knows."""


def parse_json(data: bytes) -> object:
    """The value of a JSON text in UTF-8.

    Raises:
        Refused: the text is no JSON, or is nested more than 200 deep.
        UnicodeDecodeError: it is not UTF-8.
    """
    try:
        value = orjson.loads(data)
    except orjson.JSONDecodeError:
        return _parsed_by_the_standard(data)
    kind = type(value)
    if (kind is dict or kind is list or kind is float) and _has_inexact(value):
        return _parsed_by_the_standard(data)
    return value


def parse_quickly(data: bytes) -> object:
    """The value of a JSON text, for a guess that may be wrong: what is unusual in it counts as wrong.

    Raises:
        Refused, ValueError: it is not JSON, or `parse_json` has to look at it.
    """
    value = orjson.loads(data)
    if _has_inexact(value):
        raise Refused("it may hold an integer beyond 64 bits")
    return value


def check_depth(value: object) -> None:
    """Raise Refused if `value` is nested more than 200 deep."""
    _has_inexact(value)


def plain(error: json.JSONDecodeError) -> str:
    """What Python's JSON reader found, in words a user knows."""
    message = error.msg
    if message == "Extra data":
        return "something follows the end of the row's value"
    if message.startswith("Invalid control character"):
        return "an unescaped control character inside a string"
    if message.startswith("Unterminated string"):
        return "a string that is never closed, which begins"
    if message.startswith("Unexpected UTF-8 BOM"):
        return "a byte order mark, which belongs at the beginning of a file only,"
    if message == "Expecting value" and error.pos >= len(error.doc.rstrip()):
        return "it breaks off"
    return message[0].lower() + message[1:].removesuffix(" at")


def _parsed_by_the_standard(data: bytes) -> object:
    text = data.decode("utf-8")
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise Refused(f"not JSON: {plain(error)} at character {error.pos + 1:,} of the row") from None
    except RecursionError:
        raise Refused("not readable: its lists and objects are nested too deeply") from None
    except ValueError as error:
        raise Refused(f"not readable: {error}") from None
    check_depth(value)
    return value


def _has_inexact(value: Any) -> bool:
    """Whether a number may have been an integer beyond 64 bits. Goes down level by level."""
    if type(value) is dict:
        for item in value.values():
            if type(item) is not str:
                break
        else:
            return False
    level = [value] if type(value) in (dict, list) else [[value]]
    depth = 0
    while level:
        depth += 1
        if depth > DEEPEST:
            raise Refused("not readable: its lists and objects are nested too deeply")
        below: list[Any] = []
        for holder in level:
            for item in holder.values() if isinstance(holder, dict) else holder:
                kind = type(item)
                if kind is str:
                    continue
                if kind is dict or kind is list:
                    below.append(item)
                elif kind is float and not -_BEYOND < item < _BEYOND:
                    return True
        level = below
    return False
