"""What the form begins with while nothing is picked."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A model or a run, and a file of held-out rows; without one the run's own are meant."""

    model: str
    rows: str | None


def suggestion() -> Suggestion | None:
    """The newest finished run with the rows it held out, else the newest model held with the sample's.

    Reads folders: not for the event loop.
    """
    from workbench import paths
    from workbench.models.find import list_models

    held = list_models()
    run = next((ref for ref in held if ref.run), None)
    if run is not None:
        return Suggestion(run.name, None)
    if not held:
        return None
    sample = paths.samples_dir() / "short_answers.heldout.jsonl"
    return Suggestion(held[0].name, str(sample) if sample.is_file() else None)
