"""A tokenizer handed to another process, which then needs no torch: transformers' own loading imports it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from xxhash import xxh3_64

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

_TOKENIZER = "tokenizer.json"
_BESIDE = "beside.json"
# What encoding calls; a class with its own way of doing one of these is not handed over.
_METHODS = ("__call__", "_encode_plus", "apply_chat_template", "get_chat_template", "decode", "_decode")


def hand_over(tokenizer: PreTrainedTokenizerBase, folder: Path) -> bool:
    """Write the tokenizer into `folder` for `take_over`; False if it has ways of its own."""
    from transformers import PreTrainedTokenizerFast

    if any(getattr(type(tokenizer), name) is not getattr(PreTrainedTokenizerFast, name) for name in _METHODS):
        return False
    written = tokenizer.backend_tokenizer.to_str()
    (folder / _TOKENIZER).write_text(written, encoding="utf-8")
    beside = {
        "special_tokens": {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
        "chat_template": tokenizer.chat_template,
        "split_special_tokens": tokenizer.split_special_tokens,
        "traits": _traits(tokenizer, written),
    }
    (folder / _BESIDE).write_text(json.dumps(beside), encoding="utf-8")
    return True


def take_over(folder: Path) -> PreTrainedTokenizerBase | None:
    """The tokenizer that `hand_over` wrote, as far as encoding needs it; None if it came out different."""
    from tokenizers import Tokenizer
    from transformers import PreTrainedTokenizerFast

    beside = json.loads((folder / _BESIDE).read_text(encoding="utf-8"))
    tokenizer: PreTrainedTokenizerBase = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer.from_file(str(folder / _TOKENIZER)),
        clean_up_tokenization_spaces=False,
        chat_template=beside["chat_template"],
        split_special_tokens=beside["split_special_tokens"],
        **beside["special_tokens"],
    )
    same = _traits(tokenizer, tokenizer.backend_tokenizer.to_str()) == beside["traits"]
    return tokenizer if same else None


def _traits(tokenizer: PreTrainedTokenizerBase, written: str) -> str:
    """A checksum of all that decides about token ids, texts and marks."""
    from workbench.data.tokens.tokenizer import special_ids

    beside = [
        {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
        tokenizer.chat_template,
        tokenizer.split_special_tokens,
        tokenizer.eos_token_id,
        sorted(special_ids(tokenizer)),
    ]
    return xxh3_64(written.encode() + json.dumps(beside).encode()).hexdigest()
