"""The answers to the held-out prompts, side by side, with the words that differ from the baseline's."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from screens.quantize.differences import Difference, differing
from workbench.untrusted import printable

if TYPE_CHECKING:
    from workbench.quantize.results import Answers, MethodResult, Results

# Below this many cells an answer, they stand one below the other.
COLUMN_FROM = 24


class AnswersPane(VerticalScroll):
    """What each method says to each prompt. What differs from the baseline is underlined and coloured."""

    HELP = (
        "Every method's greedy answers to the same held-out prompts. Words that do not stand so in the "
        "baseline's answer are underlined; how many they are, and from which word on, stands above each "
        "answer. n and p go to the next and the previous prompt."
    )
    DEFAULT_CSS = """
    AnswersPane .prompt {
        height: auto; padding: 0 1; margin-bottom: 1; background: $panel; border-left: thick $primary;
    }
    AnswersPane .reference { height: auto; margin-bottom: 1; color: $text-muted; }
    AnswersPane PromptBlock, AnswersPane Horizontal { height: auto; }
    AnswersPane .answer { width: 1fr; height: auto; margin: 0 2 1 0; }
    AnswersPane.-stacked Horizontal { layout: vertical; }
    AnswersPane.-stacked .answer { width: 100%; }
    """

    def __init__(self) -> None:
        super().__init__(id="answers", classes="pane")
        self.border_title = "answers"
        self._methods: Sequence[MethodResult] = ()

    def compose(self) -> ComposeResult:
        yield Static(classes="dim", id="no-answers", markup=False)

    def on_mount(self) -> None:
        self.show(None)

    def on_resize(self) -> None:
        self._stack()

    def show(self, results: Results | None) -> None:
        """Show the answers of these results; what is there already stays where it is."""
        self._methods = results.methods if results else ()
        answers = results.answers if results else []
        blocks = list(self.query(PromptBlock))
        for block, shown in zip(blocks, answers, strict=False):
            block.show(shown, self._methods)
        for block in blocks[len(answers) :]:
            block.remove()
        self.mount_all(PromptBlock(shown, self._methods) for shown in answers[len(blocks) :])
        nothing = self.query_one("#no-answers", Static)
        nothing.display = not answers
        nothing.update(
            "No prompts were asked for." if self._methods else "The answers to held-out prompts come here."
        )
        self.border_subtitle = f"{len(answers)} prompt{'' if len(answers) == 1 else 's'}" if answers else ""
        self._stack()

    def turn(self, by: int) -> None:
        """Scroll to the next prompt, or to the one before."""
        tops = [block.virtual_region.y for block in self.query(PromptBlock)]
        here = self.scroll_offset.y
        if by > 0:
            target = next((top for top in tops if top > here), None)
        else:
            target = next((top for top in reversed(tops) if top < here), None)
        if target is not None:
            self.scroll_to(y=target, animate=False)

    def _stack(self) -> None:
        self.set_class(self.size.width < len(self._methods) * COLUMN_FROM, "-stacked")


class PromptBlock(Vertical):
    """One prompt, the answers to it, and the row's own."""

    def __init__(self, answers: Answers, methods: Sequence[MethodResult]) -> None:
        super().__init__()
        self._answers, self._methods = answers, methods
        self._drawn: list[Content] = []

    def compose(self) -> ComposeResult:
        answers = self._answers
        prompt = Content.assemble((f"row {answers.row}  ", "$text-muted"), printable(answers.prompt))
        yield Static(prompt, classes="prompt")
        yield Horizontal()
        own = Content.assemble(("the row itself\n", "bold"), printable(answers.reference))
        yield Static(own, classes="reference")

    def on_mount(self) -> None:
        self._draw()

    def show(self, answers: Answers, methods: Sequence[MethodResult]) -> None:
        """Show these; of the same prompt more methods have answered, usually."""
        asked_anew = (answers.row, answers.prompt) != (self._answers.row, self._answers.prompt)
        self._answers, self._methods = answers, methods
        if asked_anew:
            self._drawn = []
            self.refresh(recompose=True)
            self.call_after_refresh(self._draw)
        elif self.is_mounted:
            self._draw()

    def _draw(self) -> None:
        given = self._answers.answers
        baseline = self._methods[0].name
        columns = []
        for method in self._methods:
            if (text := given.get(method.name)) is not None:
                other = given.get(baseline) if method.name != baseline else None
                columns.append(_answer(method.label, text, other))
        if columns == self._drawn:
            return
        self._drawn = columns
        box = self.query_one(Horizontal)
        held = list(box.query(Static))
        for static, content in zip(held, columns, strict=False):
            static.update(content)
        for static in held[len(columns) :]:
            static.remove()
        box.mount_all(Static(content, classes="answer") for content in columns[len(held) :])


def _answer(label: str, text: str, baseline: str | None) -> Content:
    """One column: who says it, how far it differs, and what it says."""
    heading = Content.styled(printable(label), "bold")
    text = printable(text)
    if baseline is None:
        return Content.assemble(heading, ("  baseline\n", "$text-muted"), text)
    difference = differing(text, printable(baseline))
    parts: list[tuple[str, str] | str] = [
        (piece, "underline $text-warning") if changed else piece for piece, changed in difference.pieces
    ]
    return Content.assemble(heading, (f"  {_in_words(difference)}\n", "$text-muted"), *parts)


def _in_words(difference: Difference) -> str:
    if difference.same:
        return "same words"
    if not difference.changed:
        return f"words missing from word {difference.first} on"
    return f"{difference.changed} of {difference.words} words differ, from word {difference.first}"
