"""How fast a model reads a prompt and writes an answer, one conversation at a time."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import torch

from workbench.models.generation import context_limit, generate, greedy

PROMPT_TOKENS = 256
ANSWER_TOKENS = 16
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Speed:
    """Tokens per second at batch 1: of a prompt read at once, and of an answer written token by token."""

    prefill: float
    decode: float


def measure_speed(model: Any, text: Sequence[int]) -> Speed:
    """The median of three rounds: a prompt of 256 tokens, then 16 tokens more.

    `text` is repeated or cut to the prompt's length; a short context shortens it. A first round is not
    counted: some methods pack their weights in it.
    """
    length = min(PROMPT_TOKENS, (context_limit(model) or PROMPT_TOKENS * 2) - ANSWER_TOKENS - 1)
    prompt = (list(text) * (length // len(text) + 1))[:length]
    _round(model, prompt[: length // 4], 2)
    rounds = [_round(model, prompt, ANSWER_TOKENS) for _ in range(ROUNDS)]
    return Speed(
        prefill=len(prompt) / statistics.median(read for read, _ in rounds),
        decode=ANSWER_TOKENS / statistics.median(written for _, written in rounds),
    )


def _round(model: Any, prompt: list[int], answer_tokens: int) -> tuple[float, float]:
    """Seconds until the first token, and from there for `answer_tokens` more."""
    tokens = generate(model, prompt, greedy, chunk=len(prompt))
    _finish(model)
    started = time.perf_counter()
    next(tokens)
    _finish(model)
    first = time.perf_counter()
    for _ in islice(tokens, answer_tokens):
        pass
    _finish(model)
    return first - started, time.perf_counter() - first


def _finish(model: Any) -> None:
    if model.device.type == "cuda":
        torch.cuda.synchronize(model.device)
