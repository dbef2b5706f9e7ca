"""The pieces that a screen paints."""

from __future__ import annotations

import pytest
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from workbench.data.conversation import Conversation, Message
from workbench.data.tokens.encode import encode
from workbench.data.tokens.encoded import Encoded
from workbench.data.tokens.lost_characters import lost_characters
from workbench.data.tokens.paint import paint


def encoded(tokenizer, question: str, answer: str, cutoff: int = 10_000) -> Encoded:
    messages = (Message("user", question), Message("assistant", answer))
    return encode(Conversation(messages, 1), tokenizer, cutoff_len=cutoff)


def test_a_character_of_many_tokens_is_one_piece(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    pieces = paint(encoded(tokenizer, "问", "电极😀a"), tokenizer)
    answer = [(piece.text, len(piece.ids)) for piece in pieces if piece.trained]
    assert answer == [("电", 3), ("极", 3), ("😀", 4), ("a", 1), ("<|im_end|>", 1)]
    assert [piece.text for piece in pieces if piece.special] == ["<|im_start|>", "<|im_end|>"] * 2
    assert {piece.role for piece in pieces if piece.trained} == {"assistant"}


def test_a_replacement_character_of_the_texts_own(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    pieces = paint(encoded(tokenizer, "q", "\ufffd" * 9 + "b"), tokenizer)
    assert "".join(piece.text for piece in pieces if piece.trained) == "\ufffd" * 9 + "b<|im_end|>"


def test_spaces_before_words_are_kept(word_tokenizer) -> None:
    template = "{% for m in messages %}{{ '[' + m.role + '] ' + m.content + '</s>' }}{% endfor %}"
    tokenizer = word_tokenizer(template)
    pieces = paint(encoded(tokenizer, "why", "yes no 电"), tokenizer)
    assert [piece.text for piece in pieces if piece.trained] == [" yes", " no", " ", "电", "</s>"]


def test_a_cut_inside_a_character(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    whole = encoded(tokenizer, "q", "电极")
    cut_at = whole.turn_ends[0] - 1
    row = encoded(tokenizer, "q", "电极", cutoff=cut_at)
    pieces = paint(row, tokenizer)
    kept = [piece for piece in pieces if piece.trained and not piece.cut]
    lost = [piece for piece in pieces if piece.cut]
    assert [piece.text for piece in kept] == ["电", "\ufffd"]
    assert [len(piece.ids) for piece in kept] == [3, 2]
    assert "".join(piece.text for piece in lost) == "\ufffd<|im_end|>\n"


def test_a_cut_behind_the_first_byte_of_a_character(byte_tokenizer) -> None:
    tokenizer = byte_tokenizer()
    cut_at = encoded(tokenizer, "q", "a电").turn_ends[0] - 2
    pieces = paint(encoded(tokenizer, "q", "a电", cutoff=cut_at), tokenizer)
    assert [piece.text for piece in pieces if piece.trained and not piece.cut] == ["a", "\ufffd"]
    lost = "".join(piece.text for piece in pieces if piece.cut)
    assert lost.startswith("\ufffd") and lost.lstrip("\ufffd") == "<|im_end|>\n"


def test_every_token_is_painted_also_of_plain_text(smollm2_tokenizer) -> None:
    row = encode(Conversation((), 1, text="Plain 文本"), smollm2_tokenizer, cutoff_len=3)
    pieces = paint(row, smollm2_tokenizer)
    assert [id_ for piece in pieces for id_ in piece.ids] == row.input_ids + row.cut_ids
    assert {piece.role for piece in pieces} == {"text"} and all(piece.trained for piece in pieces)


@pytest.mark.parametrize(
    "text",
    [
        "👩‍👩‍👧‍👦 and 🇨🇳 or 👍🏽",
        "𠮷野家 㐂 𪚥 龘",
        "e\u0301 a\u0308 \u0915\u094d\u0937",
        "电极导线重置手术",
        "\ufffd\u200b\u2028x",
    ],
)
def test_characters_that_span_tokens_are_whole(text: str, smollm2_tokenizer) -> None:
    row = encoded(smollm2_tokenizer, "q", text)
    pieces = [piece for piece in paint(row, smollm2_tokenizer) if piece.trained and not piece.special]
    assert "".join(piece.text for piece in pieces) == text
    assert all("\ufffd" not in piece.text or "\ufffd" in text for piece in pieces)


def test_characters_that_the_vocabulary_lacks_are_told(smollm2_tokenizer, word_tokenizer) -> None:
    assert lost_characters("a\x04b\x1d\x04 电👩‍👩‍👧\u0301\t\ufffd", smollm2_tokenizer) == "\x04\x1d"
    assert lost_characters("why 电", word_tokenizer("{{ messages }}")) == ""


def test_characters_that_become_the_unknown_are_told() -> None:
    words = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "电": 2}, unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Split("", "isolated")
    words.normalizer = normalizers.Replace("-", "")
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]")
    assert lost_characters("a-b电b", tokenizer) == "-b"
