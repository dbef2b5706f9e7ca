"""Token ids to text as they come, in whole characters."""

from __future__ import annotations

from typing import Any

# Where a character's bytes are spread over tokens, the decoder writes this for the part it has so far.
UNFINISHED = "\N{REPLACEMENT CHARACTER}"


class CharacterStream:
    """Decodes token ids one by one and gives text once its characters are complete.

    The pieces and the flushed rest, joined, are what the tokenizer makes of all the ids together, less
    an unfinished character at the end. Special tokens are left out.
    """

    def __init__(self, tokenizer: Any) -> None:
        self._tokenizer = tokenizer
        # Some decoders write a token differently at the start of a text, so the tokens of the last
        # piece are decoded again in front of the new ones.
        self._shown: list[int] = []
        self._waiting: list[int] = []

    def push(self, token: int) -> str:
        """The text that `token` completes; empty while a character is under way."""
        self._waiting.append(token)
        text = self._fresh()
        if not text or text.endswith(UNFINISHED):
            return ""
        self._shown, self._waiting = self._waiting, []
        return text

    def flush(self) -> str:
        """What is left at the end, less a character of which only some bytes came."""
        text = self._fresh().rstrip(UNFINISHED)
        self._shown, self._waiting = [], []
        return text

    def _fresh(self) -> str:
        before = self._decode(self._shown)
        return self._decode(self._shown + self._waiting)[len(before) :]

    def _decode(self, ids: list[int]) -> str:
        text: str = self._tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)
        return text
