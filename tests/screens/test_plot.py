"""Scales, thinning, smoothing, and what a plot repaints."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.app import App, ComposeResult
from textual.geometry import Region

from screens.widgets.curve import Dots, smooth, thin
from screens.widgets.plot import Curve, Mark, Plot
from screens.widgets.scale import brief, fit, last_step_shown

LOSSES = st.lists(st.floats(1e-6, 1e6) | st.just(math.nan), min_size=1, max_size=300)


@given(values=LOSSES, columns=st.integers(2, 80))
def test_thinning_keeps_every_extreme_and_every_point(values: list[float], columns: int) -> None:
    steps = array("d", range(1, len(values) + 1))
    thinned = thin(steps, array("d", values), len(values), columns)

    finite = [value for value in values if math.isfinite(value)]
    assert thinned.count.sum() == len(finite)
    assert bool(len(thinned.holes)) == (len(finite) < len(values))
    if finite:
        assert thinned.low.min() == min(finite)
        assert thinned.high.max() == max(finite)
        assert np.dot(thinned.mean, thinned.count) == pytest.approx(sum(finite))


def test_smoothing_is_a_debiased_moving_average() -> None:
    values = [4.0, 2.0, 3.0]
    thinned = thin([1.0, 2.0, 3.0], values, 3, 100)

    smoothed = smooth(thinned, half_life=1.0)

    assert smoothed[0] == 4.0
    assert smoothed[1] == pytest.approx((4 * 0.5 + 2) / 1.5)
    assert smoothed[2] == pytest.approx((4 * 0.25 + 2 * 0.5 + 3) / 1.75)


@given(values=st.lists(st.floats(0.5, 5.0), min_size=1, max_size=60))
def test_smoothing_what_does_not_change_changes_nothing(values: list[float]) -> None:
    level = values[0]
    thinned = thin(range(1, len(values) + 1), [level] * len(values), len(values), 40)
    assert smooth(thinned, 3.0) == pytest.approx([level] * len(thinned.mean))


@given(low=st.floats(-1e9, 1e9), span=st.floats(0, 1e9), log=st.booleans(), most=st.integers(2, 9))
def test_a_scale_holds_its_values_and_few_ticks(low: float, span: float, log: bool, most: int) -> None:
    high = low + span
    scale = fit(low, high, log=log)

    assert scale.place(low) >= -1e-6 and scale.place(high) <= 1 + 1e-6
    ticks = scale.ticks(most)
    assert len(ticks) <= most
    assert ticks == sorted(ticks)
    assert all(-1e-6 <= scale.place(tick) <= 1 + 1e-6 for tick in ticks)


def test_the_scale_comes_from_the_data_not_from_zero() -> None:
    assert fit(2.1, 2.4).low > 2
    assert fit(0.9, 11.0, log=True).low > 0.5


def test_the_step_axis_shows_what_is_left_and_stands_still() -> None:
    assert last_step_shown(450, 900) == 900
    assert last_step_shown(12, 10_000) == last_step_shown(14, 10_000) < 100
    assert last_step_shown(900, None) >= 900


@pytest.mark.parametrize(
    ("value", "label"), [(0, "0"), (0.5, "0.5"), (45_000, "45k"), (5e-5, "5e-5"), (1.5e6, "1.5M")]
)
def test_tick_labels(value: float, label: str) -> None:
    assert brief(value) == label


def test_a_line_has_no_gaps() -> None:
    dots = Dots(10, 4)
    dots.line([0, 19], [0, 15])
    assert (dots.codes() > 0).sum() >= 10


class PlotApp(App[None]):
    CSS = "Plot { width: 80; height: 20; }"

    def compose(self) -> ComposeResult:
        yield Plot()


def shown(plot: Plot) -> str:
    return "\n".join(plot.render_line(y).text for y in range(plot.content_size.height))


def curve(steps: int, end: int = 200) -> Curve:
    numbers = range(1, steps + 1)
    values = array("d", [1 + 3 * math.exp(-step / 40) for step in numbers])
    return Curve(array("d", numbers), values, ((0, 4.2), (100, 1.4)), (Mark(100, "▲", "good"),), end)


async def test_a_plot_shows_curve_points_marks_and_axes() -> None:
    async with PlotApp().run_test() as pilot:
        plot = pilot.app.query_one(Plot)
        plot.show(curve(120))
        text = shown(plot)
        assert "◆" in text and "▲" in text
        assert any(0x2800 < ord(sign) < 0x2900 for sign in text)
        assert "200 step" in text
        assert "1.40" in text  # the last held-out value, beside its point
        assert all(plot.render_line(y).cell_length == 80 for y in range(20))


async def test_a_longer_curve_repaints_only_where_it_grew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with PlotApp().run_test() as pilot:
        plot = pilot.app.query_one(Plot)
        plot.show(curve(120))
        await pilot.pause()
        shown(plot)
        repainted: list[Region] = []
        monkeypatch.setattr(
            "textual.widget.Widget.refresh", lambda self, *regions, **_: repainted.extend(regions)
        )
        plot.show(curve(120))
        assert repainted == []
        plot.show(curve(124))
        assert repainted
        assert sum(region.area for region in repainted) < 40
        assert all(region.x > 30 for region in repainted)


async def test_what_cannot_be_drawn_is_said() -> None:
    async with PlotApp().run_test() as pilot:
        plot = pilot.app.query_one(Plot)
        plot.show(Curve(), placeholder="nothing yet")
        assert "nothing yet" in shown(plot)
        plot.show(Curve(array("d", [1.0]), array("d", [math.nan])), placeholder="no number")
        assert "no number" in shown(plot)


@given(
    values=st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=40),
    log=st.booleans(),
    size=st.tuples(st.integers(1, 90), st.integers(1, 25)),
    compact=st.booleans(),
)
def test_no_numbers_and_no_size_break_a_plot(
    values: list[float], log: bool, size: tuple[int, int], compact: bool
) -> None:
    import asyncio

    async def draw() -> None:
        async with PlotApp().run_test() as pilot:
            plot = Plot(compact=compact)
            await pilot.app.mount(plot)
            plot.show(Curve(array("d", range(len(values))), array("d", values)), log=log)
            lines = plot.lines(*size)
            assert [line.cell_length for line in lines] == [size[0]] * size[1]

    asyncio.run(draw())
