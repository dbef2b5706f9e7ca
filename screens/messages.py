"""What one screen asks of the app, so that no screen knows another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.message import Message

if TYPE_CHECKING:
    from workbench.gpu.sample import Machine
    from workbench.runs.status import Status


@dataclass
class RunsSeen(Message):
    """The runs as they stand on disk, newest first."""

    runs: tuple[Status, ...]

    def can_replace(self, message: Message) -> bool:
        """Only the latest state of the runs matters."""
        return isinstance(message, RunsSeen)


@dataclass
class MachineSeen(Message):
    """One sample of the GPUs and the host."""

    machine: Machine

    def can_replace(self, message: Message) -> bool:
        """Only the latest sample matters."""
        return isinstance(message, MachineSeen)


@dataclass
class OpenDataset(Message):
    """Open Data on this file."""

    path: str


@dataclass
class ShowRun(Message):
    """Open Monitor on this run."""

    run_id: str


@dataclass
class ShowComparison(Message):
    """Open Quantize on this comparison."""

    run_id: str


@dataclass
class TrainOn(Message):
    """Open the form with this data file; `dataset_format` is how the user said that its rows are read."""

    dataset: str
    dataset_format: str | None = None


@dataclass
class CompareModel(Message):
    """Open Quantize with this model or run."""

    model: str


@dataclass
class ChatWith(Message):
    """Open Chat with this model or run, side by side with its base where it has one."""

    model: str
