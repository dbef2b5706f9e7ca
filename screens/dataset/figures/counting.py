"""What is counted in threads for the figures; each posts what it found, unless it was stopped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message
from textual.message_pump import MessagePump

from screens.dataset.background import Background

if TYPE_CHECKING:
    from screens.dataset.figures.by_role import Characters
    from screens.dataset.figures.distribution import Distribution
    from screens.dataset.lens import Lens
    from workbench.data.dataset import Dataset
    from workbench.data.health.report import Finding
    from workbench.data.tokens.lengths import TokenLengths


@dataclass
class FactsFound(Message):
    """What is known of a data set without a model."""

    work: Background
    characters: Characters
    distributions: list[Distribution]
    findings: list[Finding]


@dataclass
class NearFound(Message):
    """Rows near an earlier one."""

    work: Background
    finding: Finding


@dataclass
class TokensCounted(Message):
    """The tokens of every row, whatever the cutoff."""

    work: Background
    lengths: TokenLengths


class FindFacts(Background):
    """Distributions and cheap findings."""

    def __init__(self, listener: MessagePump, dataset: Dataset) -> None:
        super().__init__(listener)
        self._dataset = dataset

    def run(self) -> None:
        """Look at the facts of all rows."""
        from screens.dataset.figures.by_role import Characters
        from screens.dataset.figures.distribution import distributions
        from workbench.data.health.report import findings

        characters = Characters(self._dataset.facts)
        characters.prepare()
        self.post(FactsFound(self, characters, distributions(self._dataset), findings(self._dataset)))


class FindNear(Background):
    """Near duplicates, for which every row is read."""

    def __init__(self, listener: MessagePump, dataset: Dataset) -> None:
        super().__init__(listener)
        self._dataset = dataset

    def run(self) -> None:
        """Compare all rows."""
        from workbench.data.health.near import find_near
        from workbench.data.health.report import near_finding

        near = find_near(self._dataset, progress=self.told, cancelled=self.cancelled)
        self.post(NearFound(self, near_finding(near)))


class CountTokens(Background):
    """The tokens of every row under a model's template."""

    def __init__(self, listener: MessagePump, dataset: Dataset, lens: Lens) -> None:
        super().__init__(listener)
        self._dataset, self._lens = dataset, lens

    def run(self) -> None:
        """Count them."""
        from screens.abandonable import Abandoned

        try:
            self.post(TokensCounted(self, self._counted()))
        except Abandoned:
            return  # nobody waits any more

    def _counted(self) -> TokenLengths:
        from workbench.data.tokens.counting import count_tokens
        from workbench.models.find import find_model

        base = find_model(self._lens.model).base
        # Whoever loads it first, the row's tokens or this: two threads that import transformers at once fail.
        tokenizer = self._lens.tokenizer.load(self.cancelled)
        return count_tokens(
            self._dataset, base, tokenizer=tokenizer, progress=self.told, cancelled=self.cancelled
        )
