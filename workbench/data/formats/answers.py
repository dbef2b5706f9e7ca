"""Prompts that stand apart from the answers to them, as preference and KTO rows have them."""

from __future__ import annotations

from workbench.data.conversation import MODEL_ROLES, Message
from workbench.data.formats import alpaca, turns
from workbench.data.formats.fields import Record, RowProblem, Tags, called, kind, needed


def has_prompt(record: Record) -> bool:
    return "instruction" in record or "prompt" in record or any(name in record for name in turns.COLUMNS)


def read_prompt(record: Record) -> tuple[Message, ...]:
    """The turns that the answers answer, from a list of turns, from alpaca's columns or from `prompt`."""
    if any(name in record for name in turns.COLUMNS):
        return turns.read_column(record)
    if "instruction" in record:
        return alpaca.prompt(record)
    if isinstance(prompt := record.get("prompt"), list):
        return turns.with_system(record, read_turns(prompt, "prompt", turns.tags_of(record)))
    return turns.with_system(record, (Message("user", needed(record, "prompt")),))


def read_turns(values: list[object], name: str, tags: Tags) -> tuple[Message, ...]:
    if not values:
        raise RowProblem(f"{name} is empty")
    numbered = enumerate(values, start=1)
    return tuple(turns.read_turn(turn, f"turn {index} of {name}", tags) for index, turn in numbered)


def read_answer(record: Record, column: str) -> tuple[Message, ...]:
    """The answer in `column`: text, one turn, or the whole conversation up to it."""
    value, name, tags = record.get(column), called(record, column), turns.tags_of(record)
    if isinstance(value, list):
        messages = read_turns(value, name, tags)
    elif isinstance(value, dict):
        messages = (turns.read_turn(value, name, tags),)
    elif isinstance(value, str) or value is None:
        messages = (Message("assistant", needed(record, column)),)
    else:
        raise RowProblem(f"{name} is {kind(value)}, not an answer")
    if messages[-1].role not in MODEL_ROLES:
        raise RowProblem(f"{name} is the {messages[-1].role}'s, not the assistant's")
    return messages


def joined(
    prompt: tuple[Message, ...], answer: tuple[Message, ...]
) -> tuple[tuple[Message, ...], tuple[Message, ...]]:
    """The prompt, and the turns that follow it; some files have the prompt again before the answer."""
    asked = tuple(message for message in prompt if message.role != "system")
    lead = tuple(message for message in answer[:-1] if message.role != "system")
    if not prompt or not lead:
        return prompt, answer
    system = [message for message in (*answer[:1], *prompt[:1]) if message.role == "system"][:1]
    if lead[: len(asked)] == asked:
        return (*system, *asked), (*lead[len(asked) :], answer[-1])
    if lead[-len(asked) :] == asked:
        return (*system, *lead), answer[-1:]
    return prompt, answer
