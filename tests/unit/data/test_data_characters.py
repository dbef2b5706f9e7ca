"""Text from token ids, in whole characters, with SmolLM2's tokenizer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.data.tokens.characters import UNFINISHED, CharacterStream
from workbench.data.tokens.tokenizer import load_tokenizer


@pytest.fixture(scope="module")
def tokenizer(tiny_model: Path) -> Any:
    return load_tokenizer(tiny_model)


def pieces(tokenizer: Any, ids: list[int]) -> list[str]:
    stream = CharacterStream(tokenizer)
    return [*(stream.push(id_) for id_ in ids), stream.flush()]


def test_a_character_over_several_tokens_comes_at_once(tokenizer: Any) -> None:
    text = "𠮷 und 🧑🏽‍🚀 麤"
    ids = tokenizer(text)["input_ids"]
    assert len(ids) > len(text)  # these characters do take several tokens each
    found = pieces(tokenizer, ids)
    assert "".join(found) == text
    assert not any(UNFINISHED in piece for piece in found)
    assert "" in found


def test_an_unfinished_character_at_the_end_is_left_out(tokenizer: Any) -> None:
    ids = tokenizer("天气🌏")["input_ids"]
    for end in range(len(ids)):
        assert "天气🌏".startswith("".join(pieces(tokenizer, ids[:end])))


def test_special_tokens_are_left_out(tokenizer: Any) -> None:
    ids = tokenizer("<|im_start|>hi<|im_end|> there")["input_ids"]
    assert "".join(pieces(tokenizer, ids)) == "hi there"


@settings(max_examples=200, deadline=None)
@given(text=st.text(max_size=40))
def test_a_text_s_characters_are_never_broken(tokenizer: Any, text: str) -> None:
    ids = tokenizer(text.encode("utf-8", "ignore").decode())["input_ids"]
    # The tokenizer has no tokens for some bytes of rare planes, and loses such a character itself.
    whole = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    found = pieces(tokenizer, ids)
    assert "".join(found) == whole.rstrip(UNFINISHED)
    assert UNFINISHED in whole or not any(UNFINISHED in piece for piece in found)


@settings(max_examples=200, deadline=None)
@given(ids=st.lists(st.integers(0, 49151), max_size=40))
def test_any_tokens_join_to_what_the_tokenizer_makes_of_them(tokenizer: Any, ids: list[int]) -> None:
    whole = tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
    assert "".join(pieces(tokenizer, ids)) == whole.rstrip(UNFINISHED)


def test_a_decoder_that_treats_the_first_token_otherwise_is_followed() -> None:
    class Spaced:
        """Words are written with a space before them, but for the first: as sentencepiece does."""

        def decode(self, ids: list[int], **_: Any) -> str:
            return " ".join(f"w{id_}" for id_ in ids)

    assert "".join(pieces(Spaced(), [1, 2, 3])) == "w1 w2 w3"
