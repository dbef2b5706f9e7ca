"""One token after another from a loaded model: the loop under the chat and under the comparison.

transformers' own `generate` draws from the process-wide random state and gives its text to a thread;
here the caller pulls tokens, so it can stop at each, and two conversations can share one model.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from workbench.data.conversation import Conversation, Message
from workbench.data.tokens.encode import encode_whole
from workbench.data.tokens.encoded import RowDropped
from workbench.errors import WorkbenchError

# A long prompt is read in pieces, so that a stop is heard between them.
PROMPT_CHUNK = 512


def generate(
    model: Any,
    prompt: Sequence[int],
    pick: Callable[[torch.Tensor], int],
    *,
    turn: Callable[[], AbstractContextManager[object]] = nullcontext,
    stopped: Callable[[], bool] = lambda: False,
    chunk: int = PROMPT_CHUNK,
) -> Iterator[int]:
    """Token ids that follow `prompt`, without end; the caller breaks off.

    Args:
        prompt: token ids, at least one.
        pick: chooses a token id from logits [V] (float32, on the CPU).
        turn: entered around each pass through the model; a lock, or a switch of adapters.
        stopped: asked before each pass; the stream ends when it says so.
        chunk: the most tokens that go through the model at once.

    Raises:
        WorkbenchError: the logits are no numbers, or memory ran out.
    """
    keep = keeps_logits(model)
    device = model.device
    pending = list(prompt)
    cache = None
    while True:
        for start in range(0, len(pending), chunk):
            if stopped():
                return
            ids = torch.tensor([pending[start : start + chunk]], device=device)
            with turn(), torch.no_grad():
                try:
                    output = model(
                        input_ids=ids,
                        past_key_values=cache,
                        use_cache=True,
                        **({"logits_to_keep": 1} if keep else {}),
                    )
                except torch.OutOfMemoryError as error:
                    raise out_of_memory() from error
                cache = output.past_key_values
                logits = output.logits[0, -1].float().cpu()
        if not torch.isfinite(logits.max()):
            raise WorkbenchError(
                "the model's output is not a number",
                remedy="Its weights are damaged, its training diverged, or its precision is too low for it.",
            )
        token = pick(logits)
        yield token
        pending = [token]


def greedy(logits: torch.Tensor) -> int:
    """The likeliest token of logits [V]."""
    return int(logits.argmax())


def keeps_logits(model: Any) -> bool:
    """Whether the model can be asked for the logits of some positions only (`logits_to_keep`)."""
    inner = model.get_base_model() if hasattr(model, "get_base_model") else model
    return "logits_to_keep" in inspect.signature(inner.forward).parameters


def stop_ids(model: Any, tokenizer: Any) -> frozenset[int]:
    """Token ids that end an answer: end of text, and what the chat template puts behind an answer.

    A model may name a different end of text in its generation config than its tokenizer does, and a
    base model trained on a template ends its turns with a token that neither of them names.
    """
    named = getattr(model.generation_config, "eos_token_id", None)
    ids = set(named if isinstance(named, list) else [named]) | {tokenizer.eos_token_id}
    ids.add(_end_of_turn(tokenizer))
    return frozenset(id_ for id_ in ids if id_ is not None)


def context_limit(model: Any) -> int | None:
    """The most tokens, prompt and answer together, that the model's positions allow; None if unlimited."""
    limit = getattr(model.config.get_text_config(), "max_position_embeddings", None)
    return int(limit) if limit else None


def out_of_memory() -> WorkbenchError:
    """The sentence for an exhausted device."""
    return WorkbenchError(
        "the device ran out of memory",
        remedy="Close other models and runs, shorten the text, or take a smaller or quantized model.",
    )


def _end_of_turn(tokenizer: Any) -> int | None:
    """The token that a trained answer ends with under the chat template, if it writes one."""
    turns = (Message("user", "Say something."), Message("assistant", "Something."))
    try:
        encoded = encode_whole(Conversation(turns, row=1), tokenizer)
    except RowDropped:
        return None
    end = encoded.turn_ends[-1] if encoded.turn_ends else -1
    return encoded.input_ids[end] if end >= 0 else None
