"""The figures against their definitions, worked out in float64 from the whole model output."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import WorkbenchError
from workbench.models.find import ModelRef
from workbench.models.load import load_model
from workbench.quantize.baseline import BaselineFile, baseline_file
from workbench.quantize.measure_quality import Quality, score_row


class Table(torch.nn.Module):
    """A model whose logits [T, V] are what it was made with."""

    def __init__(self, logits: torch.Tensor) -> None:
        super().__init__()
        self.logits = logits
        self.device = torch.device("cpu")

    def forward(self, input_ids: torch.Tensor, use_cache: bool) -> Any:
        return type("Output", (), {"logits": self.logits[None, : input_ids.shape[1]]})


def rows(vocabulary: int, length: int = 300) -> tuple[list[int], list[int]]:
    torch.manual_seed(1)
    ids = torch.randint(vocabulary, (length,)).tolist()
    return ids, [-100] * 7 + ids[7:20] + [-100] * 3 + ids[23:]


def definition(p: torch.Tensor, q: torch.Tensor, labels: list[int]) -> tuple[float, float, float]:
    """Perplexity of Q, KL(P, Q) and agreement, by the book."""
    at = [i - 1 for i in range(1, len(labels)) if labels[i] != -100]
    log_p, log_q = p.double().log_softmax(-1)[at], q.double().log_softmax(-1)[at]
    nll = -log_q[range(len(at)), [labels[i + 1] for i in at]]
    kl = (log_p.exp() * (log_p - log_q)).sum(-1)
    return (
        nll.mean().exp().item(),
        kl.mean().item(),
        (p[at].argmax(-1) == q[at].argmax(-1)).double().mean().item(),
    )


@pytest.fixture
def baseline(tmp_path: Path) -> Any:
    with baseline_file(tmp_path) as file:
        yield file


def measured(
    file: BaselineFile, p: torch.Tensor, q: torch.Tensor, ids: list[int], labels: list[int]
) -> Quality:
    score_row(Table(p), ids, labels, Quality(), keep=file)
    found = Quality()
    score_row(Table(q), ids, labels, found, against=file)
    return found


@pytest.mark.parametrize("noise", [0.003, 0.03, 0.3, 3.0])
def test_figures_are_what_their_definitions_say(baseline: BaselineFile, noise: float) -> None:
    vocabulary = 5000
    ids, labels = rows(vocabulary)
    p = torch.randn(len(ids), vocabulary) * 3
    q = p + noise * torch.randn_like(p)
    perplexity, kl, top1 = definition(p, q, labels)
    found = measured(baseline, p, q, ids, labels)
    assert found.tokens == sum(label != -100 for label in labels)
    assert found.perplexity == pytest.approx(perplexity, rel=1e-5)
    assert found.kl / found.tokens == pytest.approx(kl, rel=0.01, abs=2e-6)
    assert found.agreed / found.tokens == top1


@settings(max_examples=25, deadline=None)
@given(scale=st.floats(0.01, 60), masked=st.integers(0, 20), seed=st.integers(0, 999))
def test_the_baseline_against_itself_is_exactly_zero_and_one(
    tmp_path_factory: pytest.TempPathFactory, scale: float, masked: int, seed: int
) -> None:
    torch.manual_seed(seed)
    ids, labels = rows(100, 40)
    p = torch.randn(len(ids), 100) * scale
    p[:, 100 - masked :] = -math.inf  # a vocabulary padded to a round size
    found = Quality()
    with baseline_file(tmp_path_factory.mktemp("b")) as file:
        score_row(Table(p), ids, labels, found, keep=file, against=file)
    assert found.kl == 0.0
    assert found.agreed == found.tokens


def test_kl_is_never_negative_and_never_nan(baseline: BaselineFile) -> None:
    ids, labels = rows(100)
    p = torch.randn(len(ids), 100) * 40
    found = measured(baseline, p, p.roll(1, -1), ids, labels)
    assert found.kl > 0 and math.isfinite(found.kl)


def test_several_rows_add_up(baseline: BaselineFile) -> None:
    ids, labels = rows(50)
    torch.manual_seed(3)
    first, second = torch.randn(len(ids), 50), torch.randn(len(ids), 50)
    for p in (first, second):
        score_row(Table(p), ids, labels, Quality(), keep=baseline)
    both, again = Quality(), Quality()
    for p in (first, second):
        score_row(Table(p), ids, labels, both, against=baseline)
    baseline.rewind()
    for p in (second, first):
        score_row(Table(p), ids, labels, again, against=baseline)
    assert both.rows == 2 and both.kl == 0 and again.kl > 0
    assert both.negative_log_likelihood == pytest.approx(again.negative_log_likelihood)


def test_a_model_that_answers_nan_is_refused_in_words() -> None:
    ids, labels = rows(10)
    with pytest.raises(WorkbenchError, match="not a number"):
        score_row(Table(torch.full((len(ids), 10), math.nan)), ids, labels, Quality())


def test_perplexity_is_transformers_own_loss(tiny_model: Path) -> None:
    model = load_model(ModelRef("tiny", tiny_model), dtype=torch.float32)
    ids, labels = rows(49152, 60)
    found = Quality()
    score_row(model, ids, labels, found)
    with torch.no_grad():
        loss = model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss.item()
    assert found.perplexity == pytest.approx(math.exp(loss), rel=1e-4)


def test_the_file_leaves_nothing_behind_however_it_ends(tmp_path: Path) -> None:
    with baseline_file(tmp_path) as file:
        score_row(Table(torch.zeros(9, 4)), [0] * 9, [-100, *[1] * 8], Quality(), keep=file)
        assert file.nbytes == 8 * (4 + 2 * 4)
        assert list(tmp_path.iterdir()) == []  # no name: a kill frees it too


def test_too_small_a_disk_is_said_before_anything_is_measured(tmp_path: Path) -> None:
    with (
        pytest.raises(WorkbenchError, match="need 186,268 GiB on disk"),
        baseline_file(tmp_path, tokens=10**9, vocabulary=10**5),
    ):
        pass


def test_a_full_disk_is_said(tmp_path: Path) -> None:
    full = Path("/dev/full")
    if not full.exists():
        pytest.skip("no /dev/full")
    with full.open("r+b", buffering=0) as file, pytest.raises(WorkbenchError, match="no space left"):
        BaselineFile(file, tmp_path).append(torch.zeros(1, 4).half(), torch.zeros(1, dtype=torch.long))  # type: ignore[arg-type]
