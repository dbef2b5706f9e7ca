"""The token loop against transformers' own generate, on a tiny random model."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import torch

from workbench.errors import WorkbenchError
from workbench.models.find import ModelRef
from workbench.models.generation import context_limit, generate, greedy, keeps_logits, stop_ids
from workbench.models.load import load_model

PROMPT = list(range(100, 140))


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Any:
    return load_model(ModelRef("tiny", tiny_model), dtype=torch.float32)


def unsaid() -> Callable[[torch.Tensor], int]:
    """The likeliest token that was not said before: a random model repeats itself otherwise."""
    said = list(PROMPT)

    def pick(logits: torch.Tensor) -> int:
        logits[said] = -torch.inf
        said.append(greedy(logits))
        return said[-1]

    return pick


@pytest.mark.parametrize("chunk", [1, 7, 512])
def test_tokens_are_those_of_transformers_own_generate(model: Any, chunk: int) -> None:
    ids = torch.tensor([PROMPT])
    expected = model.generate(
        ids,
        attention_mask=torch.ones_like(ids),
        do_sample=False,
        no_repeat_ngram_size=1,
        max_new_tokens=24,
        eos_token_id=None,
    )[0, len(PROMPT) :].tolist()
    assert len(set(expected)) == 24
    assert list(islice(generate(model, PROMPT, unsaid(), chunk=chunk), 24)) == expected


def test_a_stop_is_heard_between_the_pieces_of_a_long_prompt(model: Any) -> None:
    stop = threading.Event()
    passes = []

    @contextmanager
    def turn() -> Iterator[None]:
        passes.append(1)
        if len(passes) == 2:
            stop.set()
        yield

    assert list(generate(model, PROMPT, greedy, chunk=10, turn=turn, stopped=stop.is_set)) == []
    assert len(passes) == 2


def test_a_model_whose_output_is_no_number_is_refused_in_words(tiny_model: Path) -> None:
    broken = load_model(ModelRef("tiny", tiny_model), dtype=torch.float32)
    broken.get_input_embeddings().weight.data.fill_(float("nan"))
    with pytest.raises(WorkbenchError, match="not a number"):
        next(generate(broken, PROMPT, greedy))


def test_the_model_says_what_it_can(model: Any) -> None:
    assert context_limit(model) == 2048
    assert keeps_logits(model)


def test_an_answer_ends_with_the_end_of_text_and_the_end_of_a_turn(model: Any, tiny_model: Path) -> None:
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(tiny_model)
    assert stop_ids(model, tokenizer) == {tokenizer.convert_tokens_to_ids("<|im_end|>")}
    # A base model: its end of text is another token than the one its template ends a turn with.
    tokenizer.eos_token = "<|endoftext|>"
    wanted = {tokenizer.convert_tokens_to_ids(token) for token in ("<|im_end|>", "<|endoftext|>")}
    assert stop_ids(model, tokenizer) == wanted
    model.generation_config.eos_token_id = None
    assert stop_ids(model, tokenizer) == wanted
    tokenizer.chat_template = None
    assert stop_ids(model, tokenizer) == {tokenizer.eos_token_id}
