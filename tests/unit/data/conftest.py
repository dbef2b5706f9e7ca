"""Small tokenizers, so that labels can be checked token by token."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from tokenizers import AddedToken, Tokenizer, decoders, models, normalizers, pre_tokenizers
from transformers import PreTrainedTokenizerBase, PreTrainedTokenizerFast

from workbench.data.tokens.tokenizer import load_tokenizer

SPECIALS = (
    *("<s>", "</s>", "<|im_start|>", "<|im_end|>", "<|user|>", "<|assistant|>", "<|system|>", "<|end|>"),
    *("<|header|>", "<|eot|>", "<think>", "</think>", "<tool_call>", "</tool_call>"),
)

CHATML = (
    "{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)

WithTemplate = Callable[[str], PreTrainedTokenizerBase]


@pytest.fixture(scope="session")
def smollm2_tokenizer(smollm2: Path) -> PreTrainedTokenizerBase:
    return load_tokenizer(smollm2)


@pytest.fixture
def byte_tokenizer() -> WithTemplate:
    """One token a byte, so that every Chinese character takes three; the given chat template."""

    def make(template: str = CHATML) -> PreTrainedTokenizerBase:
        alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
        tokenizer = Tokenizer(models.BPE({sign: index for index, sign in enumerate(alphabet)}, []))
        tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        tokenizer.decoder = decoders.ByteLevel()
        return _finished(tokenizer, template)

    return make


@pytest.fixture
def word_tokenizer() -> WithTemplate:
    """Words with the space before them, as Llama 2 and Mistral have them; unknown bytes fall back."""

    def make(template: str) -> PreTrainedTokenizerBase:
        signs = ["<unk>", *(f"<0x{byte:02X}>" for byte in range(256)), "▁", *"abcdefghijklmnopqrstuvwxyz.?!"]
        words = ["yes", "no", "why", "hello"]
        merges = []
        for word in words:
            for index in range(1, len(word)):
                merges.append((word[:index], word[index]))
                signs.append(word[: index + 1])
            merges.append(("▁", word))
            signs.append("▁" + word)
        vocabulary = {sign: index for index, sign in enumerate(dict.fromkeys(signs))}
        tokenizer = Tokenizer(models.BPE(vocabulary, merges, unk_token="<unk>", byte_fallback=True))
        tokenizer.normalizer = normalizers.Replace(" ", "▁")
        tokenizer.decoder = decoders.Sequence(
            [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
        )
        return _finished(tokenizer, template)

    return make


def _finished(tokenizer: Tokenizer, template: str) -> PreTrainedTokenizerBase:
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIALS])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        eos_token="</s>",
        pad_token="</s>",
        chat_template=template,
        clean_up_tokenization_spaces=False,
    )


def write_json_lines(path: Path, rows: list[object]) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return path
