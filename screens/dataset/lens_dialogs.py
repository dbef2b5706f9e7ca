"""The keys of Data that choose what rows are looked at with: model and cutoff."""

from __future__ import annotations

from typing import TYPE_CHECKING

from screens.dataset.rows.showing import whole_number
from screens.remembered import remember
from workbench.figures import count

if TYPE_CHECKING:
    from screens.dataset.screen import DataScreen

LEAST_CUTOFF, MOST_CUTOFF = 8, 1_048_576


def pick_model(screen: DataScreen) -> None:
    """Pick the model whose tokens are shown."""
    from screens.widgets.model_picker import ModelPicker

    def taken(model: str | None) -> None:
        if model:
            remember("model", model)
            screen.model = model
            screen.change_lens()

    screen.app.push_screen(ModelPicker("The model whose tokens are shown"), taken)


def ask_cutoff(screen: DataScreen) -> None:
    """Set the most tokens that are kept of a row."""
    from screens.widgets.dialogs import TextPrompt

    def check(text: str) -> str | None:
        cutoff_len = whole_number(text)
        if cutoff_len is not None and LEAST_CUTOFF <= cutoff_len <= MOST_CUTOFF:
            return None
        return f"give a whole number from {LEAST_CUTOFF} to {count(MOST_CUTOFF)}"

    def taken(text: str | None) -> None:
        if text is not None:
            screen.cutoff_len = whole_number(text) or screen.cutoff_len
            remember("cutoff_len", screen.cutoff_len)
            screen.change_lens()

    hint = "The most tokens of a row that are trained; what lies behind is cut."
    screen.app.push_screen(
        TextPrompt("cutoff_len", value=str(screen.cutoff_len), hint=hint, check=check), taken
    )
