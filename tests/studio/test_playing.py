"""Playing by a clock of the test's own: at every speed and either way each moment shows the frame that is due then."""

import numpy as np
import pytest

from studio.widgets.clip_time import ClipTime
from studio.widgets.player import FASTEST, Player
from studio.widgets.transport import SPEEDS, Transport
from tests.studio.test_annotate import document, mark, page, video  # noqa: F401 (fixtures)

COUNT = 600
TIMES_S = np.cumsum(np.random.default_rng(3).uniform(0.01, 0.07, COUNT)) - 0.01
UNEVEN = ClipTime(COUNT, 25.0, TIMES_S)


class Clock:
    def __init__(self) -> None:
        self.ns = 5_000

    def __call__(self) -> int:
        return self.ns


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def player(qtbot, clock):
    made = Player(now_ns=clock)
    made.show_time(UNEVEN)
    yield made
    made.stop()


@pytest.mark.parametrize("speed", [0.5, 1.0, 4.0, 16.0, -1.0, -16.0])
def test_that_every_moment_shows_the_frame_due_then_however_rarely_the_clock_is_read(player, clock, speed):
    began = 0 if speed > 0 else COUNT - 1
    player.show_frame(began)
    came: list[int] = []
    player.frame_due.connect(came.append)
    player.play(speed)
    elapsed_s = 0.0
    for gap_ms in np.random.default_rng(7).integers(1, 90, 400):
        clock.ns += int(gap_ms) * 1_000_000
        elapsed_s += float(gap_ms) / 1000
        player.follow()
        if not player.is_playing:
            break
        due_s = UNEVEN.seconds(began) + elapsed_s * speed
        shown = came[-1] if came else began
        assert TIMES_S[shown] <= due_s + 1e-5, "no frame may be shown early"
        assert shown == COUNT - 1 or TIMES_S[shown + 1] > due_s - 1e-5, "and none late"
    assert came == sorted(came, reverse=speed < 0)
    assert player.is_playing == (abs(speed) <= 1)
    if not player.is_playing:
        assert came[-1] == (COUNT - 1 if speed > 0 else 0)


def test_that_l_and_j_double_the_speed_up_to_sixteen_and_turn_round_at_once(player):
    player.show_frame(300)
    speeds = []
    for direction in (1, 1, 1, 1, 1, 1, -1, -1, -1, -1, -1, -1, 1):
        player.faster(direction)
        speeds.append(player.speed)
    assert speeds == [1, 2, 4, 8, 16, 16, -1, -2, -4, -8, -16, -16, 1]
    player.play(40.0)
    assert player.speed == FASTEST == max(speed for _, speed in SPEEDS)


def test_that_a_loop_whose_end_moves_turns_at_the_new_end(player, clock):
    player.show_frame(100)
    player.loop((100, 110))
    player.play(1.0)
    player.loop((100, 105))
    clock.ns += int((UNEVEN.seconds(106) - UNEVEN.seconds(100)) * 1e9)
    came: list[int] = []
    player.frame_due.connect(came.append)
    player.follow()
    assert came == [100]


def test_that_the_row_below_the_picture_says_a_speed_that_is_not_the_chosen_one(qtbot):
    transport = Transport()
    qtbot.addWidget(transport)
    transport.show_speed(1.0)
    assert transport.pace.text() == ""
    transport.show_speed(-8.0)
    assert transport.pace.text() == "8× back"
    transport.show_speed(0.0)
    assert transport.pace.text() == ""


def test_that_a_narrow_row_has_the_same_speeds_in_a_menu(qtbot):
    transport = Transport()
    qtbot.addWidget(transport)
    transport.show()
    transport.set_narrow(narrow=True)
    assert transport.speeds.isHidden()
    chosen: list[float] = []
    transport.speed_chosen.connect(chosen.append)
    by_name = {each.text(): each for each in transport.speed_choices.actions()}
    assert list(by_name) == [name for name, _ in SPEEDS]
    by_name["16×"].trigger()
    assert chosen == [16.0]
    assert transport.speed_menu.text() == "16×"


def test_that_a_double_clicked_segment_loops_and_the_loop_follows_its_moved_end(page, document):  # noqa: F811
    segment = mark(page, document, 10, 30)
    page.timeline.choose(frozenset({segment}))
    page.timeline.segment_opened.emit(segment)
    assert page.transport.loop.isChecked()
    assert (document.playhead, page.player._loop) == (10, (10, 30))
    page.changing.move([(segment, 10, 20)], "end")
    assert page.player._loop == (10, 20)
    page.transport.loop.click()
    assert page.player._loop is None
