"""The dialog in which the columns of a file are given their parts, with one row as it will be trained."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from screens.dataset.background import Background, Failed
from screens.dataset.formats import mapping_lines as lines
from screens.dataset.formats.mapping_picker import ColumnPicker
from screens.dataset.formats.mapping_preview import RowPreview
from screens.dataset.formats.mapping_saving import SavePrompt
from screens.dataset.formats.mapping_text import NAME_WIDTH, line_of, meaning_of, verdict
from screens.dataset.formats.reread import Reread
from screens.dataset.formats.trying import Loading, RowsLoaded, Tried, Trying
from workbench.data.formats.mapping import Mapping
from workbench.data.formats.mapping_text import incomplete
from workbench.data.formats.trying import Trial
from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset


class MappingDialog(ModalScreen[Reread | None]):
    """Gives the way to read the file anew, or None."""

    CSS = """
    MappingDialog .dialog { width: 96%; max-width: 170; height: 94%; max-height: 60; padding: 0; }
    MappingDialog #both { height: 1fr; }
    MappingDialog #parts { width: 2fr; max-width: 64; min-width: 34; }
    MappingDialog OptionList {
        height: 1fr; border: none; padding: 0 1; background: $surface; scrollbar-size-vertical: 1;
    }
    MappingDialog OptionList:focus { border: none; background-tint: $surface 0%; }
    MappingDialog #what { height: auto; max-height: 4; padding: 0 1; color: $text-muted; }
    MappingDialog RowPreview { width: 3fr; border: none; border-left: solid $border-blurred; }
    MappingDialog RowPreview:focus { border-left: solid $border; }
    MappingDialog #told { height: auto; border-top: solid $border-blurred; padding: 0 1; }
    MappingDialog #told Static { text-wrap: nowrap; text-overflow: ellipsis; height: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Leave it"),
        Binding("left", "step(-1)", "Other column"),
        Binding("right", "step(1)", "Other column", show=False),
        Binding("backspace,delete", "empty", "Empty"),
        Binding("n", "row(1)", "Next row"),
        Binding("p", "row(-1)", "Row before"),
        Binding("b", "problem_row", "A row that cannot be used"),
        Binding("s", "save", "Save and open"),
        Binding("u", "use", "Use without saving"),
        Binding("tab,shift+tab", "app.focus_next", "Other side", show=False),
    ]

    def __init__(self, dataset: Dataset) -> None:
        super().__init__()
        self._dataset = dataset
        self._rows: Sequence[object] = ()
        self.mapping = Mapping()
        self.trial: Trial | None = None
        self.row = 1
        self._work: Background | None = None

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            name = shorten(self._dataset.path.name, 40)
            dialog.border_title = Content(f"Map the columns of {name}").markup
            dialog.border_subtitle = "s save and open   u use once   n p rows   escape leave"
            with Horizontal(id="both"):
                with Vertical(id="parts"):
                    listing = OptionList(markup=False)
                    yield listing
                    yield Static(id="what")
                yield RowPreview()
            with Vertical(id="told"):
                yield Static(Content("reading the first rows …"), id="usable", classes="dim")
                yield Static(id="entry", classes="dim")

    def on_mount(self) -> None:
        self.query_one(OptionList).focus()
        self._begin(Loading(self, self._dataset))

    def on_unmount(self) -> None:
        if self._work:
            self._work.stop()

    def _begin(self, work: Background) -> None:
        if self._work:
            self._work.stop()
        self._work = work
        work.start()

    def on_rows_loaded(self, message: RowsLoaded) -> None:
        self._rows, self.mapping = message.rows, message.guess
        self._changed(at=1)

    def on_failed(self, message: Failed) -> None:
        if message.work is self._work:
            self._tell(f"✗ {message.sentence}", "problem")

    def on_tried(self, message: Tried) -> None:
        if message.mapping == self.mapping:
            self.trial = message.trial
            self._tell(*verdict(message.trial))

    def on_resize(self) -> None:
        if self._rows:
            self.call_after_refresh(self._fill, self.query_one(OptionList).highlighted)

    # --- setting

    @property
    def key(self) -> str:
        """What the line under the cursor sets."""
        keys = lines.lines_of(self.mapping)
        return keys[min(self.query_one(OptionList).highlighted or 0, len(keys) - 1)]

    def _choices(self) -> list[str]:
        return lines.choices_of(self.mapping, self.key, self._dataset.columns, self._rows)

    def action_step(self, step: int) -> None:
        """Put the next column, or the one before, on this line; behind the last one none."""
        key, choices = self.key, self._choices()
        steps: list[str | None] = [*choices] if key == lines.FORMATTING else [None, *choices]
        now = self.mapping.labels[0] if key == lines.LABELS and self.mapping.labels else None
        now = now or lines.value_of(self.mapping, key)
        at = steps.index(now) if now in steps else 0
        self._set(key, steps[(at + step) % len(steps)])

    def action_empty(self) -> None:
        """Put no column on this line."""
        if self.key != lines.FORMATTING:
            self._set(self.key, None)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        key = self.key
        if not self._rows:
            return

        def taken(value: str | None) -> None:
            if value is None:
                return
            if key == lines.LABELS and value:
                self.mapping = lines.with_label(self.mapping, value)
                self._changed()
            else:
                self._set(key, value or None)

        title = f"{key}: {meaning_of(key)}"
        picker = ColumnPicker(title, self._choices(), self._rows, empty=key != lines.FORMATTING)
        self.app.push_screen(picker, taken)

    def _set(self, key: str, value: str | None) -> None:
        self.mapping = lines.with_value(self.mapping, key, value)
        self._changed()

    def _changed(self, at: int | None = None) -> None:
        if at is not None:
            self.query_one(OptionList).highlighted = at
            self._fill(at)
        self._show_row()
        entry = json.dumps(self.mapping.as_entry(), ensure_ascii=False)
        self.query_one("#entry", Static).update(Content(f"entry: {printable(entry, keep_newlines=False)}"))
        self.trial = None
        if problem := incomplete(self.mapping):
            self._tell(f"✗ {problem}", "problem")
        else:
            self._begin(Trying(self, self.mapping, self._rows))

    def _fill(self, highlighted: int | None) -> None:
        listing = self.query_one(OptionList)
        room = max(listing.scrollable_content_region.width - NAME_WIDTH - 1, 8)
        keys = lines.lines_of(self.mapping)
        row = self._rows[self.row - 1] if self._rows else None
        options = [Option(line_of(self.mapping, key, room, row)) for key in keys]
        listing.clear_options()
        listing.add_options(options)
        listing.highlighted = min(highlighted or 0, len(keys) - 1)

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        key = self.key
        what = meaning_of(key)
        if key == lines.FORMATTING:
            what = lines.FORMATTING_WHAT[self.mapping.formatting]
        keys = "←→ or enter: set" if key == lines.FORMATTING else "←→ or enter: set   ⌫ empty"
        self.query_one("#what", Static).update(Content(f"{what}\n{keys}"))

    # --- looking

    def action_row(self, step: int) -> None:
        """Look at the next of the first rows, or the one before."""
        if self._rows:
            self.row = (self.row - 1 + step) % len(self._rows) + 1
            self._show_row()

    def action_problem_row(self) -> None:
        """Look at the next row that cannot be used."""
        if self.trial and self.trial.problems:
            numbers = [row for row, _ in self.trial.problems]
            self.row = next((row for row in numbers if row > self.row), numbers[0])
            self._show_row()

    def _show_row(self) -> None:
        if self._rows:
            self._fill(self.query_one(OptionList).highlighted)
            self.query_one(RowPreview).look_at(
                self._rows[self.row - 1], self.row, len(self._rows), self.mapping
            )

    def _tell(self, sentence: str, kind: str = "") -> None:
        usable = self.query_one("#usable", Static)
        usable.set_classes(kind)
        usable.update(Content(printable(sentence, keep_newlines=False)))

    # --- the end

    def _is_complete(self) -> bool:
        problem = incomplete(self.mapping) if self._rows else "the first rows are still being read"
        if problem:
            self._tell(f"✗ {problem}", "problem")
        return not problem

    def action_save(self) -> None:
        """Write the mapping to the registry, and open the file through it."""
        if not self._is_complete():
            return

        def taken(spec: str | None) -> None:
            if spec:
                self.dismiss(Reread(spec=spec))

        self.app.push_screen(SavePrompt(self._dataset, self.mapping), taken)

    def action_use(self) -> None:
        """Read the file so this once, without writing anything."""
        if self._is_complete():
            self.dismiss(Reread(mapping=self.mapping))

    def action_cancel(self) -> None:
        """Leave the file as it is read."""
        self.dismiss(None)
