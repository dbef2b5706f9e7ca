"""Pick one of the models that an Ollama server has."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from screens.widgets.pick_list import Choice, PickList


class OllamaPicker(PickList):
    """The server's models by name; where no server answers, a sentence says so and what to do."""

    LOOKING: ClassVar[str] = "asking the Ollama server …"

    def find_choices(self) -> Sequence[Choice]:
        from workbench.chat.ollama import list_ollama_models
        from workbench.figures import gib

        choices = []
        for model in list_ollama_models():
            parts = (model.parameters, model.quantization, gib(model.size_bytes))
            choices.append(Choice(model.name, model.name, ", ".join(filter(None, parts))))
        return choices

    def nothing_found(self) -> str:
        return "The Ollama server has no models yet. `ollama pull NAME` fetches one."
