"""Characters that a tokenizer leaves out of a text, or writes as its token for the unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.data.tokens.characters import UNFINISHED

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase


def lost_characters(text: str, tokenizer: PreTrainedTokenizerBase) -> str:
    """The characters of `text` that the model will not read, each once, in order.

    A vocabulary may lack bytes (SmolLM2's lacks 21), a normalizer may remove accents.
    """
    lost = LostCharacters(tokenizer).among(text)
    return "".join(dict.fromkeys(sign for sign in text if sign in lost))


class LostCharacters:
    """Remembers which characters a tokenizer loses, so that many texts can be asked about quickly."""

    def __init__(self, tokenizer: PreTrainedTokenizerBase) -> None:
        self._tokenizer = tokenizer
        model = tokenizer.backend_tokenizer.model
        # What stands for the unknown in the vocabulary itself. The configuration often names another token.
        unknown = getattr(model, "unk_token", None)
        self._unknown = tokenizer.backend_tokenizer.token_to_id(unknown) if isinstance(unknown, str) else None
        self._kept: set[str] = set()
        self._lost: set[str] = set()

    def among(self, text: str) -> set[str]:
        """The characters of `text` that are lost."""
        signs = set(text)
        for sign in signs - self._kept - self._lost:
            (self._lost if self._loses(sign) else self._kept).add(sign)
        return signs & self._lost

    def count(self, text: str) -> int:
        """How many characters of `text` are lost."""
        return sum(text.count(sign) for sign in self.among(text))

    def _loses(self, sign: str) -> bool:
        ids = self._ids(sign)
        if not ids and sign.isspace():
            # Blank space at the edge of a text may go, and some tokenizers keep none as a token.
            between, a = self._ids(f"a{sign}a"), self._ids("a")
            return between != self._ids("a a") and between in (a + a, self._ids("aa"))
        if not ids or self._unknown in ids:
            return True
        text = str(self._tokenizer.decode(ids, clean_up_tokenization_spaces=False))
        return UNFINISHED in text and sign != UNFINISHED

    def _ids(self, text: str) -> list[int]:
        return list(self._tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"])
