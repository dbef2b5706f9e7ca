"""The pane with the rows: empty, being read, failed, or the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message

from screens.dataset.rows.notice import RowsNotice
from screens.dataset.rows.shown_line import ShownLine
from workbench.figures import count
from workbench.untrusted import shorten

if TYPE_CHECKING:
    from textual_fastdatatable import DataTable

    from screens.dataset.background import Background, Failed, Progress
    from screens.dataset.held_out import Compared
    from screens.dataset.rows.choosing import RowsChosen
    from screens.dataset.rows.columns import Columns
    from screens.dataset.rows.reading import Reading, RowsMarked, RowsRead
    from screens.dataset.rows.table import RowTable
    from workbench.data.dataset import Dataset
    from workbench.data.selection import View


class RowsPane(Vertical):
    """Reads a file and shows its rows; tells the screen what is open and which row is the current one."""

    class Opened(Message):
        """Rows of a file stand here: the first ones, or all of them. None: the file is closed."""

        def __init__(self, dataset: Dataset | None) -> None:
            super().__init__()
            self.dataset = dataset

    class Selected(Message):
        """The cursor is on this row; the first one is 1."""

        def __init__(self, row: int) -> None:
            super().__init__()
            self.row = row

    class Shown(Message):
        """These rows stand in the table now."""

        def __init__(self, view: View, shown: int) -> None:
            super().__init__()
            self.view = view
            self.shown = shown

    def __init__(self) -> None:
        super().__init__(classes="pane", id="rows")
        self.styles.padding = 0  # the table brings its own
        self.border_title = "rows"
        self.dataset: Dataset | None = None
        self.view: View | None = None
        """What is shown of it; None: every row in the order of the file."""
        self._table: RowTable | None = None
        self._asked: Reading | None = None
        self._shown: Reading | None = None  # whose rows stand in the table
        self._work: Background | None = None

    def compose(self) -> ComposeResult:
        yield ShownLine()
        yield RowsNotice()

    async def offer(self, recent: Sequence[str]) -> None:
        """List these files to open, while there is nothing else to show."""
        if self._table is None and self._work is None:
            await self._notice.offer(recent)

    def on_rows_notice_picked(self, message: RowsNotice.Picked) -> None:
        self.open(message.spec)

    def on_unmount(self) -> None:
        self._begin(None)

    @property
    def _notice(self) -> RowsNotice:
        return self.query_one(RowsNotice)

    @property
    def _line(self) -> ShownLine:
        return self.query_one(ShownLine)

    def _begin(self, work: Background | None) -> None:
        """At most one thing is under way."""
        if self._work:
            self._work.stop()
        self._work = work
        if work:
            work.start()

    # --- reading

    def open(self, spec: str, **how: Any) -> None:
        """Read this and show its rows in place of what is shown; `how`: a `format` or `mapping` for it."""
        from screens.dataset.rows.reading import Reading
        from workbench.data.locate import from_anywhere

        self._asked = Reading(self, from_anywhere(spec), **how)
        self._begin(self._asked)
        if self._table:
            self._line.progress(f"reading {shorten(spec, 60)}", None)
        else:
            self.call_later(self._say_reading, self._asked, None)

    @property
    def is_whole(self) -> bool:
        """Whether all rows of the file are known."""
        return self.dataset is not None and self.dataset.complete

    @property
    def can_read_rest(self) -> bool:
        """Whether the reading ended after the first rows."""
        return self._work is None and self.dataset is not None and not self.is_whole

    def read_rest(self) -> None:
        """Go on where the reading ended after the first rows."""
        from screens.dataset.rows.reading import Reading

        if self.can_read_rest and self._shown:
            self._asked = self._shown = Reading(self, self._shown.spec, look=False, **self._shown.how)
            self._begin(self._asked)
            self._line.progress("indexing", 0)

    async def stop(self) -> bool:
        """Stop what is under way, if anything is; what is shown stays."""
        if self._work is None:
            return False
        work = self._work
        self._begin(None)
        if work is not self._asked or (self._table and self._shown is not self._asked):
            self._say_what_is_shown()  # a search, or the reading of another file
        elif self._table and self.dataset:
            self._line.first_only(self.dataset.rows)
        else:
            await self._close()
            await self._notice.stopped()
        return True

    async def on_progress(self, message: Progress) -> None:
        if message.work is not self._work:
            return
        if self._asked is not message.work:
            self._line.progress("looking through the rows", message.share)
        elif self._shown is message.work:
            self._line.progress("indexing", message.share)
        elif self._table:
            self._line.progress(f"reading {shorten(self._asked.spec, 60)}", message.share)
        else:
            await self._say_reading(self._asked, message.share)

    async def _say_reading(self, reading: Reading, share: float | None) -> None:
        if reading is self._work and self._table is None:
            await self._notice.reading(reading.spec, share)

    async def on_failed(self, message: Failed) -> None:
        if message.work is not self._work:
            return
        self._work = None
        if message.work is not self._asked:
            self._say_what_is_shown()
            self.notify(message.sentence, severity="error", timeout=12, markup=False)
        elif self._shown is message.work and self.dataset:
            self._line.first_only(self.dataset.rows, message.sentence)
        else:
            await self._close()
            await self._notice.failed(message.sentence)

    async def _close(self) -> None:
        """Nothing is open any more."""
        await self.query("RowTable").remove()
        self._line.display = False
        self.border_title, self.border_subtitle = "rows", ""
        if self._table:
            self._table = self.dataset = self.view = self._shown = None
            self.post_message(self.Opened(None))

    async def on_rows_read(self, message: RowsRead) -> None:
        if message.reading is not self._work:
            return
        more = self._shown is not None and self._shown.spec == message.reading.spec
        self._shown, self.dataset = message.reading, message.dataset
        self.view = None
        if self.is_whole:
            self._work = None
            self._line.display = False
        else:
            self._line.progress("indexing", 0)
        if more and self._table:
            self._table.replace(message.columns)
        else:
            await self._show_table(message.columns)
        empty = ", ".join(message.columns.empty)
        self.border_title = Content(f"rows · empty: {shorten(empty, 60)}" if empty else "rows").markup
        self.post_message(self.Opened(message.dataset))
        self._select()

    def on_rows_marked(self, message: RowsMarked) -> None:
        if self._table and message.dataset is self.dataset:
            self._table.mark(message.columns)

    async def _show_table(self, columns: Columns) -> None:
        from screens.dataset.rows.table import RowTable

        to_focus = self.has_focus_within or self.screen.focused is None
        await self.query("RowTable").remove()
        self._notice.display = False
        self._table = RowTable(columns)
        await self.mount(self._table)
        if to_focus:
            self._table.focus()

    # --- what is shown of the file

    def show(self, view: View, then: int | None = None) -> None:
        """Find and sort what this view shows, show it, and put the cursor on the row `then`."""
        if self.dataset is None or not self.is_whole:
            return
        from screens.dataset.rows.choosing import Choosing

        self._begin(Choosing(self, self.dataset, view, then))

    def compare(self, spec: str) -> None:
        """Show the rows that the held-out data `spec` has too."""
        if self.dataset is not None and self.is_whole:
            from screens.dataset.held_out import Comparing

            self._begin(Comparing(self, self.dataset, spec))
            self._line.progress(f"comparing with {shorten(spec, 60)}", None)

    def on_compared(self, message: Compared) -> None:
        if message.comparing is not self._work:
            return
        self._work = None
        self._say_what_is_shown()
        if not len(message.rows):
            self.notify(message.title, markup=False)
            return
        from screens.dataset.messages import ShowRows

        self.post_message(ShowRows(message.rows, message.title))

    def on_rows_chosen(self, message: RowsChosen) -> None:
        if message.choosing is not self._work or self._table is None:
            return
        self._work = None
        self.view = view = message.choosing.view
        order = (view.order.column, view.order.descending) if view.order else None
        self._table.choose(message.rows, order, stay=not view.title)
        if message.choosing.then:
            self._table.go_to(message.choosing.then)
        self._say_what_is_shown()
        self._select()
        self.post_message(self.Shown(view, self._table.row_count))

    def _say_what_is_shown(self) -> None:
        self._line.tell(self.dataset, self.view, self._table.row_count if self._table else 0)

    @property
    def row(self) -> int:
        """The number of the row under the cursor; 1 where there is none."""
        return (self._table.number if self._table else None) or 1

    def go_to(self, row: int) -> bool:
        """Put the cursor on this row; False if it is not among those that are shown."""
        return self._table is not None and self._table.go_to(row)

    def on_data_table_row_highlighted(self, event: DataTable.RowHighlighted) -> None:
        event.stop()
        if event.data_table is self._table:
            self._select()

    def on_data_table_header_selected(self, event: DataTable.HeaderSelected) -> None:
        """A click on a column's name sorts by it, a second one the other way."""
        event.stop()
        from screens.dataset.rows import showing

        if self._table is not None:
            showing.sort_by(self, self._table.column_names[event.column_index])

    def _select(self) -> None:
        table = self._table
        if table is None or self.dataset is None:
            return
        if table.number is None:
            self.border_subtitle = ""
            return
        place = f"{count(table.cursor_row + 1)} of {count(table.row_count)}"
        if self.view and (self.view.filters or self.view.order):
            place += f" · row {count(table.number)}"
        self.border_subtitle = place
        self.post_message(self.Selected(table.number))
