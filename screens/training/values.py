"""A field's value as text, and text as a value."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from workbench.recipe.form import Field

_EMPTY_MEANS = re.compile(r"Empty: ([^.]*)\.")


def as_text(value: object) -> str:
    """A value as one types it: `1e-4`, `3`, `true`, and nothing for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        return _number(value)
    return str(value)


def as_value(field: Field, text: str) -> object:
    """What `text` means in this field; text that means nothing stays text, for the check to refuse."""
    text = text.strip()
    if not text and (field.optional or field.kind not in ("text", "path")):
        return None
    try:
        match field.kind:
            case "integer":
                return int(text.replace(",", "").replace("_", ""))
            case "number":
                return float(text)
            case "flag":
                return {"true": True, "false": False}.get(text, text)
            case "choice":
                return int(text) if text.isdigit() and text in field.choices else text
    except ValueError:
        pass
    return text


def choices(field: Field) -> list[tuple[str, object]]:
    """What can be chosen, by its word: none for a field that is typed into."""
    if field.kind == "flag":
        words: list[tuple[str, object]] = [("false", False), ("true", True)]
        return [("auto", None), *words] if field.optional else words
    found = [(word, as_value(field, word)) for word in field.choices]
    return [("none", None), *found] if field.optional and found else found


def empty_means(field: Field) -> str:
    """What an optional field does when it is left empty, in the words of its help."""
    found = _EMPTY_MEANS.search(field.help)
    return found.group(1) if found else "empty"


def _number(value: float) -> str:
    """The shortest text that gives the same number: no `.0`, an exponent where zeros would be counted."""
    if value != value or value in (float("inf"), float("-inf")):
        return str(value)
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    magnitude = len(digits) - 1 + exponent
    if value == 0 or -3 <= magnitude < 7:
        text = repr(value)
        return text.removesuffix(".0") if "e" not in text else f"{value:f}".rstrip("0").rstrip(".")
    mantissa = str(digits[0]) + ("." + "".join(map(str, digits[1:])) if len(digits) > 1 else "")
    return f"{'-' if sign else ''}{mantissa}e{magnitude}"
