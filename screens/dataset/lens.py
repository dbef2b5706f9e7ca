"""What rows are looked at with: a model's tokenizer and template, and a cutoff."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from screens.abandonable import abandonable

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


class LazyTokenizer:
    """A model's tokenizer, loaded by whoever needs it first. Threads may share it.

    `template` says whether a chat template is needed: plain text does without.
    """

    def __init__(self, model: str, *, template: bool) -> None:
        self._model = model
        self._template = template
        self._lock = threading.Lock()
        self._loaded: PreTrainedTokenizerBase | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether `load` returns at once."""
        return self._loaded is not None

    def load(self, cancelled: Callable[[], bool]) -> PreTrainedTokenizerBase:
        """The tokenizer; the first time it takes some seconds. To be called in a worker's thread.

        Raises:
            WorkbenchError: there is no such model, or it has no tokenizer or no chat template.
            Abandoned: `cancelled` said so meanwhile.
        """
        return self._loaded or abandonable(self._load, cancelled)

    def _load(self) -> PreTrainedTokenizerBase:
        with self._lock:
            if self._loaded is None:
                from workbench.data.tokens.tokenizer import load_tokenizer
                from workbench.models.find import find_model

                base = find_model(self._model).base
                self._loaded = load_tokenizer(base, template=self._template)
            return self._loaded


@dataclass(frozen=True)
class Lens:
    """A model by name, its tokenizer, and how many tokens of a row are kept."""

    model: str
    cutoff_len: int
    template: bool
    tokenizer: LazyTokenizer = field(compare=False)

    @classmethod
    def on(cls, model: str, cutoff_len: int, *, template: bool) -> Lens:
        """A lens whose tokenizer is not loaded yet."""
        return cls(model, cutoff_len, template, LazyTokenizer(model, template=template))

    def with_cutoff(self, cutoff_len: int) -> Lens:
        """The same tokenizer under another cutoff."""
        return replace(self, cutoff_len=cutoff_len)


def model_to_begin_with(remembered: object) -> str | None:
    """The model last looked with if it is still there, else the newest one held, else none.

    Reads folders: not for the event loop.
    """
    from workbench.errors import WorkbenchError
    from workbench.models.find import find_model, list_models

    if isinstance(remembered, str):
        try:
            find_model(remembered, download=False)
        except WorkbenchError:
            pass
        else:
            return remembered
    held = list_models()
    return held[0].name if held else None
