"""One row as the conversation that a mapping makes of it."""

from __future__ import annotations

from screens.dataset.row.flow import Piece, Rule, Run
from screens.dataset.row.panes import RowText
from screens.dataset.row.text import column_runs, conversation_runs
from workbench.data.finding.texts import text_of
from workbench.data.formats.mapping import Mapping, mapped_format
from workbench.data.index.judging import judged
from workbench.figures import count
from workbench.untrusted import printable

MOST_OF_A_COLUMN = 2_000


class RowPreview(RowText):
    """The row, or why it cannot be used and what its columns hold."""

    def __init__(self) -> None:
        super().__init__()
        self.remove_class("pane")
        self.border_title = ""

    def look_at(self, value: object, row: int, rows: int, mapping: Mapping) -> None:
        """Show this row as the mapping reads it, then as it stands in the file."""
        head = Run(f"row {count(row)} of the first {count(rows)}\n\n", "note")
        record = value if isinstance(value, dict) else {}
        if not mapping.columns:
            problem = "no column has a part yet, so there is no conversation"
            self.show([head, *column_runs(record, problem, "")])
            return
        format_ = mapped_format(mapping)
        conversation, reason = judged(value, format_, row)
        if conversation is None:
            self.show([head, *column_runs(record, reason or "the row has no columns", "")])
            return
        pieces: list[Piece] = [head, *conversation_runs(conversation)]
        for label in mapping.labels:
            if label in record:
                name = printable(label, keep_newlines=False)
                text = printable(str(record[label]), keep_newlines=False)
                pieces += [Run(f"label {name}: ", "note"), Run(f"{text}\n", "text")]
        used = {column for _, column in mapping.columns} | set(mapping.labels)
        pieces.append(Rule("as it stands in the file", "note"))
        for name, inner in record.items():
            pieces.append(Run(f"{printable(name, keep_newlines=False)} ", "role" if name in used else "note"))
            pieces.append(Run(f"{printable(text_of(inner)[:MOST_OF_A_COLUMN])}\n", "note"))
        self.show(pieces)
