"""What keeps Python's search for forgotten objects out of the way puts it back as it was."""

import gc

import pytest

from studio.memory import at_once


def test_that_no_search_comes_while_thousands_of_values_are_made_and_then_it_comes_again():
    passes = []
    gc.callbacks.append(lambda phase, _: passes.append(phase))
    try:
        with at_once():
            made = [[each] for each in range(20_000)]
            before = len(passes)
        assert before == 0
        made += [[each] for each in range(20_000)]
        assert "start" in passes
    finally:
        gc.callbacks.pop()


def test_that_the_search_is_as_it_was_also_after_a_refusal():
    with pytest.raises(ValueError, match="no"), at_once():
        raise ValueError("no")
    assert gc.isenabled()
    gc.disable()
    try:
        with at_once():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
