"""Threads that were let go end, and nobody waits for them but at the end."""

import threading

from studio.widgets.departed import Departed


class Worker(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self._asked, self.may_end = threading.Event(), threading.Event()

    def run(self):
        self._asked.wait(10)
        self.may_end.wait(10)

    def stop(self):
        self._asked.set()


def test_that_letting_go_waits_only_where_it_is_asked_to():
    departed, first, second = Departed(), Worker(), Worker()
    first.start()
    second.start()
    departed.let_go(first, wait=False)
    assert first.is_alive()
    first.may_end.set()
    second.may_end.set()
    departed.let_go(second, wait=True)
    assert not first.is_alive()
    assert not second.is_alive()
    departed.let_go(None, wait=True)
