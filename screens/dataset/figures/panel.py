"""The figures of the whole data set: lengths, labels and health."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.events import DescendantFocus, Resize

from screens.dataset.background import Background, Failed, Progress
from screens.dataset.figures.counting import (
    CountTokens,
    FactsFound,
    FindFacts,
    FindNear,
    NearFound,
    TokensCounted,
)
from screens.dataset.figures.health_pane import HealthPane
from screens.dataset.figures.labels_pane import LabelsPane
from screens.dataset.figures.lengths_pane import LengthsPane
from screens.dataset.figures.pane import FigurePane

if TYPE_CHECKING:
    from screens.dataset.lens import Lens
    from workbench.data.dataset import Dataset
    from workbench.data.tokens.lengths import TokenLengths
    from workbench.data.tokens.statistics import TokenStatistics

FACTS, NEAR, TOKENS = "facts", "near", "tokens"


class FiguresPanel(Horizontal):
    """All three side by side on a wide terminal, else one that tab turns. Counts when it is seen.

    Each posts ShowRows with the rows behind what is chosen in it.
    """

    DEFAULT_CSS = """
    FiguresPanel > .figure { display: none; }
    FiguresPanel > .figure.-front { display: block; }
    DataScreen.-wide FiguresPanel > .figure { display: block; }
    """
    SCOPED_CSS: ClassVar[bool] = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "screen.stop", "Back", tooltip="Stop counting, or go back to the rows"),
        Binding("tab", "turn(1)", "Next figure"),
        Binding("shift+tab", "turn(-1)", "Figure before", show=False),
    ]

    def __init__(self) -> None:
        super().__init__(id="figures")
        self.lengths, self.labels, self.health = LengthsPane(), LabelsPane(), HealthPane()
        self._panes: tuple[FigurePane, ...] = (self.lengths, self.labels, self.health)
        self._front = 0
        # Where to begin when the focus comes back, after tab left at the last figure.
        self._begin: int | None = None
        self._dataset: Dataset | None = None
        self._lens: Lens | None = None
        self._facts_of: Dataset | None = None
        self._tokens_of: tuple[Dataset, str] | None = None
        self._token_lengths: TokenLengths | None = None
        self._jobs: dict[str, Background] = {}
        self.lengths.add_class("-front")

    def compose(self) -> ComposeResult:
        yield from self._panes

    @property
    def statistics(self) -> TokenStatistics | None:
        """The tokens of the data set under the cutoff, once they are counted."""
        return self.lengths.statistics

    @property
    def token_lengths(self) -> TokenLengths | None:
        """The tokens of every row, once they are counted."""
        return self._token_lengths

    @property
    def counting(self) -> bool:
        """Whether anything is being counted."""
        return bool(self._jobs)

    def look(self, dataset: Dataset | None, lens: Lens | None) -> None:
        """Count this data set through this lens, as soon as the panel is seen; None: nothing is open."""
        self._dataset, self._lens = dataset, lens
        if dataset is None:
            self._forget()
        elif self.display:
            self._look()

    def stop(self) -> None:
        """Stop counting."""
        if not self._jobs:
            return
        stopped = set(self._jobs)
        self._halt(*stopped)
        if FACTS in stopped:
            self._facts_of = None
            self._say("Counting was stopped. s twice counts again.")
        if NEAR in stopped:
            self._facts_of = None
            self.health.show_near("stopped")
        if TOKENS in stopped:
            self._tokens_of = None
            self.lengths.show_tokens(None, "Tokens: stopped. s twice counts again.")

    def focus_front(self) -> None:
        """Give the figure in front the focus."""
        self._panes[self._front].entries.focus()

    def on_show(self) -> None:
        self._look()

    def on_unmount(self) -> None:
        self._halt(*self._jobs)

    def on_resize(self, event: Resize) -> None:
        others = not self.screen.has_class("-wide")
        for pane in self._panes:
            pane.show_others(others)

    # --- counting

    def _look(self) -> None:
        dataset = self._dataset
        if dataset is None:
            return
        if not dataset.complete:
            self._forget()
            self._say("Figures are of all rows: they come when the last one is read.")
            return
        if dataset is not self._facts_of:
            self._halt(*self._jobs)
            self._facts_of, self._tokens_of, self._token_lengths = dataset, None, None
            self._clear()
            self._say("looking at every row …")
            self._start(FACTS, FindFacts(self, dataset))
        self._look_at_tokens(dataset, self._lens)

    def _look_at_tokens(self, dataset: Dataset, lens: Lens | None) -> None:
        if lens is None:
            self._put_tokens(None, "m picks a model, whose tokens are then counted.")
            return
        refusal = dataset.why_not_trained()
        if refusal:
            self._put_tokens(None, f"No tokens are counted: {refusal.partition('. ')[0].rstrip('.')}.")
            return
        wanted = (dataset, lens.model)
        if self._tokens_of != wanted:
            self._halt(TOKENS)
            self._tokens_of, self._token_lengths = wanted, None
            self._put_tokens(None, "counting tokens …")
            self._start(TOKENS, CountTokens(self, dataset, lens))
        elif self._token_lengths is not None:
            self._put_tokens(self._token_lengths.under(lens.cutoff_len))

    def _start(self, name: str, job: Background) -> None:
        self._jobs[name] = job
        job.start()

    def _halt(self, *names: str) -> None:
        for name in list(names):
            job = self._jobs.pop(name, None)
            if job is not None:
                job.stop()

    def _done(self, job: Background) -> str | None:
        """The name of a job that still counts, and is no longer running."""
        name = self._job_name(job)
        return name if name is not None and self._jobs.pop(name) else None

    def _job_name(self, job: Background) -> str | None:
        return next((name for name, running in self._jobs.items() if running is job), None)

    def on_facts_found(self, message: FactsFound) -> None:
        message.stop()
        if self._done(message.work) is None or self._dataset is None:
            return
        self._say("")
        self.lengths.show_characters(message.characters)
        self.labels.show(message.distributions)
        self.health.show_findings(message.findings)
        self.health.show_near("comparing …")
        self._start(NEAR, FindNear(self, self._dataset))

    def on_near_found(self, message: NearFound) -> None:
        message.stop()
        if self._done(message.work) is not None:
            self.health.show_near(message.finding)

    def on_tokens_counted(self, message: TokensCounted) -> None:
        message.stop()
        if self._done(message.work) is not None and self._lens is not None:
            self._token_lengths = message.lengths
            self._put_tokens(message.lengths.under(self._lens.cutoff_len))

    def on_progress(self, message: Progress) -> None:
        message.stop()
        name = self._job_name(message.work)
        if name == NEAR:
            self.health.show_near(f"{message.share:.0%}, escape stops")
        elif name == TOKENS:
            self.lengths.show_tokens(None, f"counting tokens: {message.share:.0%}, escape stops")

    def on_failed(self, message: Failed) -> None:
        message.stop()
        name = self._done(message.work)
        if name == FACTS:
            self._say(f"✗ {message.sentence}", "problem")
        elif name == NEAR:
            self.health.show_near(f"✗ {message.sentence}")
        elif name == TOKENS:
            self._put_tokens(None, f"✗ {message.sentence}")

    # --- showing

    def _forget(self) -> None:
        """Stop counting, and show nothing."""
        self._halt(*self._jobs)
        self._facts_of = self._tokens_of = self._token_lengths = None
        self._clear()

    def _put_tokens(self, statistics: TokenStatistics | None, counting: str = "") -> None:
        self.lengths.show_tokens(statistics, counting)
        self.health.show_tokens(statistics)

    def _clear(self) -> None:
        self.lengths.clear()
        self.labels.clear()
        self.health.clear()

    def _say(self, sentence: str, kind: str = "dim") -> None:
        for pane in self._panes:
            pane.say(sentence, kind)

    # --- turning

    def on_descendant_focus(self, event: DescendantFocus) -> None:
        begin, self._begin = self._begin, None
        if begin is not None and not self.screen.has_class("-wide"):
            self._bring(begin)

    def action_turn(self, step: int) -> None:
        """The next figure; behind the last one, the next pane."""
        following = self._front + step
        if self.screen.has_class("-wide") or not 0 <= following < len(self._panes):
            self._begin = 0 if step > 0 else len(self._panes) - 1
            (self.screen.focus_next if step > 0 else self.screen.focus_previous)()
        else:
            self._bring(following)

    def _bring(self, front: int) -> None:
        self._panes[self._front].remove_class("-front")
        self._front = front
        self._panes[front].add_class("-front")
        self.call_after_refresh(self.focus_front)
