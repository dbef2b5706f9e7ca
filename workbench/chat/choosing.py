"""From logits to the next token, by temperature, top-k, top-p and repetition penalty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from transformers.generation import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopPLogitsWarper,
)

from workbench.chat.backend import Sampling


def chooser(sampling: Sampling, prompt: Sequence[int]) -> Callable[[torch.Tensor], int]:
    """A function from logits [V] to the next token id, with a random state of its own.

    The steps are transformers' own, in its order; the top-k tokens are picked out before the others are
    taken, so that top-p need not sort the whole vocabulary. The repetition penalty counts the prompt as
    said (Keskar et al. 2019, arXiv:1909.05858). One chooser serves one answer.
    """
    penalty = LogitsProcessorList()
    if sampling.repetition_penalty != 1.0:
        penalty.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
    shaping = LogitsProcessorList()
    if sampling.temperature not in (0, 1):
        shaping.append(TemperatureLogitsWarper(float(sampling.temperature)))
    if sampling.top_p < 1:
        shaping.append(TopPLogitsWarper(float(sampling.top_p)))
    # On the CPU, so that one seed means the same draws on every device.
    dice = torch.Generator()
    if sampling.seed is None:
        dice.seed()
    else:
        dice.manual_seed(sampling.seed)
    said = list(prompt)

    def choose(logits: torch.Tensor) -> int:
        before = torch.LongTensor([said])
        scores = penalty(before, logits[None])
        if sampling.temperature == 0:
            said.append(int(scores.argmax()))
            return said[-1]
        likeliest = None
        if sampling.top_k:
            scores, likeliest = scores.topk(min(sampling.top_k, len(logits)))
        chances = shaping(before, scores).softmax(dim=-1)
        drawn = int(torch.multinomial(chances[0], 1, generator=dice))
        said.append(drawn if likeliest is None else int(likeliest[0, drawn]))
        return said[-1]

    return choose
