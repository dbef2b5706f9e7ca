"""What the current key means, where the term comes from, and what it may hold."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.content import Content
from textual.widgets import Static

from screens.training.values import as_text, choices

if TYPE_CHECKING:
    from workbench.recipe.form import Field


class HelpPane(Static):
    """Help of one field: a sentence or two, then limits, default and source."""

    def __init__(self) -> None:
        super().__init__(classes="pane")

    def explain(self, field: Field) -> None:
        """Show the help of this field."""
        self.border_title = field.name
        facts = [("default", as_text(field.default) or ("empty" if field.optional else "none: it is needed"))]
        if words := choices(field):
            facts.append(("one of", ", ".join(word for word, _ in words)))
        elif field.limits:
            facts.append(("limits", field.limits))
        if field.source:
            facts.append(("source", field.source))
        pieces: list[str | tuple[str, str]] = [field.help, "\n"]
        for name, fact in facts:
            pieces += [(f"{name} ", "$text-muted"), f"{fact}   "]
        self.update(Content.assemble(*pieces))
