"""Text from data, logs and models, made safe to show in a terminal."""

from __future__ import annotations

import re
import unicodedata

# CSI (8-bit too), OSC/DCS/APC/PM/SOS strings ended by BEL or ST, and two-character escapes. A string that
# is never ended loses its introducer only, and the 8-bit introducers open none: wrongly decoded text is
# full of those (a closing quote becomes U+00E2 U+0080 U+009D), and what follows is the data's own.
_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|\x1b[\]PX^_][^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c)"
    r"|\x1b[ -/]*[0-~]?"
)
_LINE_BREAKS = re.compile("\r\n|[\u2028\u2029]")
# Bidirectional controls, which can hide text or turn it round, and what takes no room at all. Joiners
# (U+200C, U+200D) are spelling in many scripts and in emoji.
_UNSEEN = "\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
_CONTROLS = re.compile(rf"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff{_UNSEEN}]")


def printable(text: str, *, keep_newlines: bool = True) -> str:
    """`text` without escape sequences; other control characters as their visible pictures.

    Tabs become four spaces, so that a column keeps its width; Unicode's own line separators become line
    breaks, since some programs count them as such. Bidirectional controls and spaces without width become
    their names, as in ⟨U+202E⟩; 8-bit controls and lone surrogates, which cannot be encoded, U+FFFD.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _ESCAPES.sub("", _LINE_BREAKS.sub("\n", text)).replace("\t", "    ")
    text = _CONTROLS.sub(_picture, text)
    return text if keep_newlines else text.replace("\n", "⏎")


def _picture(match: re.Match[str]) -> str:
    code = ord(match.group())
    if code < 0x20:
        return chr(0x2400 + code)
    if code == 0x7F:
        return "\u2421"
    return "\ufffd" if code < 0xA0 or 0xD800 <= code < 0xE000 else f"⟨U+{code:04X}⟩"


def shorten(text: str, width: int) -> str:
    """`text` on one line of at most `width` terminal cells, with an ellipsis where it was cut.

    A wide character is never halved.
    """
    # Cutting first keeps a megabyte in one cell from being scanned whole; combining marks need slack.
    line = printable(text[: width * 4 + 64], keep_newlines=False)
    if len(text) <= width * 4 + 64 and display_width(line) <= width:
        return line
    taken, used = [], 0
    for character in line:
        cells = _cells(character)
        if used + cells > width - 1:
            break
        taken.append(character)
        used += cells
    return "".join(taken) + "…" if width > 0 else ""


def display_width(text: str) -> int:
    """Terminal cells that `text` takes on one line."""
    return len(text) if text.isascii() else sum(map(_cells, text))


def _cells(character: str) -> int:
    if character.isascii():
        return 1
    if unicodedata.combining(character) or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
