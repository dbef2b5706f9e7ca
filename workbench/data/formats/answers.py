"""Prompts that stand apart from the answers to them, as preference and KTO rows have them."""

from __future__ import annotations

from workbench.data.conversation import Message
from workbench.data.formats import alpaca, turns
from workbench.data.formats.fields import Record, RowProblem, kind, needed


def has_prompt(record: Record) -> bool:
    return "instruction" in record or "prompt" in record or any(name in record for name in turns.COLUMNS)


def read_prompt(record: Record) -> tuple[Message, ...]:
    """The turns that the answers answer, from a list of turns, from alpaca's columns or from `prompt`."""
    if any(name in record for name in turns.COLUMNS):
        return turns.read_column(record)
    if "instruction" in record:
        return alpaca.prompt(record)
    if isinstance(prompt := record.get("prompt"), list):
        return read_turns(prompt, "prompt")
    return (Message("user", needed(record, "prompt")),)


def read_turns(values: list[object], name: str) -> tuple[Message, ...]:
    if not values:
        raise RowProblem(f"{name} is empty")
    numbered = enumerate(values, start=1)
    return tuple(turns.read_turn(turn, f"turn {index} of {name}") for index, turn in numbered)


def read_answer(record: Record, column: str) -> tuple[Message, ...]:
    """The answer in `column`: text, one turn, or the whole conversation up to it."""
    value = record.get(column)
    if isinstance(value, list):
        messages = read_turns(value, column)
    elif isinstance(value, dict):
        messages = (turns.read_turn(value, column),)
    elif isinstance(value, str) or value is None:
        messages = (Message("assistant", needed(record, column)),)
    else:
        raise RowProblem(f"{column} is {kind(value)}, not an answer")
    if messages[-1].role not in ("assistant", "function_call"):
        raise RowProblem(f"{column} is the {messages[-1].role}'s, not the assistant's")
    return messages
