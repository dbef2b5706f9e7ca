"""The estimate of the memory that the recipe needs, part by part."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static
from textual.worker import get_current_worker

from workbench.errors import WorkbenchError
from workbench.figures import GIB, gib, significant
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.estimate import Estimate
    from workbench.recipe.schema import Recipe

SIZE_WIDTH = 10
# One does not want an estimate of every letter that is typed.
AFTER_S = 0.3


class MemoryPane(VerticalScroll):
    """Each part with a bar, the total against what is there, and what would make it fit."""

    HELP = (
        "What the run will need at its fullest, computed from the model's config.json and the recipe, "
        "against the memory that is there now. Where it does not fit, the changes that help most are "
        "named."
    )

    class Estimated(Message):
        """There is a new estimate, or none any more."""

        def __init__(self, estimate: Estimate | None) -> None:
            super().__init__()
            self.estimate = estimate

    def __init__(self) -> None:
        super().__init__(classes="pane")
        self.border_title = "memory"
        self.estimate: Estimate | None = None
        self._recipe: Recipe | None = None
        self._soon: Timer | None = None

    def compose(self) -> ComposeResult:
        yield Static(id="memory-text")

    def on_resize(self) -> None:
        if self.estimate:
            self._draw(self.estimate)

    def consider(self, recipe: Recipe) -> None:
        """Estimate this recipe, if no other one comes at once."""
        if recipe == self._recipe:
            return
        self._recipe = recipe
        if self._soon:
            self._soon.stop()
        self._soon = self.set_timer(AFTER_S, lambda: self._compute(recipe))

    def wait_for(self, sentence: str) -> None:
        """There is nothing to estimate yet: say what is missing."""
        self._recipe = None
        if self._soon:
            self._soon.stop()
        self._say(sentence)

    @work(thread=True, exclusive=True, group="estimate")
    def _compute(self, recipe: Recipe) -> None:
        worker = get_current_worker()
        try:
            from workbench.estimate import estimate

            found: Estimate | str = estimate(recipe)
        except WorkbenchError as error:
            found = str(error)
        if not worker.is_cancelled:
            self.call_later(self._show, recipe, found)

    def _show(self, recipe: Recipe, found: Estimate | str) -> None:
        if recipe != self._recipe:
            return
        if isinstance(found, str):
            self._say(found)
            return
        self.estimate = found
        self._draw(found)
        self.post_message(self.Estimated(found))

    def _draw(self, estimate: Estimate) -> None:
        width = max(self.content_size.width - 1, 30)
        text = self.query_one("#memory-text", Static)
        text.set_class(False, "dim")
        text.update(Content("\n").join(_lines(estimate, width)))
        self.border_subtitle = verdict(estimate)
        self.set_class(estimate.fits is False, "-too-much")

    def _say(self, sentence: str) -> None:
        self.estimate = None
        text = self.query_one("#memory-text", Static)
        text.set_class(True, "dim")
        text.update(Content(printable(sentence)))
        self.border_subtitle = ""
        self.remove_class("-too-much")
        self.post_message(self.Estimated(None))


def verdict(estimate: Estimate) -> str:
    """`✓ fits: 3.14 of 79.6 GiB`, short enough for a frame."""
    if estimate.available_gib is None:
        return f"{significant(estimate.total_gib)} GiB"
    of = f"{significant(estimate.total_gib)} of {significant(estimate.available_gib)} GiB"
    if estimate.fits is None:
        return of
    return f"✓ fits: {of}" if estimate.fits else f"✗ does not fit: {of}"


def _lines(estimate: Estimate, width: int) -> list[Content]:
    parts = {name.replace("_", " "): size for name, size in estimate.parts.items()}
    names = max((len(name) for name in parts), default=0)
    most = max([*parts.values(), 1e-9])
    bars = max(width - names - SIZE_WIDTH - 3, 4)
    lines = []
    for name, size in parts.items():
        # Half blocks draw two lengths a cell.
        halves = round(2 * bars * size / most)
        bar = "━" * (halves // 2) + ("╸" if halves % 2 else "")
        lines.append(
            Content.assemble(
                (f"{name:<{names}} ", "$text-muted"), f"{gib(size * GIB):>{SIZE_WIDTH}} ", (bar, "$primary")
            )
        )
    total = Content.assemble(
        (f"{'total':<{names}} ", "bold"), (f"{gib(estimate.total_gib * GIB):>{SIZE_WIDTH}} ", "bold")
    )
    if estimate.available_gib is not None:
        total += f"of {significant(estimate.available_gib)} GiB free, {printable(estimate.device)}"
    else:
        total += printable(estimate.device)
    lines.append(total)
    if estimate.fits is False:
        lines.append(Content.styled("✗ It does not fit. What would help:", "$text-error"))
    lines += [Content(f"· {printable(advice)}") for advice in estimate.advice]
    return lines
