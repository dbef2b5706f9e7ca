"""The form: one line a key, group by group, walked with the arrow keys and changed in place."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from screens.training.field_line import CHOICES_IN_LINE, FieldLine
from screens.training.values import as_value, choices

if TYPE_CHECKING:
    from workbench.recipe.form import Field
    from workbench.recipe.problems import Problem


class Form(VerticalScroll):
    """Every key of the recipe with its value; `values` is what they hold.

    It is made of the recipe's own fields and asks the recipe's own check after each change.
    """

    HELP = (
        "The form holds every key of a recipe. A dot marks what differs from the default; a sentence "
        "under a line says what is wrong with it. Enter changes the line: text is typed and taken with "
        "enter, escape leaves it as it was; left and right walk through choices; backspace brings the "
        "default back."
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Field before", show=False),
        Binding("down,j", "move(1)", "Next field", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "first", "First field", show=False),
        Binding("end", "last", "Last field", show=False),
        Binding("enter", "change", "Change"),
        Binding("right,space", "choose(1)", "Next choice", show=False),
        Binding("left", "choose(-1)", "Choice before", show=False),
        Binding("backspace,delete", "default", "The default again", show=False),
    ]

    class Changed(Message):
        """A value changed."""

        def __init__(self, form: Form) -> None:
            super().__init__()
            self.form = form

        @property
        def control(self) -> Form:
            """The form."""
            return self.form

    class Moved(Message):
        """Another line is the current one."""

        def __init__(self, line: FieldLine) -> None:
            super().__init__()
            self.line = line

    class PickPath(Message):
        """The current line holds a path or a model: let it be picked."""

        def __init__(self, field: Field) -> None:
            super().__init__()
            self.field = field

    def __init__(self, fields: Sequence[Field]) -> None:
        super().__init__(classes="pane")
        self.border_title = "recipe"
        self.values = defaults(fields)
        self.problems: list[Problem] = []
        self._lines = {field.name: FieldLine(field, field.default) for field in fields}
        self._order = list(self._lines.values())
        self._current = 0
        self._before_edit: object = None

    def compose(self) -> ComposeResult:
        group = ""
        for line in self._order:
            if line.field.group != group:
                group = line.field.group
                yield Static(Content.styled(f"  {group}", "$secondary bold"), classes="group")
            yield line

    def on_mount(self) -> None:
        self._order[0].set_current(True)
        self._check()
        self.post_message(self.Moved(self._order[0]))

    @property
    def current(self) -> FieldLine:
        """The line that keys act on."""
        return self._order[self._current]

    @property
    def figures(self) -> str:
        """How much differs from the defaults, and how much is wrong."""
        changed = sum(line.changed for line in self._order)
        differ = f"{changed} differ from the default" if changed else "all as by default"
        return f"{differ} · {len(self.problems)} to mend" if self.problems else differ

    def put(self, values: Mapping[str, object]) -> None:
        """Set these keys; the others stay."""
        self.values.update(values)
        self._check()

    def clear(self) -> None:
        """Every key as by default."""
        self.put(defaults([line.field for line in self._order]))

    def go_to(self, name: str) -> None:
        """Make the line of this key the current one."""
        self._go(self._order.index(self._lines[name]))

    def _check(self) -> None:
        from workbench.recipe.problems import check

        self.problems = check(self.values)
        sentences: dict[str, str] = {}
        for problem in self.problems:
            sentences.setdefault(problem.key, problem.sentence)
        for line in self._order:
            line.update(self.values[line.field.name], sentences.get(line.field.name, ""))
        self.border_subtitle = self.figures
        self.post_message(self.Changed(self))

    def _set(self, value: object) -> None:
        name = self.current.field.name
        if self.values[name] != value or type(self.values[name]) is not type(value):
            self.values[name] = value
            self._check()

    # --- walking

    def _go(self, index: int) -> None:
        index = min(max(index, 0), len(self._order) - 1)
        if index != self._current:
            self.current.set_current(False)
            self._current = index
            self.current.set_current(True)
            self.post_message(self.Moved(self.current))
        if index == 0:
            self.scroll_home(animate=False)
        else:
            self.current.scroll_visible(animate=False)

    async def action_move(self, by: int) -> None:
        """To the next line, or the one before; what is being typed is taken."""
        await self._end_edit()
        self._go(self._current + by)

    async def action_page(self, by: int) -> None:
        """A screenful on or back."""
        await self._end_edit()
        self._go(self._current + by * max(self.content_size.height - 2, 1))

    def action_first(self) -> None:
        """To the first line."""
        self._go(0)

    def action_last(self) -> None:
        """To the last line."""
        self._go(len(self._order) - 1)

    async def on_field_line_clicked(self, message: FieldLine.Clicked) -> None:
        await self._end_edit()
        again = message.line is self.current
        self._go(self._order.index(message.line))
        self.focus()
        if again:
            await self.action_change()

    # --- changing

    async def action_change(self) -> None:
        """Change the current line in the way that fits its kind."""
        words = choices(self.current.field)
        if self.current.field.kind == "path":
            self.post_message(self.PickPath(self.current.field))
        elif not words:
            self._before_edit = self.current.value
            await self.current.edit()
        elif len(words) <= CHOICES_IN_LINE:
            self.action_choose(1)
        else:
            self._choose_from_list(words)

    def action_choose(self, by: int) -> None:
        """The next choice, or the one before."""
        words = choices(self.current.field)
        if not words:
            return
        values = [value for _, value in words]
        at = values.index(self.current.value) if self.current.value in values else -by
        self._set(values[(at + by) % len(values)])

    def action_default(self) -> None:
        """The default value of the current line."""
        self._set(self.current.field.default)

    def _choose_from_list(self, words: Iterable[tuple[str, object]]) -> None:
        from screens.training.choice_dialog import ChoiceDialog

        by_word = dict(words)
        chosen = next((word for word, value in by_word.items() if value == self.current.value), None)

        def taken(word: str | None) -> None:
            if word is not None:
                self._set(by_word[word])

        self.app.push_screen(ChoiceDialog(self.current.field.name, list(by_word), chosen), taken)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        if self.current.editing:
            self._set(as_value(self.current.field, event.value))

    async def on_input_submitted(self, event: Input.Submitted) -> None:
        event.stop()
        await self._end_edit()

    async def on_key(self, event: Any) -> None:
        if not self.current.editing:
            return
        if event.key == "escape":
            event.stop()
            self._set(self._before_edit)
            await self._end_edit()
        elif event.key in ("tab", "shift+tab"):
            event.stop()
            event.prevent_default()
            await self.action_move(1 if event.key == "tab" else -1)

    async def _end_edit(self) -> None:
        if self.current.editing:
            had_focus = self.has_focus_within
            await self.current.remove_children()
            self.current.refresh(layout=True)
            if had_focus:
                self.focus()


def defaults(fields: Sequence[Field]) -> dict[str, Any]:
    """Every key with its default."""
    return {field.name: field.default for field in fields}
