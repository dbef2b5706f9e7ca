"""What stands in place of rows: that nothing is open, that a file is being read, or why it cannot be."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from workbench.untrusted import printable

if TYPE_CHECKING:
    from textual.widgets import OptionList

    from screens.dataset.rows.recent_files import RecentFiles

NOTHING_OPEN = (
    Content.assemble("No data file is open: ", ("o", "bold $primary"), " opens one."),
    Content.styled(
        "JSON, JSON Lines, CSV, TSV, Parquet, Arrow or text, whatever its name says, compressed or not, or a "
        "folder of such files; rows as alpaca, sharegpt, OpenAI messages, preference pairs or plain text.",
        "$text-muted",
    ),
)


class RowsNotice(Vertical):
    """Sentences, and below them the files that were opened before."""

    DEFAULT_CSS = "RowsNotice { height: 1fr; }"

    class Picked(Message):
        """One of the files that were opened before is to be opened again."""

        def __init__(self, spec: str) -> None:
            super().__init__()
            self.spec = spec

    def compose(self) -> ComposeResult:
        yield Static(Content("\n\n").join(NOTHING_OPEN), id="rows-say", classes="empty")

    async def offer(self, recent: Sequence[str]) -> None:
        """List these files to open."""
        if not recent or self.query("RecentFiles"):
            return
        from screens.dataset.rows.recent_files import RecentFiles

        files = RecentFiles(recent)
        await self.mount(files)
        files.focus()

    async def reading(self, spec: str, share: float | None) -> None:
        """A file is being read."""
        far = f": {share:.0%}" if share is not None else ""
        await self._say(Content.styled(printable(f"reading {spec}{far} … escape stops"), "$text-muted"))

    async def stopped(self) -> None:
        """Nothing is open since the reading was stopped."""
        await self._say(Content.styled("Reading was stopped.", "$text-muted"), *NOTHING_OPEN)

    async def failed(self, sentence: str) -> None:
        """A file cannot be read."""
        await self._say(
            Content.styled(printable(f"✗ {sentence}"), "$text-error"),
            Content.assemble(("o", "bold $primary"), " opens another file."),
        )

    async def _say(self, *sentences: Content) -> None:
        await self.query("RecentFiles").remove()
        self.query_one("#rows-say", Static).update(Content("\n\n").join(sentences))
        self.display = True

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        event.stop()
        self.post_message(self.Picked(cast("RecentFiles", event.option_list).paths[event.option_index]))
