"""How numbers are written everywhere: three significant digits, units, times as 3m12s."""

from __future__ import annotations

import math

MIB = 1024**2
GIB = 1024**3


def significant(value: float | None, digits: int = 3) -> str:
    """`value` with that many significant digits, without an exponent where that is readable."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "nan" if math.isnan(value) else ("inf" if value > 0 else "-inf")
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(value)))
    if exponent < -4 or exponent >= 7:
        mantissa, _, power = f"{value:.{digits - 1}e}".partition("e")
        return f"{mantissa.rstrip('0').rstrip('.') if '.' in mantissa else mantissa}e{int(power)}"
    return f"{value:,.{max(digits - 1 - exponent, 0)}f}"


def count(value: int) -> str:
    """A whole number with thousands separated: 8,658."""
    return f"{value:,}"


def average(value: float) -> str:
    """A mean or median of whole numbers: whole where it is whole or large, else three significant digits."""
    whole = round(value)
    return count(whole) if value == whole or abs(value) >= 100 else significant(value)


def gib(n_bytes: float) -> str:
    """Bytes in GiB, or in MiB below one tenth of a GiB."""
    if abs(n_bytes) < GIB / 10:
        return f"{significant(n_bytes / MIB)} MiB"
    return f"{significant(n_bytes / GIB)} GiB"


def duration(seconds: float | None) -> str:
    """Seconds as 8.2s, 3m12s, 2h05m or 3d04h."""
    if seconds is None or not math.isfinite(seconds):
        return "–"
    if seconds < 10:
        return f"{max(seconds, 0):.1f}s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 3600:
        return f"{whole // 60}m{whole % 60:02}s"
    if whole < 86400:
        return f"{whole // 3600}h{whole % 3600 // 60:02}m"
    return f"{whole // 86400}d{whole % 86400 // 3600:02}h"
