"""What keeps Python from holding the window up: its search for forgotten objects, and threads that take long turns.

Now and then Python looks through every object there is. With a project of 60,000 segments that takes a third of a
second, several times while it opens. A project's values form no rings and are freed as soon as nobody holds them, so
nothing is lost where they are left out of the search.
"""

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def long_lived() -> Iterator[None]:
    """What is made meanwhile stays for long: it is not searched, neither now nor later."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        settle()
        gc.enable()


@contextmanager
def at_once() -> Iterator[None]:
    """Thousands of values are made in one go: the search waits until they are there, instead of coming in between."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def settle() -> None:
    """What is there now stays for long."""
    gc.freeze()


def take_short_turns() -> None:
    """Threads that count or read let the window paint in between; with Python's own 5 ms a paint waits long."""
    sys.setswitchinterval(0.0005)
