"""What is to be said about the health of a data set, each finding with the rows behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy

from workbench.data.health.duplicates import find_duplicates, together
from workbench.data.health.facts import Flag
from workbench.data.health.languages import LANGUAGES
from workbench.data.health.lengths import Outliers, length_outliers

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset
    from workbench.data.health.facts import Facts
    from workbench.data.health.near import NearDuplicates

Array = numpy.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Finding:
    """One thing that was looked for. `rows` are row numbers, ascending.

    `count` counts rows, save for "conflicting", which counts prompts. `serious` is what makes training
    worse; the rest is worth a look. `explanation` is one sentence. `together` has the rows side by side that
    repeat or contradict one another, with the earlier ones that they repeat.
    """

    key: str
    title: str
    count: int
    rows: Array
    serious: bool
    explanation: str
    together: Array | None = None

    @property
    def shown(self) -> Array:
        """Row numbers in the order in which they are best read."""
        return self.rows if self.together is None else self.together


# Key, title, whether it is serious, explanation; in the order in which they are told.
_FLAGS = (
    (
        Flag.PLACEHOLDER,
        "placeholders",
        "unreplaced placeholders",
        True,
        "A name in double braces, such as {{name}}, stands in a text: the model would learn to say it.",
    ),
    (
        Flag.EMPTY_TURN,
        "empty_turns",
        "empty turns",
        True,
        "A turn has no visible character: the model would learn to say nothing, or to answer nothing.",
    ),
    (
        Flag.ONE_SIDED,
        "one_sided",
        "one-sided conversations",
        True,
        "Nobody asks, or nobody answers.",
    ),
    (
        Flag.ROLE_ORDER,
        "role_order",
        "wrong role order",
        True,
        "Turns do not alternate between question and answer, a system turn comes late, or the last turn "
        "is no answer; some chat templates refuse that.",
    ),
    (
        Flag.REPLACEMENT,
        "replacement",
        "U+FFFD characters",
        True,
        "U+FFFD stands where an earlier program could not decode a character: the text is damaged.",
    ),
    (
        Flag.CONTROL,
        "control",
        "control characters",
        False,
        "Characters that are neither text nor a line break or tab, turn the text's direction or have no "
        "width: left from a terminal, a PDF, a web page or a wrong decoding.",
    ),
)


def findings(dataset: Dataset) -> list[Finding]:
    """All that is known without reading rows again, also what was looked for and not found."""
    facts = dataset.facts
    found = [_bad(facts), *_of_duplicates(facts, is_kto=dataset.format == "kto")]
    for flag, key, title, serious, explanation in _FLAGS:
        rows = facts.with_flag(flag)
        found.append(Finding(key, title, len(rows), rows, serious, explanation))
    found.append(_of_outliers(length_outliers(facts)))
    return found


def near_finding(near: NearDuplicates) -> Finding:
    """Near duplicates, which take reading all rows once more, as a finding."""
    return Finding(
        "near",
        "near duplicates",
        near.count,
        near.row_numbers,
        False,
        "Four fifths or more of their word triples are an earlier row's, and yet they are not equal to it.",
        _beside_earlier(near),
    )


def languages(facts: Facts) -> dict[str, int]:
    """Rows by the script of most of their letters, the most frequent first; Latin is one of them."""
    counts = numpy.bincount(facts.language, minlength=len(LANGUAGES)).tolist()
    named = sorted(zip(counts, LANGUAGES, strict=False), key=lambda pair: -pair[0])
    return {name: count for count, name in named if count}


def _bad(facts: Facts) -> Finding:
    rows = facts.with_flag(Flag.BAD)
    explanation = "They cannot be read, or are not what the format asks for; training skips them."
    return Finding("bad", "bad rows", len(rows), rows, True, explanation)


def _beside_earlier(near: NearDuplicates) -> Array:
    """Every earlier row with those that are near it behind it."""
    first: dict[int, int] = {}
    for row, earlier, _ in near.pairs:
        first[row] = first.setdefault(earlier, earlier)
    return numpy.array(sorted(first, key=lambda row: (first[row], row)), dtype=numpy.int64)


def _of_duplicates(facts: Facts, *, is_kto: bool) -> list[Finding]:
    found = find_duplicates(facts)
    conflict = "The same prompt has answers that differ: the model is pulled to all of them at once."
    if is_kto:
        conflict = "The same prompt has answers that differ, as KTO rows may have: one wanted, one not."
    return [
        Finding(
            "duplicates",
            "rows equal to an earlier one",
            found.rows,
            found.row_numbers,
            False,
            "All their columns have the values of an earlier row: they are trained more than once.",
            together(facts.row_hash, found.row_numbers),
        ),
        Finding(
            "prompts",
            "repeated prompts",
            found.prompts,
            found.prompt_numbers,
            False,
            "An earlier row has the same system text, earlier turns, question and tools.",
            together(facts.prompt_hash, found.prompt_numbers),
        ),
        Finding(
            "conflicting",
            "prompts with conflicting answers",
            found.conflicting,
            found.conflicting_numbers,
            not is_kto,
            conflict,
            together(facts.prompt_hash, found.conflicting_numbers),
        ),
    ]


def _of_outliers(found: Outliers) -> Finding:
    within = ", ".join(f"{role} {low:,} to {high:,}" for role, (low, high) in found.limits.items())
    explanation = "The length of a role is more than three standard deviations from the mean"
    explanation += f"; within are, in characters, {within}." if within else "."
    rows = found.row_numbers
    return Finding("outliers", "length outliers", len(rows), rows, False, explanation)
