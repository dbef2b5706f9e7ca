"""Which format the rows have, and why that is thought."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from workbench.data.conversation import Conversation
from workbench.data.formats import alpaca, kto, openai, preference, prompt_completion, sharegpt, text
from workbench.data.formats.fields import Record
from workbench.errors import WrongUse
from workbench.untrusted import shorten


@dataclass(frozen=True, slots=True)
class Format:
    """`fits` says why a row looks like this format, or None; `read` reads one or raises RowProblem.

    `asks` names the columns that it needs.
    """

    name: str
    asks: str
    fits: Callable[[Record], str | None]
    read: Callable[[Record, int], Conversation]


# The more particular ones first: a preference row has a conversation too.
FORMATS: dict[str, Format] = {
    module.NAME: Format(module.NAME, module.ASKS, module.fits, module.read)
    for module in (preference, kto, sharegpt, openai, alpaca, prompt_completion, text)
}
UNKNOWN = "unknown"


def find_format(name: str) -> Format:
    """The format called `name`.

    Raises:
        WrongUse: there is none.
    """
    if name not in FORMATS:
        near = difflib.get_close_matches(name.lower(), FORMATS, n=1, cutoff=0.5)
        remedy = f"The formats are {', '.join(FORMATS)}."
        raise WrongUse(
            f"there is no format {name!r}", remedy=f"Did you mean {near[0]}? {remedy}" if near else remedy
        )
    return FORMATS[name]


def detect_format(rows: Sequence[object]) -> tuple[Format | None, str]:
    """The format that at least half of these first rows have, with the reason; None if there is none."""
    records = [row for row in rows if isinstance(row, dict)]
    if not records:
        return None, "none of the first rows could be read as named columns"
    for format_ in FORMATS.values():
        reasons = [why for record in records if (why := format_.fits(record))]
        if len(reasons) * 2 >= len(records):
            rest = len(records) - len(reasons)
            but = f"; {rest:,} of the first {len(records):,} rows lack that" if rest else ""
            return format_, Counter(reasons).most_common(1)[0][0] + but
    columns = list(dict.fromkeys(name for record in records for name in record))
    shown = ", ".join(shorten(name, 40) for name in columns[:8])
    if len(columns) > 8:
        shown += f" and {len(columns) - 8:,} more"
    return None, f"the columns {shown} belong to no format known here"


def what_to_do(columns: Sequence[str] = ()) -> str:
    """How a file of unknown columns can be made usable; with its columns, in the words for this file."""
    from workbench.data.formats.mapping import mapping_text, suggest

    guess = shorten(mapping_text(suggest(columns, ())), 200) or "prompt=… response=…"
    return (
        f'Say which column is what (key F in the app, --map "{guess}" on the command line), '
        "or rename the columns, for instance to instruction and output."
    )
