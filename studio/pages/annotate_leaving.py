"""Esc on the Annotate page: first what a part is in the middle of (joints, a box), then what is chosen."""

from studio.pages.annotate_part import Parts
from studio.widgets.timeline import Timeline


class Leaving:
    """Called by the window, once a text field is left."""

    def __init__(self, parts: Parts, timeline: Timeline) -> None:
        self._parts, self._timeline = parts, timeline

    def __call__(self) -> bool:
        """Leave one thing; whether there was one."""
        if self._parts.back_out():
            return True
        if self._timeline.chosen:
            self._timeline.choose(frozenset())
            return True
        return False
