"""Which character encoding a file is in, by its bytes."""

from __future__ import annotations

import codecs
import re
from collections.abc import Sequence
from dataclasses import dataclass

_MARKS = (
    (codecs.BOM_UTF8, "UTF-8 with BOM", "utf-8"),
    (codecs.BOM_UTF16_LE, "UTF-16 LE", "utf-16-le"),
    (codecs.BOM_UTF16_BE, "UTF-16 BE", "utf-16-be"),
)

# Nearly every line of real GB18030 text is no valid UTF-8. A UTF-8 file with some damaged lines has to
# stay UTF-8: read as GB18030 its good lines would turn into other characters, without any error.
_NOT_UTF8 = 0.9
_READS_AS_GB18030 = 0.95
_IS_CJK = 0.5
_COMMON_IN_CHINESE = re.compile("[\u4e00-\u9fff\u3000-\u303f\uff00-\uffef]+")
_BEYOND_ASCII = re.compile("[^\x00-\x7f]+")


@dataclass(frozen=True, slots=True)
class Encoding:
    """`name` as it is shown, Python's `codec`, and the bytes that the byte order `mark` takes."""

    name: str
    codec: str
    mark: int = 0


UTF8 = Encoding("UTF-8", "utf-8")


def detect_encoding(samples: Sequence[bytes]) -> Encoding:
    """The encoding of a file from pieces of it; the first piece is its beginning.

    UTF-8, UTF-16 (by its mark or by where its NUL bytes stand) or GB18030. What fits none of them is
    taken as UTF-8, so that the rows that do not decode are named one by one.
    """
    head = samples[0] if samples else b""
    for mark, name, codec in _MARKS:
        if head.startswith(mark):
            return Encoding(name, codec, len(mark))
    if utf16 := _utf16_without_mark(head[:4096]):
        return utf16
    return Encoding("GB18030", "gb18030") if _is_gb18030(samples) else UTF8


def _utf16_without_mark(head: bytes) -> Encoding | None:
    """Latin letters, digits and punctuation in UTF-16 have a NUL as every second byte."""
    pairs = len(head) // 2
    if pairs < 2:
        return None
    high, low = head[: pairs * 2 : 2].count(0), head[1 : pairs * 2 : 2].count(0)
    # One line of it in a file of another encoding does not make the others so.
    breaks = head.count(b"\n") / 2
    if low > pairs / 10 and high <= low / 50 and head.count(b"\n\0") >= breaks:
        return Encoding("UTF-16 LE", "utf-16-le")
    if high > pairs / 10 and low <= high / 50 and head.count(b"\0\n") >= breaks:
        return Encoding("UTF-16 BE", "utf-16-be")
    return None


def _is_gb18030(samples: Sequence[bytes]) -> bool:
    lines = not_utf8 = as_gb18030 = beyond_ascii = cjk = 0
    for sample in samples:
        is_utf8 = _decoded(sample, "utf-8") is not None
        for line in sample.splitlines():
            if line.isascii():
                continue
            lines += 1
            if is_utf8 or _decoded(line, "utf-8") is not None:
                continue
            not_utf8 += 1
            if (text := _decoded(line, "gb18030")) is not None:
                as_gb18030 += 1
                beyond_ascii += sum(map(len, _BEYOND_ASCII.findall(text)))
                cjk += sum(map(len, _COMMON_IN_CHINESE.findall(text)))
    return (
        lines > 0
        and not_utf8 >= lines * _NOT_UTF8
        and as_gb18030 >= not_utf8 * _READS_AS_GB18030
        and cjk >= beyond_ascii * _IS_CJK
    )


def _decoded(line: bytes, codec: str) -> str | None:
    try:
        # Not final: a sample may end inside a character.
        return codecs.getincrementaldecoder(codec)().decode(line)
    except UnicodeDecodeError:
        return None
