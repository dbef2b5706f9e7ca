"""The lengths of rows, of all that is said or of what one role says; in characters or in tokens."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

import numpy

from screens.dataset.figures.spread import Numbers, Spread

if TYPE_CHECKING:
    from workbench.data.health.facts import Facts
    from workbench.data.tokens.statistics import TokenStatistics

ALL = "all"
_SPEAKING = ("system", "user", "assistant", "tool", "text")


class LengthsByRole:
    """A spread for each of the `roles`, made when it is first asked for; the first role is ALL."""

    unit = ""

    def __init__(self) -> None:
        self._spreads: dict[str, Spread] = {}

    @property
    def roles(self) -> list[str]:
        """Whose lengths there are."""
        raise NotImplementedError

    def spread(self, role: str) -> Spread:
        """The lengths of what this role says, in the rows in which it says anything."""
        if role not in self._spreads:
            self._spreads[role] = self._spread(role)
        return self._spreads[role]

    def _spread(self, role: str) -> Spread:
        raise NotImplementedError


class Characters(LengthsByRole):
    """The characters of every row that can be used."""

    unit = "characters"

    def __init__(self, facts: Facts) -> None:
        super().__init__()
        self._facts = facts

    def prepare(self) -> None:
        """Make what is shown first. Of a million rows that takes a third of a second: for a thread."""
        _ = self.roles, self.spread(ALL).ordered

    @cached_property
    def roles(self) -> list[str]:
        """Those that say anything, if more than one does."""
        saying = [role for role in _SPEAKING if self._of(role)[self._good].any()]
        return [ALL, *saying] if len(saying) > 1 else [ALL]

    @cached_property
    def _good(self) -> Numbers:
        """For each row, whether it can be used."""
        from workbench.data.health.facts import Flag

        return (self._facts.flags & Flag.BAD.value) == 0

    def _of(self, role: str) -> Numbers:
        lengths: Numbers = self._facts.chars if role == ALL else getattr(self._facts, f"{role}_chars")
        return lengths

    def _spread(self, role: str) -> Spread:
        lengths, chosen = self._of(role), self._good
        if role != ALL:
            chosen = chosen & (lengths > 0)
        return Spread(numpy.flatnonzero(chosen) + 1, lengths[chosen].astype(numpy.int64))


class Tokens(LengthsByRole):
    """The tokens of every row that is trained."""

    unit = "tokens"

    def __init__(self, statistics: TokenStatistics) -> None:
        super().__init__()
        self._statistics = statistics

    @property
    def roles(self) -> list[str]:
        """Those of the template."""
        return [ALL, *self._statistics.lengths_by_role]

    def _spread(self, role: str) -> Spread:
        rows = self._statistics.rows
        if role == ALL:
            return Spread(rows, self._statistics.lengths)
        lengths = self._statistics.lengths_by_role[role]
        return Spread(rows[lengths > 0], lengths[lengths > 0])
