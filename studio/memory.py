"""Keeps Python's search for rings of forgotten objects away from what stays: a window must not stand still for it.

Now and then Python looks through every object there is. With a project of 60,000 segments that takes a third of a
second, several times while it opens. A project's values form no rings and are freed as soon as nobody holds them, so
nothing is lost where they are left out of the search.
"""

import gc
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


def settle() -> None:
    """What is there now stays for long."""
    gc.freeze()
