"""Segments on their way through the clipboard: names instead of ids, so that another clip or project can take them.

The text is JSON: {"posecast": "segments", "rate_hz": 30.0, "segments": [{"action": "cut", "start": 0, "end": 40,
"objects": ["bread"], "actor": "Ada", "pose": 12}]}. Frames count from the start of the first segment, at `rate_hz`;
ends are exclusive. Whatever else lies in the clipboard is told apart in words.
"""

import math
from typing import Literal

import msgspec

from core.errors import ProjectError

MOST_CHARACTERS = 50_000_000
"""A longer text is not looked at."""


class CopiedSegment(msgspec.Struct, frozen=True, kw_only=True):
    """One segment by names."""

    action: str
    start: int
    end: int
    objects: tuple[str, ...] = ()
    actor: str = ""
    pose: int | None = None


class Copied(msgspec.Struct, frozen=True, kw_only=True):
    """What a copy holds."""

    posecast: Literal["segments"] = "segments"
    rate_hz: float
    segments: tuple[CopiedSegment, ...]

    def text(self) -> str:
        """For the clipboard."""
        return msgspec.json.encode(self).decode()


def from_text(text: str) -> Copied:
    """What `Copied.text` wrote; anything else is refused with ProjectError."""
    refusal = ProjectError("there are no copied segments to paste", hint="Choose segments and copy them first.")
    if len(text) > MOST_CHARACTERS or not text.lstrip().startswith("{"):
        raise refusal
    try:
        found = msgspec.json.decode(text, type=Copied)
    except (msgspec.MsgspecError, RecursionError) as error:
        raise refusal from error
    in_order = all(0 <= each.start < each.end <= 2**53 for each in found.segments)
    if not found.segments or not in_order or not math.isfinite(found.rate_hz):
        raise refusal
    return found
