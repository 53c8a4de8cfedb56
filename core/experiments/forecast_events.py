"""What a study lets through of the events of the trainings it is made of: progress, under its own name."""

from collections.abc import Generator
from typing import TypeVar

from core.runs import Done, Event, Events, Made, Metric, Note, Progress

_Result = TypeVar("_Result")


def under_name(events: Events, name: str) -> Events:
    """Progress called `name`; curves, notes and endings stay with the training."""
    for event in events:
        if isinstance(event, Progress):
            yield Progress(event.done, event.total, name)
        elif not isinstance(event, Metric | Done | Made | Note):
            yield event


def without_metrics(events: Generator[Event, None, _Result]) -> Generator[Event, None, _Result]:
    """The same events but for curves, and what the generator returns."""
    while True:
        try:
            event = next(events)
        except StopIteration as finished:
            return finished.value
        if not isinstance(event, Metric):
            yield event
