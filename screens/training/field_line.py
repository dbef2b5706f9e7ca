"""One key of the recipe on one line: its name, its value, and what is wrong with it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from textual.content import Content
from textual.events import Click
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget
from textual.widgets import Input

from screens.training.values import as_text, choices, empty_means
from workbench.untrusted import display_width, printable, shorten

if TYPE_CHECKING:
    from workbench.recipe.form import Field

NAME_WIDTH = 28
VALUE_COLUMN = 2 + NAME_WIDTH + 1  # as the margin in screen.tcss
# With more choices than these they are picked from a list.
CHOICES_IN_LINE = 3


class FieldLine(Widget):
    """A key, drawn; an `Input` takes the value's place while it is typed into."""

    DEFAULT_CSS = """
    FieldLine { height: auto; }
    FieldLine.-current { background: $block-cursor-blurred-background; }
    Form:focus FieldLine.-current, Form:focus-within FieldLine.-current {
        background: $block-cursor-background;
    }
    """
    ALLOW_SELECT = False

    class Clicked(Message):
        """The line was clicked on."""

        def __init__(self, line: FieldLine) -> None:
            super().__init__()
            self.line = line

    def __init__(self, field: Field, value: object) -> None:
        super().__init__()
        self.field = field
        self.value = value
        self.problem = ""

    @property
    def changed(self) -> bool:
        """Whether the value is another than the default."""
        return bool(self.value != self.field.default)

    @property
    def editing(self) -> bool:
        """Whether the value is being typed."""
        return bool(self.children)

    def update(self, value: object, problem: str) -> None:
        """Show this value and this problem."""
        if (value, problem) != (self.value, self.problem):
            self.value, self.problem = value, problem
            self.refresh(layout=True)

    def set_current(self, current: bool) -> None:
        """Mark this line as the one that keys act on."""
        self.set_class(current, "-current")

    def on_click(self, event: Click) -> None:
        event.stop()
        self.post_message(self.Clicked(self))

    async def edit(self) -> Input:
        """Put an input in the value's place and give it the focus."""
        field = Input(as_text(self.value), compact=True, select_on_focus=True)
        field.cursor_blink = False
        await self.mount(field)
        field.focus()
        return field

    def render(self) -> Content:
        width = self.content_size.width
        name = Content.assemble(
            ("• " if self.changed else "  ", "$primary"),
            (f"{self.field.name:<{NAME_WIDTH}} ", "" if self.changed else "$text-muted"),
        )
        value = self._value(width - VALUE_COLUMN)
        line = name + value
        if self.changed and not self.editing and self.field.default != "":
            note = f"default {as_text(self.field.default) or 'empty'}"
            gap = width - line.cell_length - len(note) - 1
            if gap >= 1:
                line += Content.assemble(" " * gap, (note, "$text-disabled"))
        for sentence in self._problem_lines(width):
            line += Content.assemble("\n    ", (sentence, "$text-error"))
        return line

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        # Of the text alone: an input lies over its first line.
        return 1 + len(self._problem_lines(width))

    def _problem_lines(self, width: int) -> list[str]:
        if not self.problem or self._needed:
            return []
        return textwrap.wrap(f"✗ {printable(self.problem, keep_newlines=False)}", max(width - 5, 20))

    @property
    def _needed(self) -> bool:
        """The field is still empty and may not be: said in its place, not as a mistake."""
        return self.value == "" and bool(self.problem)

    def _value(self, width: int) -> Content:
        if self._needed:
            return Content.styled(shorten(self.problem.removeprefix("is "), width), "$text-warning")
        words = choices(self.field)
        if words:
            return self._choice(words, width)
        text = as_text(self.value)
        if not text:
            return Content.styled(shorten(empty_means(self.field), width), "$text-disabled italic")
        if self.field.kind == "path" and display_width(text) > width:
            return Content(_end_of(text, width))
        return Content(shorten(text, width))

    def _choice(self, words: list[tuple[str, object]], width: int) -> Content:
        known = next((word for word, value in words if value == self.value), None)
        if known is None:
            return Content(shorten(as_text(self.value), width))
        if len(words) > CHOICES_IN_LINE:
            return Content.assemble(known, (" ▾", "$text-disabled"))
        pieces: list[str | tuple[str, str]] = []
        for word, _ in words:
            pieces.append((f"[{word}]", "bold") if word == known else (f" {word} ", "$text-disabled"))
        return Content.assemble(*pieces)


def _end_of(path: str, width: int) -> str:
    """A path that is too long loses its beginning."""
    kept = printable(path, keep_newlines=False)
    while kept and display_width(kept) > width - 1:
        kept = kept[1:]
    return f"…{kept}"
