"""Words for numbers: times are whole, however they round; lines for a terminal keep their words."""

import shlex

import pytest

from core.wording import command_line, sentences, spelled_time


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0:00.00"), (-1, "0:00.00"), (52.166, "0:52.17"), (59.994, "0:59.99"), (59.996, "1:00.00"),
     (299.9999999, "5:00.00"), (3599.999, "1:00:00.00"), (3661.5, "1:01:01.50")],
)  # fmt: skip
def test_that_a_time_never_has_sixty_seconds(seconds, words):
    assert spelled_time(seconds) == words


def test_that_what_is_said_one_after_the_other_is_closed_once():
    assert (
        sentences("a.npz: is there already", "Choose another name.") == "a.npz: is there already. Choose another name."
    )
    assert sentences("No motion.", "") == "No motion."
    assert sentences("", " Wait … ") == "Wait …"


def test_that_a_line_for_a_terminal_comes_apart_into_the_words_it_was_made_of():
    words = ["posecast", "baselines", "My kitchen", "data.split=By cook", "--row", "action, 2D", "a'b", "x*"]
    assert shlex.split(command_line(words)) == words
    assert command_line(words[:2]) == "posecast baselines"
