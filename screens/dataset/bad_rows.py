"""The rows that cannot be used, each with its number, its reason, and what stands in the file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from screens.dataset.background import Background, Failed, Progress, sentence_of
from screens.dataset.bad_row_list import Listed, Listing, Reason, Saved, Saving
from screens.dataset.rows.table import RowTable
from screens.widgets.dialogs import Question, TextPrompt
from workbench.figures import count
from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    from workbench.data.conversation import BadRow
    from workbench.data.dataset import Dataset

MOST_RAW = 4_000


class BadRowsDialog(ModalScreen[int | None]):
    """Gives the number of the bad row to go to, or None."""

    CSS = """
    BadRowsDialog .dialog { width: 120; height: 90%; padding: 0 1; }
    BadRowsDialog OptionList {
        border: none; height: auto; max-height: 7; background: $surface; padding: 0; margin-bottom: 1;
        text-wrap: nowrap; text-overflow: ellipsis;
    }
    BadRowsDialog OptionList:focus { border: none; background-tint: $surface 0%; }
    BadRowsDialog RowTable, BadRowsDialog RowTable > .datatable--header { background: $surface; }
    BadRowsDialog RowTable { height: 2fr; }
    BadRowsDialog #raw {
        height: 1fr; max-height: 12; border-top: solid $border-blurred; border-title-color: $text-muted;
        color: $text-muted;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,b", "cancel", "Close"),
        Binding("enter", "take", "Go to the row", priority=True),
        Binding("w", "save", "Save these to a file"),
        Binding("tab,shift+tab", "app.focus_next", "Reasons or rows", show=False),
    ]

    def __init__(self, dataset: Dataset, dropped: Sequence[BadRow]) -> None:
        super().__init__()
        self._dataset, self._dropped = dataset, dropped
        self._listed: Listed | None = None
        self._reason: Reason | None = None
        self._work: Background = Listing(self, dataset, dropped)

    def compose(self) -> ComposeResult:
        bad = len(self._dataset.bad_rows) + len(self._dropped)
        with Vertical(classes="dialog") as dialog:
            first = "" if self._dataset.complete else "first "
            dialog.border_title = (
                f"{count(bad)} of the {first}{count(self._dataset.rows)} rows are not trained"
            )
            dialog.border_subtitle = "enter: go to it   tab: reasons   w: save   escape: close"
            yield OptionList(markup=False)
            yield Static("gathering them …", id="bad-say", classes="dim")
            raw = Static(id="raw")
            raw.border_title = "as it stands in the file"
            yield raw

    def on_mount(self) -> None:
        self._work.start()

    def on_unmount(self) -> None:
        self._work.stop()

    async def on_listed(self, message: Listed) -> None:
        self._listed = message
        reasons = self.query_one(OptionList)
        width = len(count(len(message.bad_rows)))
        if len(message.reasons) > 1:
            reasons.add_option(_option(len(message.bad_rows), "all of them", width))
        reasons.add_options(_option(len(reason.places), reason.text, width) for reason in message.reasons)
        reasons.highlighted = 0
        table = RowTable(message.columns)
        self.query_one("#bad-say").display = False
        await self.query_one(".dialog").mount(table, before="#raw")
        table.focus()

    # --- one reason, one row

    def on_option_list_option_highlighted(self, event: OptionList.OptionHighlighted) -> None:
        if self._listed and self.query(RowTable):
            reasons = self._listed.reasons
            index = event.option_index - (len(reasons) > 1)
            self._reason = reasons[index] if index >= 0 else None
            self.query_one(RowTable).choose(self._reason.places if self._reason else None)

    @property
    def _bad_row(self) -> BadRow | None:
        """The one under the cursor."""
        tables = self.query(RowTable)
        place = tables.first().number if tables else None
        return self._listed.bad_rows[place - 1] if self._listed and place else None

    def on_data_table_row_highlighted(self, event: RowTable.RowHighlighted) -> None:
        event.stop()
        if bad_row := self._bad_row:
            self._read(bad_row.row, bad_row.reason)

    @work(thread=True, exclusive=True, group="raw")
    def _read(self, row: int, reason: str) -> None:
        try:
            raw = self._dataset.raw_text(row, MOST_RAW)
        except Exception as error:
            raw = f"✗ {sentence_of(error)}"
        if not get_current_worker().is_cancelled:
            self.app.call_later(self._show_raw, row, reason, raw)

    def _show_raw(self, row: int, reason: str, raw: str) -> None:
        if self.is_attached:
            shown = Content.assemble((f"{printable(reason)}\n", "$text-error"), printable(raw))
            self.query_one("#raw", Static).update(shown)
            self.query_one("#raw").border_title = f"row {count(row)} as it stands in the file"

    def action_take(self) -> None:
        """Go to the row under the cursor."""
        if bad_row := self._bad_row:
            self.dismiss(bad_row.row)

    def action_cancel(self) -> None:
        """Close and stay at the row."""
        self.dismiss(None)

    # --- saving

    def action_save(self) -> None:
        """Ask for a path, and write the rows that are listed to it."""
        if self._listed is None:
            return
        chosen = self._reason.places if self._reason else None
        path = Path.cwd() / f"{self._dataset.path.stem}.bad_rows.jsonl"
        hint = "JSON Lines: the row's number, the reason, and the row as it stands in the file."
        rows = len(self._listed.bad_rows) if chosen is None else len(chosen)
        title = f"Save {count(rows)} bad row{'' if rows == 1 else 's'} to"
        self.app.push_screen(TextPrompt(title, value=str(path), hint=hint, check=_check), self._save_to)

    def _save_to(self, typed: str | None) -> None:
        if typed is None:
            return
        path = Path(typed.strip()).expanduser().absolute()

        def answered(yes: bool | None) -> None:
            if yes:
                self._write(path)

        if path.exists():
            text = f"{printable(str(path))} is there already."
            question = Question("Replace it?", text, yes="Replace", no="Keep it", danger=True)
            self.app.push_screen(question, answered)
        else:
            self._write(path)

    def _write(self, path: Path) -> None:
        assert self._listed is not None
        bad_rows = self._listed.bad_rows
        if self._reason:
            bad_rows = [bad_rows[place - 1] for place in self._reason.places.tolist()]
        self._work = Saving(self, self._dataset, bad_rows, path)
        self._work.start()

    def on_progress(self, message: Progress) -> None:
        self._say(f"saving: {message.share:.0%}")

    def on_failed(self, message: Failed) -> None:
        self._say(f"✗ {message.sentence}", "problem")

    def on_saved(self, message: Saved) -> None:
        rows = f"{count(message.rows)} row{'' if message.rows == 1 else 's'}"
        self._say(f"{rows} saved to {message.path}", "good")

    def _say(self, sentence: str, kind: str = "dim") -> None:
        said = self.query_one("#bad-say", Static)
        said.set_classes(kind)
        said.update(Content(printable(sentence)))
        said.display = True


def _check(typed: str) -> str | None:
    path = Path(typed.strip()).expanduser().absolute()
    if not typed.strip() or path.is_dir():
        return "give the path of a file"
    if not path.parent.is_dir():
        return f"there is no folder {shorten(str(path.parent), 50)}"
    return None


def _option(rows: int, text: str, width: int) -> Option:
    number = f"{count(rows):>{width}}  "
    return Option(Content.assemble((number, "$text-muted"), shorten(text, 100)))
