"""Numbers as people read them."""

from __future__ import annotations

import pytest

from workbench.figures import average, count, duration, gib, significant


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0.0, "0"), (1.23456, "1.23"), (12.3456, "12.3"), (123.456, "123"), (1234.5, "1,234"),
        (0.000123456, "0.000123"), (1e-5, "1e-5"), (1.5e-5, "1.5e-5"), (float("nan"), "nan"), (-2.5, "-2.50"),
        (float("inf"), "inf"), (123456789.0, "1.23e8"), (9.999, "10.00"),
    ],
)  # fmt: skip
def test_significant(value: float | None, text: str) -> None:
    assert significant(value) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "–"),
        (0.04, "0.0s"),
        (8.21, "8.2s"),
        (59.4, "59s"),
        (192, "3m12s"),
        (7500, "2h05m"),
        (273_600, "3d04h"),
    ],
)
def test_duration(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_sizes_and_counts() -> None:
    assert gib(3 * 1024**3) == "3.00 GiB"
    assert gib(10 * 1024**2) == "10.0 MiB"
    assert count(8658) == "8,658"


@pytest.mark.parametrize(
    ("value", "text"),
    [(69.0, "69"), (2.0, "2"), (28.74, "28.7"), (658.72, "659"), (17_500_000.5, "17,500,000")],
)
def test_an_average_of_whole_numbers(value: float, text: str) -> None:
    assert average(value) == text
