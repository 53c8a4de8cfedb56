"""Windows of a story: exact to the frame, whole tokens, none longer than the model knows."""

from hypothesis import given
from hypothesis import strategies as st

from core.generation.chaining import CARRIED_S, ends_of, windows_of
from core.generations import Part


def story(*seconds: float) -> tuple[Part, ...]:
    return tuple(Part(actions=(f"a{at}",), seconds=each) for at, each in enumerate(seconds))


@given(
    seconds=st.lists(st.floats(0.27, 40.0), min_size=1, max_size=5),
    factor=st.sampled_from([1, 2, 4, 8]),
    most=st.sampled_from([64, 100, 320]),
    past=st.integers(0, 400),
)
def test_that_windows_fill_a_story_to_the_frame_and_fit_the_model(seconds, factor, most, past):
    parts = story(*seconds)
    windows = windows_of(parts, frames_a_token=factor, least_frames=16, most_frames=most, past=past)
    ends = ends_of(parts)
    assert abs(ends[-1] - 30 * sum(seconds)) <= 0.5 + len(seconds)
    start = token = 0
    for window in windows:
        assert (window.start, window.first_token) == (start, token)
        assert 0 < window.frames <= window.tokens * factor < window.frames + factor
        assert window.carried % factor == 0
        assert window.carried <= past + window.start
        assert window.carried + window.tokens * factor <= most
        assert 16 <= window.told <= most
        assert window.told >= window.carried + window.tokens * factor
        if past + window.start >= factor:
            assert window.carried >= factor  # nothing starts from nothing in the middle
        start, token = window.end, token + window.tokens
    assert start == ends[-1]
    for end, part in zip(ends, parts, strict=True):
        assert [each.actions for each in windows if each.end == end] == [part.actions]


def test_that_what_fits_is_one_window_and_all_of_the_past_there_is_room_for():
    (window,) = windows_of(story(4.0), frames_a_token=4, least_frames=16, most_frames=320, past=500)
    assert (window.frames, window.tokens, window.carried, window.told) == (120, 30, 200, 320)
    (window,) = windows_of(story(4.0), frames_a_token=4, least_frames=16, most_frames=320, past=0)
    assert (window.carried, window.told) == (0, 120)


def test_that_later_windows_go_on_from_about_a_second():
    windows = windows_of(story(14.0, 2.0), frames_a_token=4, least_frames=16, most_frames=320, past=0)
    assert [each.actions for each in windows] == [("a0",), ("a0",), ("a1",)]
    assert all(abs(each.carried / 30 - CARRIED_S) < 0.15 for each in windows[1:])
    assert abs(windows[0].frames - windows[1].frames) < 45  # shared, none is a scrap


def test_that_a_model_of_one_length_is_told_that_length():
    windows = windows_of(story(1.0), frames_a_token=2, least_frames=64, most_frames=64, past=0)
    assert [each.told for each in windows] == [64]


def test_that_rounding_is_of_sums_not_of_parts():
    assert ends_of(story(*[0.35] * 20))[-1] == 210
