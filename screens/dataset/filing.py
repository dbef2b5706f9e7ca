"""The keys of Data that are about the file as a whole: open, format, held-out rows, train."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.dataset.file_line import FileLine
from screens.messages import TrainOn
from screens.remembered import recent_files, remember
from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from screens.dataset.formats.reread import Reread
    from screens.dataset.screen import DataScreen


def open_file(screen: DataScreen) -> None:
    """Pick a file, a folder or an entry of a registry, and open it."""
    from screens.widgets.file_picker import FilePicker

    def taken(spec: str | None) -> None:
        if spec:
            screen.open_dataset(spec)

    picker = FilePicker("Open data", recent=recent_files("data"), sets=True)
    screen.app.push_screen(picker, taken)


def choose_format(screen: DataScreen) -> None:
    """Say what was detected and why; read the file anew with what is chosen instead."""
    from screens.dataset.formats.format_dialog import FormatDialog

    dataset = screen.dataset
    assert dataset is not None

    def taken(reread: Reread | None) -> None:
        if reread is None:
            return
        how = {"format": reread.format, "mapping": reread.mapping}
        chosen = {name: value for name, value in how.items() if value is not None}
        screen.rows_pane.open(reread.spec or dataset.spec, **chosen)

    screen.app.push_screen(FormatDialog(dataset), taken)


def tell(screen: DataScreen) -> None:
    """Say what is known of the file, and what was left out."""
    from screens.dataset.about import AboutDialog

    assert screen.dataset is not None
    screen.app.push_screen(AboutDialog(screen.dataset))


def compare_held_out(screen: DataScreen) -> None:
    """Pick a held-out file; the rows of this one that it has too are shown."""
    from screens.widgets.file_picker import FilePicker

    def taken(spec: str | None) -> None:
        if spec:
            screen.rows_pane.compare(spec)

    screen.app.push_screen(
        FilePicker("Held-out data, to look for in this", recent=recent_files("data"), sets=True), taken
    )


def train_on(screen: DataScreen) -> None:
    """Open the form with this file, unless it is another one by now; and with its model and cutoff."""
    dataset = screen.dataset
    assert dataset is not None
    if refusal := dataset.why_not_trained():
        screen.notify(refusal, title="Not trained", severity="warning", timeout=12, markup=False)
        return
    try:
        # The rows at both ends, for a set of several files; a bad one is no failure here.
        for _ in dataset.records([1, dataset.rows]):
            pass
    except WorkbenchError as error:
        screen.query_one(FileLine).warn_of(dataset)
        screen.notify(str(error), title="Not trained", severity="error", timeout=12, markup=False)
        return
    if screen.model:
        remember("model", screen.model)
        remember("cutoff_len", screen.cutoff_len)
    screen.app.post_message(TrainOn(dataset.spec, dataset.chosen_format))
