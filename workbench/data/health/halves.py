"""What is compared where rows are looked through for likeness: what is asked, and what is answered."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING

from workbench.data.conversation import MODEL_ROLES, Conversation
from workbench.data.formats.detect import UNKNOWN, find_format
from workbench.data.formats.fields import Record, RowProblem
from workbench.data.formats.mapping import mapped_format
from workbench.data.health.facts import Flag
from workbench.data.health.row_facts import texts_in
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset

Halves = tuple[str, str]


def halves_of(value: object, conversation: Conversation | None) -> Halves:
    """What the user asks in a row, and all else that is said in it.

    System texts and tools are left out, since many rows share them. Plain text, and the texts of a row
    whose format is unknown, are all taken for answers.
    """
    if conversation is None:
        return "", "\n".join(texts_in(value))
    if conversation.text is not None:
        return "", conversation.text
    asked, answered = [], []
    for message in conversation.messages:
        if message.role == "user":
            asked.append(message.content)
        elif message.role == "tool" or message.role in MODEL_ROLES:
            answered.append(message.preface + message.content if message.preface else message.content)
    for answer in (conversation.chosen, conversation.rejected):
        if answer is not None:
            answered.append(answer.preface + answer.content)
    return "\n".join(asked), "\n".join(answered)


def read_halves(dataset: Dataset, rows: Iterable[int]) -> Iterator[tuple[int, Halves]]:
    """The numbers and halves of these rows, which ascend; both are empty where a row is bad.

    Raises:
        WorkbenchError: the file was changed.
    """
    read = _reader(dataset)
    bad = dataset.facts.with_flag(Flag.BAD)
    unusable = set(bad.tolist()) if len(bad) else ()
    for row, record in dataset.records(rows):
        if record is None or row in unusable:
            yield row, ("", "")
            continue
        try:
            yield row, halves_of(record, read(record, row) if read else None)
        except RowProblem as problem:
            raise WorkbenchError(
                f"row {row:,} was good and is not any more ({problem.args[0]})", where=dataset.spec
            ) from problem


def _reader(dataset: Dataset) -> Callable[[Record, int], Conversation] | None:
    if dataset.format == UNKNOWN:
        return None
    return (mapped_format(dataset.mapping) if dataset.mapping else find_format(dataset.format)).read
