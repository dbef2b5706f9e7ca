"""Held-out rows that the model is trained on: what is measured on them says nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

from workbench.data.health.facts import Facts, Flag

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset

Array = numpy.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Overlap:
    """Row numbers on both sides, ascending.

    `held_out_rows` say the same as a training row, one of `train_rows`; `held_out_prompts` are rows whose
    prompt a training row has, one of `train_prompts`, so that the first are among them.
    """

    held_out_rows: Array
    train_rows: Array
    held_out_prompts: Array
    train_prompts: Array

    @property
    def rows(self) -> int:
        """How many held-out rows are training rows too."""
        return len(self.held_out_rows)

    @property
    def prompts(self) -> int:
        """How many held-out rows ask what a training row asks."""
        return len(self.held_out_prompts)


def overlap(train: Dataset, held_out: Dataset) -> Overlap:
    """What both sets hold. The files may differ in container, format and columns.

    Bad rows are left out. Rows are the same if all their columns are, or if prompt and answer are.
    """
    ours, theirs = train.facts, held_out.facts
    same_here, same_there = _shared(_of_good_rows(ours), _of_good_rows(theirs))
    said_here, said_there = _shared(_said(ours), _said(theirs))
    asked_here, asked_there = _shared(ours.prompt_hash, theirs.prompt_hash)
    same_here |= said_here
    same_there |= said_there
    return Overlap(
        numpy.flatnonzero(same_there) + 1,
        numpy.flatnonzero(same_here) + 1,
        numpy.flatnonzero(asked_there) + 1,
        numpy.flatnonzero(asked_here) + 1,
    )


def _of_good_rows(facts: Facts) -> Array:
    return numpy.where(facts.flags & Flag.BAD.value, numpy.uint64(0), facts.row_hash)


def _said(facts: Facts) -> Array:
    """One number for prompt and answer; 0 where one of them is missing."""
    both = facts.prompt_hash * numpy.uint64(0x9E3779B97F4A7C15) ^ facts.answer_hash
    return numpy.where((facts.prompt_hash != 0) & (facts.answer_hash != 0), both, numpy.uint64(0))


def _shared(ours: Array, theirs: Array) -> tuple[Array, Array]:
    """Which elements of each the other has too; 0 is in neither."""
    both = numpy.intersect1d(ours, theirs)
    both = both[both != 0]
    return numpy.isin(ours, both), numpy.isin(theirs, both)
