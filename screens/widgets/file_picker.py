"""A dialog that gives a path: typed with completion, or taken from recent files or the folder."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import ClassVar

from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import get_current_worker

from screens.widgets.folder_list import (
    Listing,
    completed,
    folder_of,
    is_pattern,
    list_folder,
    matching,
    split_typed,
)
from workbench.figures import MIB, gib, significant
from workbench.untrusted import display_width, printable, shorten

_ROWS = (".json", ".jsonl", ".ndjson", ".csv", ".tsv", ".parquet", ".arrow", ".txt", ".md")
DATA_SUFFIXES = (*_ROWS, *(f"{name}{packed}" for name in _ROWS for packed in (".gz", ".zst", ".bz2", ".xz")))
RECIPE_SUFFIXES = (".yaml", ".yml")
REGISTRY = "dataset_info.json"
# organisation/name, and a split or a configuration and a split.
_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(?::[\w./-]+)?")


class FilePicker(ModalScreen[str | None]):
    """Gives the absolute path of a file that is there, or None; with `sets`, also what several files make.

    Args:
        title: what the file is for.
        start: the folder to begin in; the current one if not given.
        recent: paths offered above the folder's.
        suffixes: names that end like this are offered first and bright; others can be taken too.
        sets: a folder, a pattern such as `part-*.jsonl`, `dataset_info.json#entry` and a hub id will do too.
    """

    CSS = """
    FilePicker .dialog { width: 96; height: 80%; padding: 0 1; }
    FilePicker Input, FilePicker Input:focus { border: none; height: 1; padding: 0; background: $panel; }
    FilePicker OptionList {
        height: 1fr; border: none; padding: 0; margin-top: 1; background: $surface;
        scrollbar-size-vertical: 1;
    }
    FilePicker #hint { height: auto; max-height: 3; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel"),
        Binding("tab", "complete", "Complete", priority=True),
        Binding("up", "move('cursor_up')", "Up", show=False),
        Binding("down", "move('cursor_down')", "Down", show=False),
        Binding("pageup", "move('page_up')", "Page up", show=False),
        Binding("pagedown", "move('page_down')", "Page down", show=False),
        Binding("ctrl+o", "take_folder", "Open the folder as one set", priority=True),
    ]

    def __init__(
        self,
        title: str,
        start: Path | None = None,
        *,
        recent: Sequence[str] = (),
        suffixes: Sequence[str] = DATA_SUFFIXES,
        sets: bool = False,
    ) -> None:
        super().__init__()
        self._title = title
        self._start = (start or Path.cwd()).expanduser().absolute()
        self._sets = sets
        self._recent = [path for path in recent if Path(path).is_file() or (sets and _may_be_there(path))]
        self._suffixes = tuple(suffixes)
        self._listing: Listing | None = None
        self._paths: list[str] = []

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as dialog:
            dialog.border_title = self._title
            folder = "   ctrl+o: whole folder" if self._sets else ""
            dialog.border_subtitle = f"tab: complete   ↑↓ enter: take{folder}   escape: leave"
            what = "a path, a pattern or a hub id" if self._sets else "a path"
            field = Input(placeholder=f"{what}, from {self._start}", compact=True)
            field.cursor_blink = False
            yield field
            files = OptionList(markup=False)
            files.can_focus = False
            yield files
            yield Static(id="hint", classes="problem")

    def on_mount(self) -> None:
        self._look(self._start)

    def on_resize(self) -> None:
        if self._listing:
            self._fill()

    def on_input_changed(self, event: Input.Changed) -> None:
        folder = folder_of(event.value, self._start)
        if self._listing and self._listing.folder == folder:
            self._fill()
        else:
            self._look(folder)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        files = self.query_one(OptionList)
        if files.highlighted is not None:
            self._take(self._paths[files.highlighted])
        else:
            self._take(event.value)

    def on_option_list_option_selected(self, event: OptionList.OptionSelected) -> None:
        self._take(self._paths[event.option_index])

    def action_move(self, action: str) -> None:
        """Walk in the list while the cursor stays in the path."""
        getattr(self.query_one(OptionList), f"action_{action}")()

    def action_complete(self) -> None:
        """Go on with the typed path as far as it is clear."""
        field = self.query_one(Input)
        if self._listing:
            self._type(completed(field.value, self._listing.entries))

    def action_cancel(self) -> None:
        """Close without a file."""
        self.dismiss(None)

    @work(thread=True, exclusive=True, group="look")
    def _look(self, folder: Path) -> None:
        worker = get_current_worker()
        listing = list_folder(folder)
        if not worker.is_cancelled:
            self.call_later(self._show, listing)

    def _show(self, listing: Listing) -> None:
        self._listing = listing
        self._fill()

    def _fill(self) -> None:
        """The recent files while nothing is typed, then what matches in the folder."""
        assert self._listing is not None
        typed = self.query_one(Input).value
        files = self.query_one(OptionList)
        width = max(files.scrollable_content_region.width - 1, 20)
        options: list[Option] = []
        self._paths = []

        def add(path: str, prompt: Content, *, heading: bool = False) -> None:
            options.append(Option(prompt, disabled=heading))
            self._paths.append(path)

        if not typed and self._recent:
            add("", Content.styled("recent", "$text-muted"), heading=True)
            for path in self._recent:
                add(path, Content(_shorten_left(path, width)))
            add("", Content(""), heading=True)
        folder, beginning = split_typed(typed)
        if not typed:
            heading = Content.styled(_shorten_left(str(self._listing.folder), width), "$text-muted")
            add("", heading, heading=True)
        found = matching(self._listing.entries, beginning)
        found.sort(key=lambda entry: not entry.is_folder and not self._fits(entry.name))
        for entry in found:
            size = "folder" if entry.size is None else _size(entry.size)
            name = shorten(entry.name + ("/" if entry.is_folder else ""), width - 12)
            style = "$primary" if entry.is_folder else "" if self._fits(entry.name) else "$text-muted"
            padding = " " * (width - 11 - display_width(name))
            add(
                folder + entry.name + ("/" if entry.is_folder else ""),
                Content.assemble((name, style), padding, (f"{size:>11}", "$text-muted")),
            )
        files.clear_options()
        files.add_options(options)
        self._hint(self._listing.problem or self._about(typed, len(found)))

    def _about(self, typed: str, found: int) -> str:
        if self._sets and is_pattern(split_typed(typed)[1]) and found:
            return f"enter opens all {found} as one set" if found > 1 else "enter opens what it stands for"
        if self._sets and not found and _HUB_ID.fullmatch(typed):
            return "nothing here has such a name: enter looks for it on the hub"
        return "" if found else "nothing here has such a name"

    def _fits(self, name: str) -> bool:
        return name.casefold().endswith(self._suffixes)

    def _take(self, typed: str) -> None:
        path = self._start / Path(typed).expanduser()
        if path.is_dir():
            self._type(typed if typed.endswith("/") or not typed else f"{typed}/")
        elif self._sets and path.name == REGISTRY and path.is_file():
            self._pick_entry(path.resolve())
        elif path.is_file():
            self.dismiss(str(path.resolve()))
        elif self._sets and (is_pattern(typed) or Path(str(path).rpartition("#")[0]).is_file()):
            self.dismiss(str(path))
        elif self._sets and _HUB_ID.fullmatch(typed) and not path.parent.is_dir():
            self.dismiss(typed)
        else:
            self._hint(f"there is no file {printable(str(path), keep_newlines=False)}")

    def _pick_entry(self, registry: Path) -> None:
        from screens.widgets.registry_picker import RegistryPicker

        def taken(spec: str | None) -> None:
            if spec:
                self.dismiss(spec)

        self.app.push_screen(RegistryPicker(registry), taken)

    def action_take_folder(self) -> None:
        """Give the folder under the cursor, or else the one that is listed."""
        if not self._sets or self._listing is None:
            return
        files = self.query_one(OptionList)
        marked = self._paths[files.highlighted] if files.highlighted is not None else ""
        folder = self._start / Path(marked).expanduser() if marked.endswith("/") else self._listing.folder
        if folder.is_dir():
            self.dismiss(str(folder.resolve()))

    def _type(self, text: str) -> None:
        field = self.query_one(Input)
        field.value = text
        field.cursor_position = len(text)

    def _hint(self, sentence: str) -> None:
        self.query_one("#hint", Static).update(Content(sentence))


def _may_be_there(spec: str) -> bool:
    """Whether something that is no file may still be opened: a folder, a pattern, an entry, a hub id."""
    if is_pattern(spec) or _HUB_ID.fullmatch(spec):
        return True
    path = Path(spec)
    return path.is_dir() or Path(spec.rpartition("#")[0] or spec).is_file()


def _size(n_bytes: int) -> str:
    return gib(n_bytes) if n_bytes >= MIB / 10 else f"{significant(n_bytes / 1024)} KiB"


def _shorten_left(path: str, width: int) -> str:
    """A path that is too long loses its beginning: its end tells more."""
    path = printable(path, keep_newlines=False)
    if display_width(path) <= width:
        return path
    kept = path[-width:]
    while display_width(kept) > width - 1:
        kept = kept[1:]
    return f"…{kept}"
