"""What rows to show: those with a value in a column, with something the matter, or of a length."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.message_pump import MessagePump
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from screens.dataset.background import Background, Failed, Progress
from screens.dataset.figures.bars import bar_of, share
from screens.dataset.selection.filter_entries import Entry, entries_of, exact_value, fitting, typed_length
from screens.dataset.selection.length_prompt import LengthPrompt
from workbench.data.selection import Filter, View, rows_with_value
from workbench.figures import count
from workbench.untrusted import display_width, printable, shorten

if TYPE_CHECKING:
    import numpy

    from workbench.data.dataset import Dataset
    from workbench.data.health.report import Finding

MOST_LISTED = 400
MOST_NAME = 44
BAR = 32


@dataclass
class Offered(Message):
    """What there is to filter by."""

    offering: Offering
    entries: Sequence[Entry]


class Offering(Background):
    """Gathers what there is to filter by."""

    def __init__(
        self, listener: MessagePump, dataset: Dataset, view: View, counted: Sequence[Finding]
    ) -> None:
        super().__init__(listener)
        self._dataset, self._view, self._counted = dataset, view, counted

    def run(self) -> None:
        """Gather in the thread: the first time the duplicates of all rows are looked for."""
        self.post(Offered(self, entries_of(self._dataset, self._view, self._counted)))


@dataclass
class ValueFound(Message):
    """The rows whose column has exactly this value."""

    looking: ValueLooking
    rows: numpy.ndarray


class ValueLooking(Background):
    """Looks for a value in every row."""

    def __init__(self, listener: MessagePump, dataset: Dataset, column: str, value: str) -> None:
        super().__init__(listener)
        self._dataset = dataset
        self.column, self.value = column, value

    def run(self) -> None:
        """Look in the thread."""
        rows = rows_with_value(
            self._dataset, self.column, self.value, progress=self.told, cancelled=self.cancelled
        )
        self.post(ValueFound(self, rows))


class FilterDialog(ModalScreen[View | None]):
    """Gives the view with one filter more, or one less; None to leave all as it is.

    `counted` are the findings that took counting, as far as that is done.
    """

    CSS = """
    FilterDialog .dialog { width: 96; height: 80%; padding: 0 1; }
    FilterDialog Input, FilterDialog Input:focus { border: none; height: 1; padding: 0; background: $panel; }
    FilterDialog OptionList {
        height: 1fr; border: none; padding: 0; margin-top: 1; background: $surface;
        scrollbar-size-vertical: 1;
    }
    FilterDialog #note { height: auto; max-height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Leave it"),
        Binding("down", "move('cursor_down')", "Next", show=False),
        Binding("up", "move('cursor_up')", "Previous", show=False),
        Binding("pagedown", "move('page_down')", "Page down", show=False),
        Binding("pageup", "move('page_up')", "Page up", show=False),
    ]

    def __init__(self, dataset: Dataset, view: View, counted: Sequence[Finding] = ()) -> None:
        super().__init__()
        self._dataset, self._view, self._counted = dataset, view, counted
        self._work: Background | None = None
        self._entries: Sequence[Entry] | None = None
        self._listed: list[Entry | None] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Filter the rows"
            dialog.border_subtitle = "↑↓ enter: take   escape: leave it"
            field = Input(placeholder="type to narrow, or column=value for a value that is not listed")
            field.cursor_blink = False
            yield field
            listing = OptionList(markup=False)
            listing.can_focus = False
            yield listing
            yield Static(Content("looking at what there is to filter by …"), id="note", classes="dim")

    def on_mount(self) -> None:
        self.query_one(Input).focus()
        self._begin(Offering(self, self._dataset, self._view, self._counted))

    def on_unmount(self) -> None:
        if self._work:
            self._work.stop()

    def _begin(self, work: Background) -> None:
        if self._work:
            self._work.stop()
        self._work = work
        work.start()

    def on_offered(self, message: Offered) -> None:
        if message.offering is self._work:
            self._work = None
            self._entries = message.entries
            self._fill()

    def on_failed(self, message: Failed) -> None:
        if message.work is self._work:
            self._work = None
            self._note(f"✗ {message.sentence}", "problem")

    def on_progress(self, message: Progress) -> None:
        if isinstance(message.work, ValueLooking) and message.work is self._work:
            self._note(f"looking through the rows: {message.share:.0%} … escape stops")

    def on_value_found(self, message: ValueFound) -> None:
        if message.looking is not self._work:
            return
        self._work = None
        column, value = message.looking.column, message.looking.value
        if len(message.rows):
            self._take(Filter(f"{column} = {value}", message.rows, f"value {column}"))
        else:
            self._note(f"no row has exactly “{shorten(value, 40)}” in {shorten(column, 40)}", "problem")

    def on_resize(self) -> None:
        if self._entries is not None:
            self._fill(anew=False)

    def on_input_changed(self, event: Input.Changed) -> None:
        if isinstance(self._work, ValueLooking):
            self._work.stop()
            self._work = None
        if self._entries is not None:
            self._fill()

    # --- the list

    def _fill(self, *, anew: bool = True) -> None:
        text = self.query_one(Input).value.strip()
        found = fitting(self._entries or (), text)
        own = typed_length(text, self._dataset, self._view.tokens)
        own = own or exact_value(text, self._dataset.columns)
        if own:
            found = [*found, own]
        listing = self.query_one(OptionList)
        before = self._highlighted()
        listing.clear_options()
        self._listed = []
        room = listing.size.width - 2
        names = [display_width(entry.name) for entry in found[:MOST_LISTED]]
        widths = min(max(names, default=0), MOST_NAME, max(room - 16, 8))
        most = max((len(count(entry.rows)) for entry in found if entry.rows is not None), default=0)
        group = None
        for entry in found[:MOST_LISTED]:
            if entry.group != group:
                group = entry.group
                listing.add_option(Option(_heading(group, room, space=bool(self._listed)), disabled=True))
                self._listed.append(None)
            line = _line(entry, widths, most, room, self._dataset.rows, self.app.has_class("-ascii"))
            listing.add_option(Option(line))
            self._listed.append(entry)
        kept = next((at for at, entry in enumerate(self._listed) if entry and entry is before), None)
        first = next((at for at, entry in enumerate(self._listed) if entry), None)
        listing.highlighted = first if kept is None or anew else kept
        if len(found) > MOST_LISTED:
            self._note(f"… and {count(len(found) - MOST_LISTED)} more: type to narrow")
        elif not found:
            self._note("nothing fits; column=value takes a value of any column, whole")
        else:
            self._tell_highlighted()

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._tell_highlighted()

    def _tell_highlighted(self) -> None:
        entry = self._highlighted()
        if entry and not isinstance(self._work, ValueLooking):
            self._note(entry.explanation)

    def _highlighted(self) -> Entry | None:
        at = self.query_one(OptionList).highlighted
        return self._listed[at] if at is not None and at < len(self._listed) else None

    def _note(self, text: str, kind: str = "dim") -> None:
        note = self.query_one("#note", Static)
        note.set_classes(kind)
        note.update(Content(printable(text, keep_newlines=False)))

    def action_move(self, action: str) -> None:
        """Walk in the list while the cursor stays in the field."""
        getattr(self.query_one(OptionList), f"action_{action}")()

    # --- the end

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self._choose(self._highlighted())

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._choose(self._listed[event.option_index])

    def _choose(self, entry: Entry | None) -> None:
        if entry is None:
            return
        if entry.pending:
            self._note(entry.explanation, "problem")
        elif entry.remove is not None:
            self.dismiss(self._view.without(entry.remove))
        elif entry.filter is not None:
            self._take(entry.filter())
        elif entry.value is not None:
            self._note("looking through the rows … escape stops")
            self._begin(ValueLooking(self, self._dataset, *entry.value))
        elif entry.measure is not None:

            def taken(found: Filter | None) -> None:
                if found:
                    self._take(found)

            self.app.push_screen(LengthPrompt(self._dataset, entry.measure, self._view.tokens), taken)

    def _take(self, found: Filter) -> None:
        self.dismiss(self._view.adding(found))

    def action_cancel(self) -> None:
        """Stop what is looked for, or leave all as it is."""
        if isinstance(self._work, ValueLooking):
            self._work.stop()
            self._work = None
            self._note("looking was stopped")
        else:
            self.dismiss(None)


def _heading(group: str, room: int, *, space: bool) -> Content:
    title = shorten(group, max(room - 4, 8))
    line = Content.assemble((title, "bold $text-muted"))
    return Content("\n") + line if space else line


def _line(entry: Entry, width: int, number_width: int, room: int, of: int, ascii_only: bool) -> Content:
    name = shorten(entry.name, width)
    style = "$text-disabled" if entry.pending else "$text-error" if entry.serious else ""
    pieces: list[str | tuple[str, str]] = ["  ", (name, style), " " * (width - display_width(name) + 2)]
    if entry.rows is None:
        pieces.append((shorten(entry.what, max(room - width - 6, 4)), "$text-muted"))
        return Content.assemble(*pieces)
    pieces.append(f"{count(entry.rows):>{number_width}}")
    pieces.append((f"  {share(entry.rows, of):>7} ", "$text-muted"))
    bar = min(BAR, room - width - number_width - 16)
    if bar >= 4:
        pieces.append((bar_of(entry.rows / max(of, 1), bar, ascii_only), "$primary"))
    return Content.assemble(*pieces)
