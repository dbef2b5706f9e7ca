"""Pick a model: one that the workbench holds, a finished run, a folder or a hub id."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from screens.widgets.pick_list import Choice, PickList

if TYPE_CHECKING:
    from workbench.models.find import ModelRef

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")


class ModelPicker(PickList):
    """The models held and the finished runs, newest first; or a folder or hub id that is typed.

    Gives what `find_model` understands: a name, a run's id, a folder or a hub id.
    """

    PLACEHOLDER: ClassVar[str] = "type to narrow, or a folder, or a hub id such as Qwen/Qwen3-0.6B"
    LOOKING: ClassVar[str] = "looking for models and runs …"

    def find_choices(self) -> Sequence[Choice]:
        from workbench.models.find import list_models

        return [Choice(ref.name, ref.name, _what(ref)) for ref in list_models()]

    def nothing_found(self) -> str:
        from workbench import paths

        return (
            f"No model in {paths.models_dir()} yet and no finished run. Type a model's folder or hub id, "
            "or let `workbench demo` fetch a small one."
        )

    def nothing_fits(self, text: str) -> str:
        from workbench.untrusted import shorten

        return (
            f"no model here is called {shorten(text, 40)}; a folder, or a hub id with its owner such as "
            "Qwen/Qwen3-0.6B, is looked for when it is typed whole"
        )

    def typed(self, text: str) -> Choice | None:
        if text.startswith(("/", "./", "../", "~")) or Path(text).expanduser().is_dir():
            return Choice(text, text, "a folder")
        if _HUB_ID.fullmatch(text):
            return Choice(text, text, "from the Hugging Face Hub, downloaded if need be")
        return None

    def check(self, value: str) -> str | None:
        from workbench.errors import WorkbenchError
        from workbench.models.find import find_model

        if _HUB_ID.fullmatch(value) and not Path(value).is_dir():
            return None  # to be looked up, and perhaps fetched, by whoever loads it
        try:
            find_model(value, download=False)
        except WorkbenchError as error:
            return str(error)
        return None


def _what(ref: ModelRef) -> str:
    """What a model is, in a few words: `LoRA on SmolLM2-135M`, `llama, bfloat16, 257 MiB`."""
    if ref.adapter is not None:
        return f"run: adapter on {ref.base.name}"
    from workbench.errors import WorkbenchError
    from workbench.figures import gib
    from workbench.models.find import read_config

    try:
        config = read_config(ref.base)
        size = sum(file.stat().st_size for file in ref.base.glob("*.safetensors"))
    except (WorkbenchError, OSError):
        return "cannot be read"
    dtype = config.get("dtype") or config.get("torch_dtype") or ""
    parts = [str(part) for part in (config.get("model_type"), dtype, gib(size)) if part]
    return ("run: " if ref.run else "") + ", ".join(parts)
