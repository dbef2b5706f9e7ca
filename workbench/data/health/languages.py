"""In which script a text is written. Latin is not told apart into languages."""

from __future__ import annotations

import re

# A row's language is an index into this; new names go to the end, since caches hold the indices.
LANGUAGES = (
    "none",
    "mixed",
    "Latin",
    "Chinese",
    "Japanese",
    "Korean",
    "Cyrillic",
    "Greek",
    "Arabic",
    "Hebrew",
    "Devanagari",
    "Thai",
    "other",
)
NONE, MIXED, LATIN, CHINESE, JAPANESE, KOREAN = range(6)
OTHER = LANGUAGES.index("other")

# The share of the letters' bytes that the leading script must have, else the text is mixed; and the share
# of kana that makes Chinese characters Japanese.
_LEADING = 0.7
_KANA = 0.1
_LOOKED_AT = 8192

# First bytes of UTF-8 sequences, one range a script (ends included), and how many bytes a letter takes.
_LEADS = (
    ("Latin", ((0xC3, 0xC9),), 2),
    ("Chinese", ((0xE4, 0xE9),), 3),
    ("Korean", ((0xEA, 0xED),), 3),
    ("Cyrillic", ((0xD0, 0xD3),), 2),
    ("Greek", ((0xCE, 0xCF),), 2),
    ("Arabic", ((0xD8, 0xDB),), 2),
    ("Hebrew", ((0xD7, 0xD7),), 2),
    ("other", ((0xD4, 0xD6), (0xDC, 0xDF), (0xE1, 0xE1)), 2),
)
_CODES = {name: code for code, name in enumerate(LANGUAGES)}
_ASCII_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_NO_LETTERS = bytes(byte for byte in range(128) if byte not in _ASCII_LETTERS)
# Every byte as the code of its script, so that counting is one `count` a script.
_TO_CODE = bytearray(256)
for _letter in _ASCII_LETTERS:
    _TO_CODE[_letter] = LATIN
for _name, _ranges, _ in _LEADS:
    for _low, _high in _ranges:
        for _byte in range(_low, _high + 1):
            _TO_CODE[_byte] = _CODES[_name]
_KANA_BYTES = re.compile(rb"\xe3[\x81-\x83]")
# All other bytes say nothing about the script: they continue a character, or are no letters.
_SILENT = bytes(byte for byte in range(256) if not _TO_CODE[byte])
_WEIGHTS = tuple((_CODES[name], size) for name, _, size in _LEADS if name != "Latin")


def language_of(data: bytes) -> int:
    """The index in LANGUAGES of the script of most letters in UTF-8 text; its first 8 KiB are looked at.

    Letters are weighed by their bytes, since a Chinese character says about as much as three Latin letters.
    """
    if data.isascii():
        return LATIN if data[:_LOOKED_AT].translate(None, _NO_LETTERS) else NONE
    data = data[:_LOOKED_AT]
    letters = data.translate(_TO_CODE, _SILENT)
    weights = {LATIN: letters.count(LATIN)}
    if (found := letters.count(CHINESE)) + weights[LATIN] == len(letters):
        if found:
            weights[CHINESE] = 3 * found
    else:
        for code, size in _WEIGHTS:
            if found := letters.count(code):
                weights[code] = found * size
    kana = 0
    if _KANA_BYTES.search(data):
        kana = 3 * (data.count(b"\xe3\x81") + data.count(b"\xe3\x82") + data.count(b"\xe3\x83"))
    if b"\xe0" in data:
        for code, low, high in ((_CODES["Devanagari"], 0xA4, 0xA5), (_CODES["Thai"], 0xB8, 0xB9)):
            if found := sum(data.count(bytes((0xE0, second))) for second in range(low, high + 1)):
                weights[code] = found * 3
    chinese = weights.get(CHINESE, 0)
    if kana and kana >= _KANA * (kana + chinese):
        weights[JAPANESE] = weights.pop(CHINESE, 0) + kana
    total = sum(weights.values())
    if not total:
        return NONE
    leading = max(weights, key=lambda code: weights[code])
    return leading if weights[leading] >= _LEADING * total else MIXED
