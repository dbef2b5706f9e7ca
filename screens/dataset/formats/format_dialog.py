"""Says which format was detected and why, and offers the others, with how many rows each can use."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.dataset.background import Failed
from screens.dataset.formats.reread import Reread
from screens.dataset.formats.trying import FormatsTried, TryingFormats
from workbench.data.formats.detect import FORMATS
from workbench.data.formats.mapping_text import mapping_text
from workbench.data.formats.trying import Trial
from workbench.figures import count
from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset

MAP = "map columns…"
DETECT = "as detected"
NAME_WIDTH = 20


class FormatDialog(ModalScreen[Reread | None]):
    """Gives the way to read the file anew, or None."""

    CSS = """
    FormatDialog .dialog { width: 100; height: auto; max-height: 94%; padding: 0 1; }
    FormatDialog OptionList {
        height: auto; max-height: 14; border: none; padding: 0; background: $surface; margin-top: 1;
        scrollbar-size-vertical: 1;
    }
    FormatDialog OptionList:focus { border: none; background-tint: $surface 0%; }
    FormatDialog Static { height: auto; max-height: 4; }
    FormatDialog #note { margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,F", "cancel", "Leave it")]

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self._dataset = dataset
        self._names = [*FORMATS, MAP, DETECT]
        self._tried: FormatsTried | None = None
        self._work = TryingFormats(self, dataset)

    def compose(self) -> ComposeResult:
        dataset = self._dataset
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Format"
            dialog.border_subtitle = "enter: read the file so   escape: leave it"
            style = "bold $primary" if dataset.format != "unknown" else "bold $text-error"
            because = f": {printable(dataset.why, keep_newlines=False)}"
            yield Static(Content.assemble((dataset.format, style), because), id="why")
            yield OptionList(markup=False)
            yield Static(Content("trying every format on the first rows …"), id="note", classes="dim")

    def on_mount(self) -> None:
        self._fill()
        listing = self.query_one(OptionList)
        held = self._dataset.format
        listing.highlighted = self._names.index(held if held in self._names else MAP)
        listing.focus()
        self._work.start()

    def on_unmount(self) -> None:
        self._work.stop()

    def on_resize(self) -> None:
        self._fill()

    def on_formats_tried(self, message: FormatsTried) -> None:
        self._tried = message
        self._fill()
        self._tell_highlighted()

    def on_failed(self, message: Failed) -> None:
        self._note(f"✗ {message.sentence}", "problem")

    def _fill(self) -> None:
        listing = self.query_one(OptionList)
        highlighted = listing.highlighted
        room = max(listing.size.width - NAME_WIDTH - 24, 8)
        listing.clear_options()
        listing.add_options([Option(self._line(name, room)) for name in self._names])
        listing.highlighted = highlighted

    def _line(self, name: str, room: int) -> Content:
        mark = "● " if name == self._dataset.format else "  "
        what = FORMATS[name].asks if name in FORMATS else self._what(name)
        trial = self._trial(name)
        style = "$text-muted" if trial is None or not trial.usable else "$text-success"
        told = f"{count(trial.usable)} of {count(trial.rows)}" if trial else ""
        return Content.assemble(
            mark,
            (f"{name:<{NAME_WIDTH}}", "bold" if trial and trial.usable else ""),
            (f"{told:>16}  ", style),
            (shorten(what, room), "$text-muted"),
        )

    def _trial(self, name: str) -> Trial | None:
        if self._tried is None:
            return None
        return self._tried.guessed if name == MAP else self._tried.trials.get(name)

    def _what(self, name: str) -> str:
        if name == DETECT:
            return "what the file's own columns or its registry entry say"
        guess = self._tried.guess if self._tried else None
        return mapping_text(guess) if guess else "say which column is the question, which the answer …"

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        self._tell_highlighted()

    def _tell_highlighted(self) -> None:
        at = self.query_one(OptionList).highlighted
        if self._tried is None or at is None:
            return
        name = self._names[at]
        trial = self._trial(name)
        if trial is None:
            self._note("")
        elif trial.problems:
            row, reason = trial.problems[0]
            self._note(f"row {count(row)} cannot be used so: {reason}")
        else:
            self._note(f"all of the first {count(trial.rows)} rows can be used so")

    def _note(self, text: str, kind: str = "dim") -> None:
        note = self.query_one("#note", Static)
        note.set_classes(kind)
        note.update(Content(printable(text, keep_newlines=False)))

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        name = self._names[event.option_index]
        if name == MAP:
            from screens.dataset.formats.mapping_dialog import MappingDialog

            def taken(reread: Reread | None) -> None:
                if reread:
                    self.dismiss(reread)

            self.app.push_screen(MappingDialog(self._dataset), taken)
        elif name == DETECT:
            self.dismiss(Reread())
        else:
            self.dismiss(Reread(format=name))

    def action_cancel(self) -> None:
        """Leave the file as it is read."""
        self.dismiss(None)
