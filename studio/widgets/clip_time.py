"""A clip's frames as time: which instant a frame shows, which frame an instant falls on, and how both are written.

Frames count from 0. Once the video has been read, `times_s` holds the second at which each frame appears (frames of
one video may last differently long); until then the mean rate stands in. Written times are `0:52.17`, from an hour on
`1:04:09.50`; thousands of frames are set apart by a thin space.
"""

import re
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

_THIN = "\N{THIN SPACE}"
_CLOCK = re.compile(r"(?:(?:(\d+):)?(\d{1,2}):)?(\d+(?:[.,]\d*)?)\s*s?")
_FRAME = re.compile(r"(?:#|f|frame)\s*([\d\s\u2009]+)", re.IGNORECASE)


@dataclass(frozen=True)
class ClipTime:
    """How the frames of one clip lie in time."""

    frame_count: int
    rate_hz: float
    times_s: Float[ndarray, " frames"] | None = None

    def seconds(self, frame: float) -> float:
        """When `frame` appears; between two frames in proportion, past the ends at the mean rate."""
        if self.times_s is None or not len(self.times_s):
            return frame / self.rate_hz if self.rate_hz > 0 else 0.0
        last = len(self.times_s) - 1
        if frame > last:
            return float(self.times_s[last]) + (frame - last) / max(self.rate_hz, 1e-6)
        if frame < 0:
            return float(self.times_s[0]) + frame / max(self.rate_hz, 1e-6)
        below = int(frame)
        above = min(below + 1, last)
        share = frame - below
        return float(self.times_s[below]) * (1 - share) + float(self.times_s[above]) * share

    def frame_between(self, seconds: float) -> float:
        """Where an instant lies between frames: the inverse of `seconds`."""
        times = self.times_s
        if times is None or not len(times):
            return seconds * self.rate_hz
        last = len(times) - 1
        if seconds <= times[0]:
            return (seconds - float(times[0])) * self.rate_hz
        if seconds >= times[last]:
            return last + (seconds - float(times[last])) * self.rate_hz
        below = int(np.searchsorted(times, seconds, side="right")) - 1
        return below + (seconds - float(times[below])) / float(times[below + 1] - times[below])

    def frame_at(self, seconds: float) -> int:
        """The frame on the screen at that instant: the last one that has appeared by then, kept inside the clip."""
        # Sums of fractions come out a hair too low.
        return self.clamp(int(np.floor(self.frame_between(seconds + 1e-6) + 1e-6)))

    def nearest_frame(self, seconds: float) -> int:
        """The frame that appears closest to that instant: what a person means who types a time."""
        below = self.frame_at(seconds)
        above = self.clamp(below + 1)
        return above if abs(self.seconds(above) - seconds) < abs(self.seconds(below) - seconds) else below

    def clamp(self, frame: int) -> int:
        """`frame`, or the first or last frame of the clip where it lies outside."""
        return max(0, min(frame, self.frame_count - 1))

    @property
    def duration_s(self) -> float:
        """Until the last frame has been shown."""
        return self.seconds(self.frame_count)


def say_time(seconds: float, decimals: int = 2) -> str:
    """`0:52.17`; `0:52` without decimals."""
    sign = "-" if seconds < 0 else ""
    whole = round(abs(seconds) * 10**decimals)
    rest, fraction = divmod(whole, 10**decimals)
    minutes, second = divmod(rest, 60)
    hours, minute = divmod(minutes, 60)
    clock = f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute}:{second:02d}"
    return f"{sign}{clock}.{fraction:0{decimals}d}" if decimals else f"{sign}{clock}"


def say_count(number: int) -> str:
    """`1 564`, with a thin space."""
    return f"{number:,}".replace(",", _THIN)


def read_frame(text: str, time: ClipTime) -> int | None:
    """The frame a person typed: a time (`0:52.17`, `52.17`, `1:04:09`) or a number (`#1564`); None if neither."""
    words = text.strip()
    if found := _FRAME.fullmatch(words):
        digits = re.sub(r"\D", "", found[1])
        return time.clamp(int(digits)) if digits else None
    if found := _CLOCK.fullmatch(words):
        hours, minutes, seconds = found[1], found[2], found[3].replace(",", ".")
        return time.nearest_frame(int(hours or 0) * 3600 + int(minutes or 0) * 60 + float(seconds))
    return None
