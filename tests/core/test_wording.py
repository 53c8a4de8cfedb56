"""Words for numbers: times are whole, however they round."""

import pytest

from core.wording import sentences, spelled_time


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
