"""Keeps the libraries below from writing what the user cannot act on into a log or over a screen."""

from __future__ import annotations

import logging
import os
import warnings

_CHATTY = (
    "accelerate",
    "bitsandbytes",  # int8 layers say for each forward pass that float32 is cast
    "bitsandbytes.autograd._functions",
    "bitsandbytes.backends.cpu.ops",
    "bitsandbytes.cextension",
    "huggingface_hub",
    "peft",
    "torch.distributed.elastic.multiprocessing.redirects",
)


def quiet_libraries() -> None:
    """Silence progress bars, advice and deprecation notes of transformers, peft and bitsandbytes.

    Errors still come through: the libraries raise them. Imports transformers.
    """
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("TRANSFORMERS_NO_ADVISORY_WARNINGS", "1")
    for category in (FutureWarning, DeprecationWarning, UserWarning):
        warnings.filterwarnings("ignore", category=category, module=_LIBRARIES)
    for name in _CHATTY:
        logging.getLogger(name).setLevel(logging.ERROR)
    from transformers.utils import logging as transformers_logging

    transformers_logging.set_verbosity_error()
    transformers_logging.disable_progress_bar()


_LIBRARIES = r"(transformers|peft|bitsandbytes|accelerate|torch|huggingface_hub)(\.|$)"
