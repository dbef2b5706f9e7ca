"""The steps of the demo, for whoever shows them: the command line or the app."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from workbench.demo.model import get_demo_model
from workbench.demo.sample_set import write_samples

if TYPE_CHECKING:
    from workbench.runs.directory import RunDirectory


def start_demo(tell: Callable[[str], None] | None = None) -> RunDirectory:
    """Get the model, write the sample set, launch the fine-tune; returns while it runs.

    Raises:
        WorkbenchError: the model could not be got, or the run not be launched.
    """
    tell = tell or (lambda _: None)
    model = get_demo_model(tell)
    train, held_out = write_samples()
    from workbench.demo.recipe import demo_recipe
    from workbench.training.start import start_training

    run = start_training(demo_recipe(model, train, held_out))
    tell(f"{run.id} is launched: SmolLM2-135M-Instruct learns to answer in two lines")
    return run
