"""Rows that say again what an earlier one said, and prompts with answers that differ."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

if TYPE_CHECKING:
    from workbench.data.health.facts import Facts

Numbers = numpy.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Duplicates:
    """Row numbers, ascending.

    `row_numbers` are rows equal to an earlier one, `prompt_numbers` rows whose prompt an earlier one has,
    and `conflicting_numbers` all rows of the `conflicting` prompts, which have more than one answer.
    """

    row_numbers: Numbers
    prompt_numbers: Numbers
    conflicting: int
    conflicting_numbers: Numbers

    @property
    def rows(self) -> int:
        """How many rows are equal to an earlier one."""
        return len(self.row_numbers)

    @property
    def prompts(self) -> int:
        """How many rows have a prompt that an earlier one has."""
        return len(self.prompt_numbers)

    def as_dict(self) -> dict[str, int]:
        """The counts, as `inspect` gives them."""
        return {"rows": self.rows, "prompts": self.prompts, "conflicting": self.conflicting}


def find_duplicates(facts: Facts) -> Duplicates:
    """Equal rows (the same columns and values), repeated prompts, and those with several answers.

    A prompt is what the last answer answers: system, earlier turns, question and tools. Texts are equal
    where they are the same, character for character. Hashes of 64 bit are compared: among a million rows,
    the chance that two different ones are taken for equal is 3 in 100 million.
    """
    conflicting, conflicting_numbers = _conflicting(facts)
    return Duplicates(repeated(facts.row_hash), repeated(facts.prompt_hash), conflicting, conflicting_numbers)


def repeated(hashes: Numbers) -> Numbers:
    """Numbers (from 1) of the elements that an earlier one equals, ascending; 0 equals nothing."""
    known = numpy.flatnonzero(hashes)
    if not len(known):
        return known
    values = hashes[known]
    order = numpy.argsort(values, kind="stable")
    again = numpy.flatnonzero(values[order][1:] == values[order][:-1]) + 1
    return numpy.sort(known[order[again]]) + 1


def together(hashes: Numbers, numbers: Numbers) -> Numbers:
    """The rows that share a hash with one of these, those that share one side by side, for reading.

    The groups stand in the order of their first rows, the rows of a group in that of the file.
    """
    if not len(numbers):
        return numbers
    members = numpy.flatnonzero(numpy.isin(hashes, numpy.unique(hashes[numbers - 1])))
    _, firsts, group = numpy.unique(hashes[members], return_index=True, return_inverse=True)
    order: Numbers = members[numpy.lexsort((members, firsts[group]))] + 1
    return order


def _conflicting(facts: Facts) -> tuple[int, Numbers]:
    known = numpy.flatnonzero((facts.prompt_hash != 0) & (facts.answer_hash != 0))
    if not len(known):
        return 0, known
    prompts, answers = facts.prompt_hash[known], facts.answer_hash[known]
    order = numpy.lexsort((answers, prompts))
    prompts, answers = prompts[order], answers[order]
    # Sorted by prompt and then by answer: a prompt conflicts where its first answer is not its last.
    starts = numpy.flatnonzero(numpy.concatenate(([True], prompts[1:] != prompts[:-1])))
    ends = numpy.append(starts[1:], len(prompts))
    differ = answers[starts] != answers[ends - 1]
    in_conflict = numpy.repeat(differ, ends - starts)
    return int(differ.sum()), numpy.sort(known[order[in_conflict]]) + 1
