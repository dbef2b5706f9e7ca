"""How far a model's predictions on held-out answers lie from the baseline's."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import torch

from workbench.errors import WorkbenchError
from workbench.models.generation import keeps_logits
from workbench.quantize.baseline import BaselineFile

# The most positions whose probabilities over the whole vocabulary are held at once.
POSITIONS = 256
# The least log-probability kept: float16 ends at -65504, and -inf times 0 is not a number.
FLOOR = -60000.0


@dataclass(slots=True)
class Quality:
    """Sums over answer tokens; `kl` and `agreed` stay 0 where there is no baseline."""

    tokens: int = 0
    rows: int = 0
    negative_log_likelihood: float = 0.0
    kl: float = 0.0
    agreed: int = 0

    @property
    def perplexity(self) -> float:
        """exp of the mean negative log-likelihood of an answer token (natural logarithm)."""
        mean = self.negative_log_likelihood / self.tokens
        return math.exp(mean) if mean < 700 else math.inf


def score_row(
    model: Any,
    input_ids: Sequence[int],
    labels: Sequence[int],
    into: Quality,
    *,
    keep: BaselineFile | None = None,
    against: BaselineFile | None = None,
) -> None:
    """Add one row's answer tokens to `into`; a label of -100 is no answer token.

    With `keep` the predictions are appended to it, as those of the baseline; with `against` they are
    compared with what it holds next. Both may be the same file: then the baseline meets itself.

    KL is Kullback and Leibler's divergence of the model's next-token distribution Q from the baseline's
    P, sum P·(log P - log Q) in nats over the whole vocabulary. Both are rounded to float16 log-
    probabilities and normalised again first, so that equal predictions give 0 exactly; others gain some
    1e-6 nats by it.

    Raises:
        WorkbenchError: the predictions are no numbers, or the baseline's cannot be kept.
    """
    # The logits at a position are about the token behind it.
    positions = [place - 1 for place in range(1, len(labels)) if labels[place] != -100]
    targets = torch.tensor([labels[position + 1] for position in positions])
    for start, logits in _logits(model, input_ids, positions):
        log_probs = logits.float().log_softmax(dim=-1)
        wanted = targets[start : start + len(logits)].to(logits.device)
        loss = -log_probs.gather(1, wanted[:, None]).double().sum().item()
        if math.isnan(loss):
            raise WorkbenchError(
                "the model's output is not a number",
                remedy="Its weights are damaged, its training diverged, or its precision is too low for it.",
            )
        into.negative_log_likelihood += loss
        into.tokens += len(logits)
        rounded = log_probs.clamp(min=FLOOR).half()
        top = logits.argmax(dim=-1)
        del log_probs
        if keep is not None:
            keep.append(rounded, top)
        if against is not None:
            base, base_top = against.next(len(logits), logits.device)
            p, q = base.float().log_softmax(dim=-1), rounded.float().log_softmax(dim=-1)
            into.kl += (p.exp() * (p - q)).sum(dim=-1).double().sum().item()
            into.agreed += int((top == base_top).sum())
    into.rows += 1


def _logits(model: Any, input_ids: Sequence[int], positions: list[int]) -> Iterator[tuple[int, torch.Tensor]]:
    """Logits [n, V] at `positions` in pieces of at most `POSITIONS`, each with the index of its first."""
    ids = torch.tensor([list(input_ids)], device=model.device)
    where = torch.tensor(positions, device=model.device)
    with torch.no_grad():
        if keeps_logits(model):
            logits = model(input_ids=ids, use_cache=False, logits_to_keep=where).logits[0]
        else:
            logits = model(input_ids=ids, use_cache=False).logits[0, where]
    for start in range(0, len(positions), POSITIONS):
        yield start, logits[start : start + POSITIONS]
