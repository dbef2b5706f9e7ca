"""The demo's model from the Hugging Face Hub, where that can be reached within a few seconds."""

from __future__ import annotations

import os
import threading
import urllib.request
from collections.abc import Callable
from pathlib import Path

REPOSITORY = "HuggingFaceTB/SmolLM2-135M-Instruct"
WANTED = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "chat_template.jinja",
)
ANSWER_WITHIN_S = 4.0


def find_snapshot(tell: Callable[[str], None]) -> Path | None:
    """A folder of the Hub's cache with the model, downloaded if need be; None if it cannot be had.

    Never raises for the network: the package index is the other source.
    """
    cached = _snapshot(local_files_only=True)
    if cached is not None:
        return cached
    if not _reachable():
        tell("the Hugging Face Hub cannot be reached")
        return None
    tell(f"downloading {REPOSITORY} from the Hugging Face Hub (about 260 MiB)")
    snapshot = _snapshot(local_files_only=False)
    if snapshot is None:
        tell("the download from the Hugging Face Hub failed")
    return snapshot


def _snapshot(*, local_files_only: bool) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.utils import disable_progress_bars

    disable_progress_bars()
    try:
        folder = Path(
            snapshot_download(
                REPOSITORY,
                allow_patterns=list(WANTED),
                local_files_only=local_files_only,
                etag_timeout=ANSWER_WITHIN_S,
            )
        )
    # The client raises its own, httpx's and OSError's kinds for a cut line, a gate or a full disk;
    # each of them has the same answer here, the other source.
    except Exception:
        return None
    return folder if all((folder / name).is_file() for name in WANTED[:5]) else None


def _reachable() -> bool:
    """Whether the Hub serves the model's config. Bounded, also where looking up the name hangs."""
    if os.environ.get("HF_HUB_OFFLINE", "").upper() in ("1", "TRUE", "YES", "ON"):
        return False
    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co").rstrip("/")
    request = urllib.request.Request(f"{endpoint}/{REPOSITORY}/resolve/main/config.json", method="HEAD")
    answered = threading.Event()

    def ask() -> None:
        try:
            with urllib.request.urlopen(request, timeout=ANSWER_WITHIN_S):
                answered.set()
        except (OSError, ValueError):
            pass

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(ANSWER_WITHIN_S + 1)
    return answered.is_set()
