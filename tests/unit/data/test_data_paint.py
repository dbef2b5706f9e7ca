"""The pieces that a screen paints."""

from __future__ import annotations

from workbench.data.conversation import Conversation, Message
from workbench.data.tokens.encode import Encoded, encode
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
