"""The tokenizer of a model folder."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import WorkbenchError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def load_tokenizer(base: Path, *, template: bool = True) -> PreTrainedTokenizerBase:
    """The tokenizer in a model's folder; nothing is downloaded and no code of the model's is run.

    Args:
        base: the folder.
        template: whether a chat template is needed; plain text does without.

    Raises:
        WorkbenchError: there is no tokenizer, it gives no character offsets (the mask needs them), or it
            has no chat template.
    """
    from transformers import AutoTokenizer

    where = str(base)
    try:
        tokenizer: PreTrainedTokenizerBase = AutoTokenizer.from_pretrained(
            base, local_files_only=True, trust_remote_code=False
        )
    except Exception as error:
        # Files of anyone's making fail in transformers, tokenizers and json in their own ways.
        lines = [line for line in str(error).splitlines() if line.strip()]
        raise WorkbenchError(
            f"the tokenizer cannot be loaded: {lines[0] if lines else type(error).__name__}",
            where=where,
            remedy="Its folder needs the files that a tokenizer's save_pretrained writes.",
        ) from error
    if not tokenizer.is_fast:
        raise WorkbenchError(
            "the tokenizer cannot say which characters a token stands for, and the loss mask needs that",
            where=where,
            remedy="Convert it to tokenizer.json (a fast tokenizer of transformers).",
        )
    if template and not tokenizer.chat_template:
        raise WorkbenchError(
            "the tokenizer has no chat template, so turns cannot be written as the model expects them",
            where=where,
            remedy="Take the model's instruct or chat variant, or put a chat_template.jinja into its folder.",
        )
    return tokenizer


def special_ids(tokenizer: PreTrainedTokenizerBase) -> frozenset[int]:
    """The ids of tokens that stand for no text: begin, end, roles, padding."""
    added = tokenizer.added_tokens_decoder
    return frozenset(id_ for id_, token in added.items() if token.special) | set(tokenizer.all_special_ids)


def special_texts(tokenizer: PreTrainedTokenizerBase) -> re.Pattern[str]:
    """Finds what the tokenizer reads as a special token also where a text holds it, such as <|im_end|>."""
    special = special_ids(tokenizer)
    texts = [token.content for id_, token in tokenizer.added_tokens_decoder.items() if id_ in special]
    # Without any, what matches nothing.
    return re.compile("|".join(re.escape(text) for text in texts if text) or r"(?!)")
