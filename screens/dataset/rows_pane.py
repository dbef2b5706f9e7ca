"""The pane with the rows: empty, being read, failed, or the table."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual import work
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static
from textual.worker import get_current_worker

from screens.abandonable import Abandoned, abandonable
from workbench.errors import WorkbenchError
from workbench.figures import count
from workbench.untrusted import printable

if TYPE_CHECKING:
    import pyarrow
    from textual.widgets import OptionList
    from textual_fastdatatable import DataTable

    from screens.dataset.recent_files import RecentFiles
    from screens.dataset.row_table import RowTable
    from workbench.data.dataset import Dataset

BETWEEN_REPORTS_S = 0.25
# Fewer rows are laid out before one could read that they are.
WORTH_TELLING = 50_000
NOTHING_OPEN = (
    Content.assemble("No data file is open: ", ("o", "bold $primary"), " opens one."),
    Content.styled(
        "JSON, JSON Lines, CSV, TSV, Parquet or text, whatever its name says; rows as alpaca, sharegpt, "
        "OpenAI messages or plain text.",
        "$text-muted",
    ),
)


class RowsPane(Vertical):
    """Reads a file and shows its rows; tells the screen what is open and which row is the current one."""

    class Opened(Message):
        """A file was read and its rows stand here; None: the one that was open is closed."""

        def __init__(self, dataset: Dataset | None) -> None:
            super().__init__()
            self.dataset = dataset

    class Selected(Message):
        """The cursor is on this row; the first one is 1."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    def __init__(self) -> None:
        super().__init__(classes="pane", id="rows")
        self.styles.padding = 0  # the table brings its own
        self.border_title = "rows"
        self._reading: str | None = None
        self._table: RowTable | None = None

    def compose(self) -> ComposeResult:
        yield Static(Content("\n\n").join(NOTHING_OPEN), id="rows-say", classes="empty")

    async def offer(self, recent: Sequence[str]) -> None:
        """List these files to open, while there is nothing else to show."""
        if not recent or self._table or self._reading or self.query("RecentFiles"):
            return
        from screens.dataset.recent_files import RecentFiles

        files = RecentFiles(recent)
        await self.mount(files)
        files.focus()

    def go_to(self, row: int) -> None:
        """Put the cursor on this row."""
        if self._table:
            self._table.move_cursor(row=row - 1)

    # --- reading

    def open(self, path: str) -> None:
        """Read this file and show its rows in place of what is shown."""
        self._reading = path
        self._read(path)

    async def stop(self) -> None:
        """Stop reading."""
        if self._reading is not None:
            self._reading = None
            self.workers.cancel_group(self, "read")
            await self._say(Content.styled("Reading was stopped.", "$text-muted"), *NOTHING_OPEN)

    @work(thread=True, exclusive=True, group="read")
    def _read(self, path: str) -> None:
        worker = get_current_worker()
        last = time.monotonic()

        def told(share: float) -> None:
            nonlocal last
            if time.monotonic() - last > BETWEEN_REPORTS_S and not worker.is_cancelled:
                last = time.monotonic()
                self.call_later(self._show_progress, path, f"reading {path}: {share:.0%}")

        def read() -> tuple[Dataset, pyarrow.Table]:
            from screens.dataset.row_table import table_for_the_eye
            from workbench.data.opening import open_dataset

            dataset = open_dataset(path, progress=told, cancelled=lambda: worker.is_cancelled)
            if dataset.rows > WORTH_TELLING:
                words = f"laying out the {count(dataset.rows)} rows of {path}"
                self.call_later(self._show_progress, path, words)
            return dataset, table_for_the_eye(dataset.table())

        try:
            dataset, table = abandonable(read, lambda: worker.is_cancelled)
        except Abandoned:
            return
        except WorkbenchError as error:
            if not worker.is_cancelled:
                self.call_later(self._show_failure, path, str(error))
            return
        if not worker.is_cancelled:
            self.call_later(self._show, path, dataset, table)

    async def _show_progress(self, path: str, words: str) -> None:
        if path == self._reading:
            await self._say(Content.styled(printable(f"{words} … escape stops"), "$text-muted"))

    async def _show_failure(self, path: str, sentence: str) -> None:
        if path == self._reading:
            self._reading = None
            await self._say(
                Content.styled(printable(f"✗ {sentence}"), "$text-error"),
                Content.assemble(("o", "bold $primary"), " opens another file."),
            )

    async def _say(self, *sentences: Content) -> None:
        """Show these in place of rows."""
        await self.query("RecentFiles, RowTable").remove()
        self.border_subtitle = ""
        line = self.query_one("#rows-say", Static)
        line.update(Content("\n\n").join(sentences))
        line.display = True
        if self._table:
            self._table = None
            self.post_message(self.Opened(None))

    async def _show(self, path: str, dataset: Dataset, table: pyarrow.Table) -> None:
        if path != self._reading:
            return
        self._reading = None
        from screens.dataset.row_table import RowTable

        to_focus = self.has_focus_within or self.screen.focused is None
        await self.query("RecentFiles, RowTable").remove()
        self.query_one("#rows-say").display = False
        self._table = RowTable(table)
        await self.mount(self._table)
        if to_focus:
            self._table.focus()
        self.post_message(self.Opened(dataset))
        self._select(1)

    # --- walking

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.open(cast("RecentFiles", event.option_list).paths[event.option_index])

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if event.data_table is self._table:
            self._select(event.cursor_row + 1)

    def _select(self, row: int) -> None:
        assert self._table is not None
        self.border_subtitle = f"{count(row)} of {count(self._table.row_count)}"
        self.post_message(self.Selected(row))
