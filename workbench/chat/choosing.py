"""From logits to the next token, by temperature, top-k, top-p and repetition penalty."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from transformers.generation import (
    LogitsProcessorList,
    RepetitionPenaltyLogitsProcessor,
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

from workbench.chat.backend import Sampling


def chooser(sampling: Sampling, prompt: Sequence[int]) -> Callable[[torch.Tensor], int]:
    """A function from logits [V] to the next token id, with a random state of its own.

    The steps are transformers' own, in its order. The repetition penalty counts the prompt as said
    (Keskar et al. 2019, arXiv:1909.05858). One chooser serves one answer.
    """
    steps = LogitsProcessorList()
    if sampling.repetition_penalty != 1.0:
        steps.append(RepetitionPenaltyLogitsProcessor(sampling.repetition_penalty))
    if sampling.temperature > 0:
        if sampling.temperature != 1.0:
            steps.append(TemperatureLogitsWarper(float(sampling.temperature)))
        if sampling.top_k:
            steps.append(TopKLogitsWarper(sampling.top_k))
        if sampling.top_p < 1:
            steps.append(TopPLogitsWarper(float(sampling.top_p)))
    # On the CPU, so that one seed means the same draws on every device.
    dice = torch.Generator()
    if sampling.seed is None:
        dice.seed()
    else:
        dice.manual_seed(sampling.seed)
    said = list(prompt)

    def choose(logits: torch.Tensor) -> int:
        scores = steps(torch.LongTensor([said]), logits[None])[0]
        if sampling.temperature == 0:
            token = int(scores.argmax())
        else:
            token = int(torch.multinomial(scores.softmax(dim=-1), 1, generator=dice))
        said.append(token)
        return token

    return choose
