"""The rows as a table over Arrow: a million of them cost as much as ten."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from rich.text import Text
from textual.binding import Binding, BindingType
from textual.events import Resize
from textual_fastdatatable import ArrowBackend, DataTable

from workbench.untrusted import display_width

if TYPE_CHECKING:
    import pyarrow

SAMPLE_ROWS = 200
LEAST_WIDTH = 8
PADDING = 2


class _Unmeasured(ArrowBackend):
    """The widths of the columns are ours: there is no need to measure a million cells."""

    @property
    def column_content_widths(self) -> list[int]:
        return [0] * self.column_count


class RowTable(DataTable, inherit_bindings=False):
    """One line a row; the columns share the width there is."""

    HELP = (
        "The rows of the file. Arrow keys walk, g goes to a row by its number; ✗ marks a row that cannot "
        "be used."
    )
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

    def __init__(self, table: pyarrow.Table) -> None:
        super().__init__(
            backend=_Unmeasured(table),
            column_labels=[_label(field) for field in table.schema],
            column_widths=[LEAST_WIDTH] * table.num_columns,
            max_column_content_width=1000,
            show_row_labels=False,
            cursor_type="row",
            render_markup=False,
        )
        self._wanted = wanted_widths(table)

    def on_resize(self, event: Resize) -> None:
        self._share_width()

    def _share_width(self) -> None:
        room = self.scrollable_content_region.width - PADDING * self.column_count
        widths = shared_widths(self._wanted, room)
        if [column.width for column in self.ordered_columns] == widths:
            return
        for column, width in zip(self.ordered_columns, widths, strict=True):
            column.width = width
        self._require_update_dimensions = True
        self.notify_style_update()
        self.check_idle()


def _label(field: pyarrow.Field) -> Text:
    # Numbers stand right-aligned, and so do their names.
    return Text(field.name, justify="right" if str(field.type).startswith(("int", "float")) else "left")


def wanted_widths(table: pyarrow.Table) -> list[int]:
    """How wide each column would like to be: its name and the widest of its first cells."""
    head = table.slice(0, SAMPLE_ROWS)
    wanted = []
    for name, column in zip(table.column_names, head.columns, strict=True):
        values: list[Any] = column.to_pylist()
        if name == "#":
            values.append(table.num_rows)
        widest = max((display_width(str(value)) for value in values if value is not None), default=0)
        wanted.append(max(widest, display_width(name)))
    return wanted


def shared_widths(wanted: Sequence[int], room: int) -> list[int]:
    """Narrow columns get what they want, the wide ones share what is left; the last one takes the rest.

    None gets less than LEAST_WIDTH of what it wants: then the table scrolls sideways.
    """
    widths = list(wanted)
    if sum(widths) > room:
        # The level at which the wide ones are cut, so that all of them together fit.
        left, columns = room, sorted(wanted)
        level = LEAST_WIDTH
        for index, width in enumerate(columns):
            level = max(left // (len(columns) - index), LEAST_WIDTH)
            if width > level:
                break
            left -= width
        widths = [min(width, level) for width in widths]
    if widths:
        widths[-1] += max(room - sum(widths), 0)
    # Behind full-width characters an ellipsis stands close only where the width is odd.
    return [
        width - 1 if width < wish and width % 2 == 0 else width
        for width, wish in zip(widths, wanted, strict=True)
    ]


def table_for_the_eye(table: pyarrow.Table) -> pyarrow.Table:
    """The data set's table with its `problem` column, if any, as a narrow mark behind the number."""
    if table.column_names[-1] != "problem":
        return table
    import pyarrow
    import pyarrow.compute as compute

    bad = compute.not_equal(compute.fill_null(table.column("problem"), ""), "")
    marks = compute.if_else(bad, "✗", "")
    marked = table.remove_column(table.num_columns - 1)
    return marked.add_column(1, pyarrow.field("!", pyarrow.string()), marks)
