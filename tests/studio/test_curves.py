"""Curves: smoothing keeps what is, thinning keeps peaks, axes hold everything, and many points stay cheap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtGui import QImage

from studio.widgets.curves import CurveChart, Series, _ticks, say_steps, say_value, smoothed, thinned

FIGURES = arrays(np.float64, st.integers(1, 60), elements=st.floats(-1e6, 1e6))


def a_series(count=50, name="01", **words) -> Series:
    steps = np.arange(1, count + 1, dtype=float)
    return Series(name, "#4FC7CF", steps, 2 / steps + 0.1, **words)


@given(FIGURES, st.floats(0, 0.99))
def test_that_a_smoothed_curve_stays_between_the_smallest_and_largest_figure(values, share):
    line = smoothed(values, share)
    slack = 1e-9 * max(1.0, float(np.abs(values).max()))
    assert line.min() >= values.min() - slack
    assert line.max() <= values.max() + slack


@given(st.floats(-1e6, 1e6), st.integers(2, 60), st.floats(0, 0.99))
def test_that_a_constant_stays_what_it_is_however_it_is_smoothed(value, count, share):
    np.testing.assert_allclose(smoothed(np.full(count, value), share), value, atol=1e-300)


def test_that_no_smoothing_is_the_figures_themselves():
    values = np.array([3.0, 1.0, 2.0])
    assert smoothed(values, 0.0) is values


@given(arrays(np.float64, st.integers(500, 900), elements=st.floats(-1e3, 1e3)))
def test_that_thinning_keeps_the_highest_and_the_lowest_point_in_their_order(values):
    steps = np.arange(len(values), dtype=float)
    some_steps, some = thinned(steps, values, 100)
    assert len(some) <= 400
    assert some.max() == values.max()
    assert some.min() == values.min()
    assert (np.diff(some_steps) >= 0).all()


@given(st.floats(-1e5, 1e5), st.floats(1e-3, 1e5), st.integers(3, 6))
def test_that_an_axis_is_round_and_holds_its_values(low, span, most):
    ticks = _ticks(low, low + span, most)
    assert ticks[0] <= low + 1e-6 * span + 1e-9
    assert ticks[-1] >= low + span - 1e-6 * span - 1e-9
    gaps = np.diff(ticks)
    np.testing.assert_allclose(gaps, gaps[0], rtol=1e-6)


@pytest.mark.parametrize(
    ("value", "words"), [(0.57123, "0.571"), (2.3456, "2.35"), (23.41, "23.4"), (438.2, "438"), (float("nan"), "–")]
)
def test_that_a_figure_is_said_with_three_figures_that_count(value, words):
    assert say_value(value) == words


def test_that_steps_are_said_in_thousands_once_there_are_many():
    assert say_steps(150, 300) == "150"
    assert say_steps(10_000, 40_000) == "10 k"


@pytest.fixture
def chart(qtbot):
    made = CurveChart("Loss")
    qtbot.addWidget(made)
    made.resize(420, 240)
    return made


def pixels(chart) -> bytes:
    image = chart.grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    return bytes(image.constBits())


def test_that_smoothing_and_scale_change_the_drawing_and_can_be_taken_back(chart):
    rough = np.abs(np.random.default_rng(1).normal(1, 0.4, 200)) + 0.05
    chart.show_series([Series("01", "#4FC7CF", np.arange(200.0), rough, is_live=True)])
    plain = pixels(chart)
    chart.set_smoothing(0.9)
    smooth = pixels(chart)
    assert smooth != plain
    chart.set_log(is_log=True)
    assert pixels(chart) != smooth
    chart.set_log(is_log=False)
    chart.set_smoothing(0.0)
    assert pixels(chart) == plain


def test_that_a_chart_says_its_last_figures_to_those_who_listen(chart):
    chart.show_series([a_series(name="01"), a_series(name="02", is_live=True)])
    assert chart.accessibleName() == "Loss"
    assert chart.accessibleDescription() == "01 0.140; 02 0.140"


def test_that_runs_without_figures_and_figures_that_are_no_numbers_are_drawn_as_nothing(chart):
    empty = Series("03", "#E887B6", np.zeros(0), np.zeros(0))
    broken = Series("04", "#E887B6", np.arange(3.0), np.array([1.0, np.nan, 2.0]), is_live=True)
    for series in ([], [empty], [broken], [a_series(1)]):
        chart.show_series(series)
        chart.set_log(is_log=True)
        assert len(pixels(chart)) > 0
