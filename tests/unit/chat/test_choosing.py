"""How the next token is chosen, against the definitions of temperature, top-k and top-p."""

from __future__ import annotations

from collections import Counter

import pytest
import torch

from workbench.chat.backend import Sampling
from workbench.chat.choosing import chooser
from workbench.errors import WrongUse

LOGITS = torch.tensor([0.5, 3.0, 1.0, 2.0, -1.0])
ALL = Sampling(temperature=1, top_k=0, top_p=1, seed=1)


def draws(sampling: Sampling, n: int = 4000) -> Counter[int]:
    choose = chooser(sampling, [0])
    return Counter(choose(LOGITS.clone()) for _ in range(n))


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_draws_follow_the_tempered_probabilities(temperature: float) -> None:
    found = draws(Sampling(temperature=temperature, top_k=0, top_p=1, seed=5))
    for token, share in enumerate((LOGITS / temperature).softmax(-1).tolist()):
        assert found[token] / 4000 == pytest.approx(share, abs=0.03)


def test_top_k_leaves_the_k_likeliest() -> None:
    assert draws(Sampling(temperature=1, top_k=2, top_p=1, seed=1)).keys() == {1, 3}


def test_top_p_leaves_the_fewest_that_reach_p() -> None:
    # Shares: token 1 0.61, token 3 0.22, token 2 0.08, token 0 0.05, token 4 0.01.
    assert draws(Sampling(temperature=1, top_k=0, top_p=0.6, seed=1)).keys() == {1}
    assert draws(Sampling(temperature=1, top_k=0, top_p=0.7, seed=1)).keys() == {1, 3}


def test_top_p_counts_among_the_top_k() -> None:
    # Of the two likeliest, token 1 alone has 0.73.
    assert draws(Sampling(temperature=1, top_k=2, top_p=0.7, seed=1)).keys() == {1}


def test_top_k_beyond_the_vocabulary_leaves_all() -> None:
    assert draws(Sampling(temperature=2, top_k=99, top_p=1, seed=1)).keys() == set(range(5))


def test_temperature_zero_is_greedy_whatever_else_is_set() -> None:
    assert draws(Sampling(temperature=0, top_k=1, top_p=0.1), 50).keys() == {1}


def test_a_seed_repeats_the_draws_and_none_draws_anew() -> None:
    def sequence(sampling: Sampling) -> list[int]:
        choose = chooser(sampling, [0])
        return [choose(LOGITS.clone()) for _ in range(60)]

    state = torch.get_rng_state()
    assert sequence(ALL) == sequence(ALL)
    assert sequence(ALL) != sequence(Sampling(temperature=1, top_k=0, top_p=1, seed=2))
    unseeded = Sampling(temperature=1, top_k=0, top_p=1)
    assert sequence(unseeded) != sequence(unseeded)
    assert torch.equal(torch.get_rng_state(), state)  # nobody else's draws are disturbed


def test_the_repetition_penalty_counts_prompt_and_answer() -> None:
    choose = chooser(Sampling(temperature=0, repetition_penalty=2.0), [1])
    assert choose(LOGITS.clone()) == 3  # 3.0 halved, for token 1 stood in the prompt
    assert choose(LOGITS.clone()) == 1  # 1.5 before 1.0: both were said


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1},
        {"temperature": 0.001},
        {"top_p": 0},
        {"top_p": 1.2},
        {"top_k": -1},
        {"max_new_tokens": 0},
        {"repetition_penalty": 0},
        {"seed": -3},
        {"temperature": float("nan")},
    ],
)
def test_values_out_of_range_are_named(wrong: dict[str, float]) -> None:
    with pytest.raises(WrongUse, match=next(iter(wrong))):
        Sampling(**wrong)  # type: ignore[arg-type]
