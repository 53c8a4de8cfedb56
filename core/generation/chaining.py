"""How a story is cut into windows that a model can make, each going on from the one before. No torch.

A model knows windows of so many frames, past included. A part of a story is one window where it fits, and several of
about the same length where it does not; each but the very first goes on from about a second before it. Windows hold
whole tokens; the last of a part is cut to the frame, so that durations are exact. Frames are counted at 30 a second
from the first new one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from core.generations import RATE_HZ, Part

CARRIED_S = 1.0
"""So much of what lies before it a window goes on from."""
FAR_ENOUGH = 12
"""Frames before a seam that are kept in any case: feet are looked at over them."""


@dataclass(frozen=True)
class Window:
    """A stretch made at once."""

    actions: tuple[str, ...]
    start: int
    frames: int  # new ones
    first_token: int  # of all new tokens
    tokens: int
    carried: int  # frames before it that it goes on from: whole tokens
    told: int  # frames of the whole window, as the model is told

    @property
    def end(self) -> int:
        return self.start + self.frames


def windows_of(
    story: Sequence[Part], *, frames_a_token: int, least_frames: int, most_frames: int, past: int
) -> Sequence[Window]:
    """The windows of a story. `past` frames were seen before it; what is told is `least_frames` to `most_frames`."""
    cut: list[Window] = []
    ends = ends_of(story)
    most = most_frames // frames_a_token * frames_a_token
    token = 0
    for part, start, end in zip(story, (0, *ends), ends, strict=False):
        for number, (first, last) in enumerate(_cut(start, end, past, frames_a_token, most)):
            tokens = -(-(last - first) // frames_a_token)
            before = _whole(past + first, frames_a_token)
            # Of a true past all there is room for; of what was made itself about a second.
            wanted = before if number == 0 and start == 0 else min(before, _carried(frames_a_token, most))
            carried = max(min(wanted, most - tokens * frames_a_token), 0)
            told = min(max(carried + tokens * frames_a_token, least_frames), most_frames)
            cut.append(Window(part.actions, first, last - first, token, tokens, carried, told))
            token += tokens
    return tuple(cut)


def ends_of(story: Sequence[Part]) -> list[int]:
    """The frame each part ends before: sums are rounded, so that a story is as long as its parts together."""
    ends: list[int] = []
    seconds = 0.0
    for part in story:
        seconds += part.seconds
        ends.append(max(round(seconds * RATE_HZ), (ends[-1] if ends else 0) + 1))
    return ends


def _cut(start: int, end: int, past: int, factor: int, most: int) -> list[tuple[int, int]]:
    """First frame and end of each window of a part, whole tokens but the last one."""
    carried = _carried(factor, most)
    first_room = most - min(_whole(past + start, factor), carried)
    rooms = [first_room]
    while sum(rooms) < end - start:
        rooms.append(most - carried)
    borders = [start]
    for number in range(1, len(rooms)):
        share = sum(rooms[:number]) / sum(rooms)
        borders.append(start + max(_whole(round((end - start) * share), factor), factor * number))
    return list(zip(borders, (*borders[1:], end), strict=True))


def _carried(factor: int, most: int) -> int:
    """Whole tokens of about a second; half a window where windows are short."""
    return max(_whole(min(round(CARRIED_S * RATE_HZ), most // 2), factor), factor)


def _whole(frames: int, factor: int) -> int:
    return frames // factor * factor
