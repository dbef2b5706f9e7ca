"""One or two characters for what is the matter with a row."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy
    import pyarrow

    from workbench.data.dataset import Dataset
    from workbench.data.health.duplicates import Duplicates

BAD, EQUAL, ASKED = "✗", "D", "P"
# Flags of `workbench.data.health.facts.Flag` by name, in the order in which they are drawn.
OF_FLAGS = {
    "PLACEHOLDER": "{",
    "EMPTY_TURN": "E",
    "ONE_SIDED": "1",
    "ROLE_ORDER": "R",
    "CONTROL": "^",
    "REPLACEMENT": "?",
}
LEGEND = (
    f"{BAD} a row that cannot be used, {EQUAL} equal to an earlier row, {ASKED} a prompt that an earlier row "
    "has, { an unreplaced {{placeholder}}, E an empty turn, 1 one side only, R roles out of order, "
    "^ control characters, ? characters that were lost (U+FFFD)"
)


def marks_of(dataset: Dataset, duplicates: Duplicates | None) -> pyarrow.Array | None:
    """The marks of every row, or None if no row has any. Looks at every row: not for the event loop."""
    import numpy
    import pyarrow

    codes = numpy.zeros(dataset.rows, dtype=numpy.uint16)
    marks = [BAD]
    if dataset.bad_rows:
        codes[dataset.bad_rows.numbers - 1] |= 1
    for mark, rows in _found(dataset, duplicates):
        codes[rows - 1] |= numpy.uint16(1 << len(marks))
        marks.append(mark)
    if not codes.any():
        return None
    present, indices = numpy.unique(codes, return_inverse=True)
    names = ["".join(mark for bit, mark in enumerate(marks) if code >> bit & 1) for code in present.tolist()]
    return pyarrow.DictionaryArray.from_arrays(indices.astype(numpy.int32), names)


def _found(dataset: Dataset, duplicates: Duplicates | None) -> list[tuple[str, numpy.ndarray]]:
    """Row numbers by mark."""
    from workbench.data.health.facts import Flag

    found = []
    if duplicates is not None:
        found += [(EQUAL, duplicates.row_numbers), (ASKED, duplicates.prompt_numbers)]
    found += [(mark, dataset.facts.with_flag(Flag[name])) for name, mark in OF_FLAGS.items()]
    return found
