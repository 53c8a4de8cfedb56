"""Curves: smoothing keeps what is, thinning keeps peaks, axes hold everything, and many points stay cheap."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QImage

from studio.widgets.curve_numbers import (
    marks_across,
    robust_range,
    say_across,
    say_place,
    say_steps,
    say_value,
    smoothed,
    thinned,
    ticks,
)  # fmt: skip
from studio.widgets.curves import CurveChart, Series

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


@given(st.integers(1, 400), st.floats(0.05, 0.99), st.integers(0, 2**31))
def test_that_an_average_is_what_it_says_point_by_point(count, share, seed):
    values = np.random.default_rng(seed).normal(size=count)
    look_back = share * share * count / 8
    if look_back < 0.3:
        return
    decay, mean, weight = np.exp(-1 / look_back), 0.0, 0.0
    for value, got in zip(values, smoothed(values, share), strict=True):
        mean, weight = decay * mean + (1 - decay) * value, decay * weight + (1 - decay)
        assert abs(got - mean / weight) < 1e-8


def test_that_what_is_no_number_is_left_out_of_the_average():
    values = np.array([1.0, 2.0, np.nan, 4.0, np.inf, 5.0] * 20)
    line = smoothed(values, 0.9)
    finite = np.isfinite(values)
    np.testing.assert_allclose(line[finite][:20], smoothed(values[finite], 0.9)[:20], rtol=0.2)
    assert np.isfinite(line).all()
    assert np.isnan(smoothed(np.array([np.nan] * 40), 0.9)).all()


@given(arrays(np.float64, st.integers(0, 300), elements=st.floats(-1e6, 1e6)))
def test_that_nothing_lies_outside_a_range_without_being_said(values):
    shown = robust_range(values)
    for each in values:
        assert shown.low <= each or (shown.under is not None and shown.under <= each)
        assert each <= shown.high or (shown.over is not None and each <= shown.over)


def test_that_a_spike_does_not_flatten_the_rest():
    values = np.linspace(1, 2, 500)
    values[250] = 1e6
    shown = robust_range(values)
    assert shown.high <= 2
    assert shown.over == 1e6


def test_that_places_are_said_in_what_the_chart_is_drawn_over():
    assert say_across(50, 100, "share") == "50 %"
    assert say_across(90, 100, "time") == "90 s"
    assert say_across(1800, 3600, "time") == "30 min"
    assert say_place(3725, "time") == "1:02:05 at work"
    assert say_place(1200, "steps") == "step 1\u2009200"


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
    marks = ticks(low, low + span, most)
    assert marks[0] <= low + 1e-6 * span + 1e-9
    assert marks[-1] >= low + span - 1e-6 * span - 1e-9
    gaps = np.diff(marks)
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


def test_that_a_closer_look_holds_what_is_shown_and_can_be_taken_back(chart, qtbot):
    chart.show_series([a_series(200, is_live=True)])
    chart.set_smoothing(0)
    whole = pixels(chart)
    wanted = []
    chart.view_wanted.connect(wanted.append)
    area = chart._axes.area
    place = lambda share: QPoint(round(area.left() + share * area.width()), round(area.center().y()))  # noqa: E731
    qtbot.mousePress(chart, Qt.MouseButton.LeftButton, pos=place(0.25))
    qtbot.mouseMove(chart, place(0.75))
    qtbot.mouseRelease(chart, Qt.MouseButton.LeftButton, pos=place(0.75))
    first, last = wanted.pop()
    assert (first, last) == (pytest.approx(50, abs=2), pytest.approx(150, abs=2))
    chart.show_view((first, last))
    assert pixels(chart) != whole
    assert (chart._axes.first, chart._axes.last) == (first, last)
    qtbot.mouseDClick(chart, Qt.MouseButton.LeftButton, pos=place(0.5))
    assert wanted[-1] is None
    chart.show_view(None)
    chart.show_cursor(None)
    assert pixels(chart) == whole


def test_that_the_keys_read_along_a_curve_and_look_closer(chart, qtbot):
    chart.show_series([a_series(200, is_live=True)])
    pixels(chart)
    pointed, wanted = [], []
    chart.pointed.connect(pointed.append)
    chart.pointed.connect(chart.show_cursor)
    chart.view_wanted.connect(wanted.append)
    for key in (Qt.Key.Key_Home, Qt.Key.Key_Right, Qt.Key.Key_End, Qt.Key.Key_Left):
        qtbot.keyClick(chart, key)
    assert pointed == [0.0, 4.0, 200.0, 196.0]
    assert "step 196" in chart.accessibleDescription()
    qtbot.keyClick(chart, Qt.Key.Key_Plus)
    first, last = wanted[-1]
    assert 0 < first < 196 < last <= 200
    qtbot.keyClick(chart, Qt.Key.Key_0)
    assert wanted[-1] is None


def test_that_the_best_figure_is_named(qtbot):
    made = CurveChart("Loss", "low")
    qtbot.addWidget(made)
    series = Series("01", "#4FC7CF", np.arange(1.0, 5.0), np.array([3.0, 1.0, np.nan, 2.0]), is_live=True)
    made.show_series([series])
    assert made.accessibleDescription() == "01 2.00, best 1.00 at step 2"


def test_that_a_cursor_draws_no_curve_anew(chart):
    chart.show_series([a_series(5000, is_live=True)])
    pixels(chart)
    ground = chart._ground
    chart.show_cursor(2500.0)
    pixels(chart)
    assert chart._ground is ground


def test_that_runs_without_figures_and_figures_that_are_no_numbers_are_drawn_as_nothing(chart):
    empty = Series("03", "#E887B6", np.zeros(0), np.zeros(0))
    broken = Series("04", "#E887B6", np.arange(3.0), np.array([1.0, np.nan, 2.0]), is_live=True)
    for series in ([], [empty], [broken], [a_series(1)]):
        chart.show_series(series)
        chart.set_log(is_log=True)
        assert len(pixels(chart)) > 0


def test_that_the_axis_below_is_marked_where_its_words_say():
    assert [say_across(at, 9000, "steps") for at in marks_across(0, 9000, 5, "steps")] == [
        "0 k",
        "2.5 k",
        "5 k",
        "7.5 k",
    ]
    assert [say_across(at, 100, "share") for at in marks_across(0, 100, 5, "share")] == [
        "0 %", "25 %", "50 %", "75 %", "100 %",
    ]  # fmt: skip
    assert marks_across(0, 3600, 5, "time") == (0, 1200, 2400, 3600)
    for first, last in ((0, 130), (0, 2999), (4100, 5300), (0, 41_237), (12_000, 12_600)):
        marks = marks_across(first, last, 5, "steps")
        assert 2 <= len(marks) <= 7
        assert all(first <= at <= last + 1e-6 * last for at in marks)
        said = [say_across(at, last, "steps") for at in marks]
        assert [
            float(each.removesuffix(" k")) * (1000 if each.endswith(" k") else 1) for each in said
        ] == pytest.approx(marks)
