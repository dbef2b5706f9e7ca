"""A trainer's run inside the test's process, and what it told."""

from __future__ import annotations

from collections.abc import Callable

from workbench.recipe.schema import Recipe
from workbench.runs.directory import RunDirectory, create_run
from workbench.runs.events import Event, read_events
from workbench.runs.writer import RunWriter

MakeRecipe = Callable[..., Recipe]


class StopsAfter(RunWriter):
    """A run whose user asks for a stop as soon as the step is done."""

    def __init__(self, run: RunDirectory, step: int) -> None:
        super().__init__(run, "train")
        self.step = step

    def event(self, kind: str, **fields: object) -> None:
        super().event(kind, **fields)
        if kind == "step" and fields["step"] == self.step:
            self.run.stop_file.touch()


def train_here(
    recipe: Recipe, run: RunDirectory | None = None, *, stop_after: int | None = None
) -> RunDirectory:
    """Train in this process; a failed run raises SystemExit, as in its own process."""
    from workbench.training.job import train

    run = run or create_run("test")
    run.stop_file.unlink(missing_ok=True)
    with RunWriter(run, "train") if stop_after is None else StopsAfter(run, stop_after) as writer:
        train(run, recipe, writer)
    return run


def events_of(run: RunDirectory, kind: str) -> list[Event]:
    return [event for event in read_events(run.events_file) if event["kind"] == kind]


def losses(run: RunDirectory) -> dict[int, float]:
    """The loss by step; of a step that was done twice, the later one."""
    return {event["step"]: event["loss"] for event in events_of(run, "step")}
