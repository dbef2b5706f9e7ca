"""Asks under which name a mapping is kept, and writes it."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from workbench.data.formats.mapping import Mapping
from workbench.data.registry import NAME, add_entry, own_registry
from workbench.errors import WorkbenchError
from workbench.untrusted import printable, shorten

if TYPE_CHECKING:
    from workbench.data.dataset import Dataset


def registry_for(file: Path) -> tuple[Path, str]:
    """The registry beside the file, or the workbench's own where that cannot be written; and why."""
    beside = file.parent / NAME
    if _writable(beside.parent) and (not beside.exists() or _writable(beside)):
        return beside, "beside the data, where LLaMA-Factory finds it too"
    return own_registry(), f"the workbench's own: {beside.parent} is not to be written"


def _writable(path: Path) -> bool:
    """Whether it may be written. Root may write everywhere: it keeps to what is marked as read-only."""
    return os.access(path, os.W_OK) and bool(path.stat().st_mode & 0o222)


class SavePrompt(ModalScreen[str | None]):
    """Gives the entry that was written, as `REGISTRY#NAME`, or None."""

    CSS = """
    SavePrompt .dialog { width: 84; padding: 0 1; }
    SavePrompt Input, SavePrompt Input:focus { border: none; height: 1; padding: 0; background: $panel; }
    SavePrompt Static { height: auto; max-height: 10; margin-top: 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel", "Leave it")]

    def __init__(self, dataset: Dataset, mapping: Mapping) -> None:
        super().__init__()
        self._file = dataset.path.absolute()
        self._mapping = mapping
        self._registry, self._why = registry_for(self._file)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = "Keep the mapping as an entry called"
            dialog.border_subtitle = "enter: write it and open the file   escape: leave it"
            field = Input(entry_name(self._file), placeholder="a name")
            field.cursor_blink = False
            yield field
            yield Static(id="written")
            yield Static(id="problem", classes="problem")

    def on_mount(self) -> None:
        self.query_one("#problem").display = False
        self._show(self.query_one(Input).value)

    def on_input_changed(self, event: Input.Changed) -> None:
        self.query_one("#problem").display = False
        self._show(event.value)

    def _show(self, name: str) -> None:
        """What will be written, and where."""
        text = json.dumps(self._mapping.as_entry(), ensure_ascii=False)
        self.query_one("#written", Static).update(
            Content.assemble(
                ("into ", "$text-muted"),
                printable(str(self._registry), keep_newlines=False),
                (f"\n{printable(self._why)}\n\n", "$text-muted"),
                f'"{shorten(name.strip(), 40)}": {printable(text)}',
            )
        )

    def on_input_submitted(self, event: Input.Submitted) -> None:
        name = event.value.strip()
        try:
            self._registry.parent.mkdir(parents=True, exist_ok=True)
            add_entry(self._registry, name, self._file, self._mapping)
        except (WorkbenchError, OSError) as error:
            problem = self.query_one("#problem", Static)
            problem.display = True
            problem.update(Content(printable(f"✗ {error}")))
        else:
            self.dismiss(f"{self._registry}#{name}")

    def action_cancel(self) -> None:
        """Write nothing."""
        self.dismiss(None)


def entry_name(file: Path) -> str:
    """A name from the file's, without what an entry's name had better not have."""
    return re.sub(r"[^\w.-]+", "_", file.name.split(".")[0]).strip("_") or "data"
