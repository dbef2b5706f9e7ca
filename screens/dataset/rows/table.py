"""The rows as a table over Arrow: a million of them cost as much as ten."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual.binding import Binding, BindingType
from textual.cache import LRUCache
from textual.events import Resize
from textual.geometry import Size
from textual.strip import Strip
from textual_fastdatatable import DataTable
from textual_fastdatatable.column import Column

from screens.dataset.rows.backend import ChosenRows
from screens.dataset.rows.columns import FIGURE, MARK, TEXT, Columns, shared_widths, shown
from screens.dataset.rows.marks import LEGEND
from workbench.untrusted import display_width, shorten

if TYPE_CHECKING:
    import numpy

# Blanks of each column: one before it, and one behind it where there is room.
LOOSE, TIGHT = 2, 1
ARROWS = {False: "▲", True: "▼"}


class RowTable(DataTable, inherit_bindings=False):
    """One line a row; the columns share the width there is.

    `rows` are the numbers of the rows that are shown, in the order in which they are shown; None is all.
    """

    HELP = (
        "The rows of the file. Arrow keys walk, g goes to a row by its number, S sorts by a column. "
        f"The marks behind the number: {LEGEND}."
    )
    COMPONENT_CLASSES: ClassVar[set[str]] = {"rows--mark", "rows--figure"}
    DEFAULT_CSS = """
    RowTable, RowTable:dark { background: $background; }
    RowTable { height: 1fr; max-height: 100%; scrollbar-size: 1 1; }
    RowTable > .datatable--header, RowTable > .datatable--header-hover, RowTable > .datatable--header-cursor {
        background: $background;
        color: $text-muted;
        text-style: none;
    }
    RowTable > .datatable--cursor { background: $block-cursor-blurred-background; color: $foreground; }
    RowTable:focus > .datatable--cursor { background: $block-cursor-background; color: $foreground; }
    RowTable > .datatable--hover { background: $panel; }
    RowTable > .rows--mark { color: $text-error; }
    RowTable > .rows--figure { color: $text-muted; }
    """
    # The table's own bindings take tab and ctrl+a, which are not theirs here.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "cursor_up", "Row before", show=False),
        Binding("down,j", "cursor_down", "Next row", show=False),
        Binding("pageup", "page_up", "Page up", show=False),
        Binding("pagedown", "page_down", "Page down", show=False),
        Binding("home,ctrl+home", "scroll_home", "First row", show=False),
        Binding("end,ctrl+end", "scroll_end", "Last row", show=False),
        Binding("right", "scroll_right", "Scroll right", show=False),
        Binding("left", "scroll_left", "Scroll left", show=False),
    ]

    def __init__(self, columns: Columns, rows: numpy.ndarray | None = None) -> None:
        self._rows = ChosenRows(columns.table, rows)
        self._strips: LRUCache[tuple[object, ...], Strip] = LRUCache(1000)
        super().__init__(
            backend=self._rows,
            column_labels=[Text(name) for name in columns.table.column_names],
            show_row_labels=False,
            cursor_type="row",
            render_markup=False,
        )
        self._kinds = columns.kinds
        self._measured = columns.measured
        self._sorted_by: tuple[str, bool] | None = None
        self._ordered_columns = []
        self._blanks = LOOSE
        self._require_update_dimensions = False

    # --- what is shown

    @property
    def number(self) -> int | None:
        """The number of the row under the cursor; None where no row is shown."""
        return self._rows.number(self.cursor_row) if self.row_count else None

    @property
    def column_names(self) -> list[str]:
        """What the columns are called, from the left."""
        return list(self._rows.columns)

    def number_at(self, position: int) -> int:
        """The number of the row at this position; the first position is 0."""
        return self._rows.number(position)

    def go_to(self, number: int) -> bool:
        """Put the cursor on the row with this number; False if it is not among those that are shown."""
        position = self._rows.position(number)
        if position is not None:
            self.move_cursor(row=position)
        return position is not None

    def choose(
        self, rows: numpy.ndarray | None, sorted_by: tuple[str, bool] | None = None, *, stay: bool = False
    ) -> None:
        """Show these rows; the cursor goes to the first one.

        Args:
            rows: their numbers in order; None: every row in file order.
            sorted_by: the column by whose values they are sorted, and whether the largest comes first.
            stay: the cursor stays on its row, if it is among them.
        """
        number = self.number if stay else None
        self._rows.rows = rows
        self._sorted_by = sorted_by
        self._lay_out()
        self._place_cursor(number, None)

    def replace(self, columns: Columns) -> None:
        """More of the same file: the cursor stays on its row, and the row on its line."""
        number, line = self.number, self.cursor_row - round(self.scroll_y)
        self._sorted_by = None
        self._take(columns, None)
        self._place_cursor(number, line)

    def mark(self, columns: Columns) -> None:
        """The same rows with other marks; what is shown and where stays."""
        self._take(columns, self._rows.rows)

    def _take(self, columns: Columns, rows: numpy.ndarray | None) -> None:
        self.backend = self._rows = ChosenRows(columns.table, rows)
        self._kinds, self._measured = columns.kinds, columns.measured
        self._lay_out()

    def _place_cursor(self, number: int | None, line: int | None) -> None:
        position = (self._rows.position(number) if number is not None else None) or 0
        moved = self.cursor_row != position
        self.move_cursor(row=position)
        if line is not None:
            self.scroll_to(y=position - line, animate=False)
        if not moved and self.row_count:
            self.post_message(self.RowHighlighted(self, position))

    # --- drawing

    def on_mount(self) -> None:
        self._lay_out()

    def on_resize(self, event: Resize) -> None:
        self._lay_out()
        self.call_after_refresh(self._scroll_cursor_into_view)

    def _lay_out(self) -> None:
        table = self._rows.data
        labels = [
            self._label(name, of.numeric) for name, of in zip(table.column_names, self._measured, strict=True)
        ]
        wanted = [max(of.width, label.cell_len) for of, label in zip(self._measured, labels, strict=True)]
        width = self.scrollable_content_region.width
        self._blanks = LOOSE if sum(wanted) + LOOSE * len(wanted) <= width else TIGHT
        room = width - self._blanks * len(wanted)
        # A text may take what is left over; a number stands beside its neighbours.
        widths = shared_widths(wanted, room if self._kinds[-1] == TEXT else min(room, sum(wanted)))
        self._ordered_columns = [Column(label, width) for label, width in zip(labels, widths, strict=True)]
        total = sum(widths) + self._blanks * len(widths)
        self.virtual_size = Size(total, self.row_count + self.header_height)
        self._update_count += 1
        self._clear_caches()
        self.refresh()

    def _label(self, name: str, numeric: bool) -> Text:
        arrow = ""
        if self._sorted_by and self._sorted_by[0] == name:
            arrow = ARROWS[self._sorted_by[1]]
        # Numbers stand right-aligned, and so do their names.
        return Text(name + arrow, justify="right" if numeric else "left")

    def _render_line(self, y: int, x1: int, x2: int, base_style: Style) -> Strip:
        """One line, drawn without the detour through renderables that makes a page of cells take 50 ms."""
        position, width = y - self.header_height, self.size.width
        if position >= self.row_count:
            return Strip.blank(width, base_style)
        on_cursor = position == self.cursor_row
        hovered = self._show_hover_cursor and position == self.hover_row
        key = (position, x1, x2, on_cursor, hovered, base_style, self._update_count, self._pseudo_class_state)
        if key not in self._strips:
            kind = "header" if position < 0 else "cursor" if on_cursor else "hover" if hovered else ""
            style = base_style + self.get_component_rich_style(f"datatable--{kind}") if kind else base_style
            drawn = self._header(style) if position < 0 else self._row(position, style)
            strip = Strip(drawn).crop(x1, x2).adjust_cell_length(width, style if on_cursor else base_style)
            self._strips[key] = strip.simplify()
        return self._strips[key]

    def _clear_caches(self) -> None:
        super()._clear_caches()
        self._strips.clear()

    def _header(self, style: Style) -> list[Segment]:
        columns = self.ordered_columns
        return [
            Segment(
                self._cell(column.label.plain, column.width, column.label.justify == "right"),
                style + Style.from_meta({"row": -1, "column": index}),
            )
            for index, column in enumerate(columns)
        ]

    def _row(self, position: int, style: Style) -> list[Segment]:
        style += Style.from_meta({"row": position, "column": 0})
        styles = {
            TEXT: style,
            MARK: style + self.get_component_rich_style("rows--mark", partial=True),
            FIGURE: style + self.get_component_rich_style("rows--figure", partial=True),
        }
        values = self._rows.get_row_at(position)
        segments = []
        for value, kind, column, of in zip(
            values, self._kinds, self.ordered_columns, self._measured, strict=True
        ):
            segments.append(Segment(self._cell(shown(value), column.width, of.numeric), styles[kind]))
        return segments

    def _cell(self, text: str, width: int, right: bool) -> str:
        text = shorten(text, width)
        blank = " " * (width - display_width(text))
        behind = " " * (self._blanks - 1)
        return f" {blank}{text}{behind}" if right else f" {text}{blank}{behind}"
