"""Times and numbers as people and programs write them in tables, to seconds. Infinite ones are no times."""

import math
import re

_CLOCK = re.compile(r"(?:(\d{1,4}):)?(\d{1,4}):(\d{1,2}(?:[.,]\d{1,9})?)")
_FARTHEST = 1e8


def number_of(text: str) -> float | None:
    """A plain number, with a point or a comma; None where it is none or beyond any video."""
    try:
        value = float(text.strip().replace(",", "."))
    except ValueError:
        return None
    return value if math.isfinite(value) and abs(value) <= _FARTHEST else None


def clock_of(text: str) -> float | None:
    """`hh:mm:ss.mmm` or `mm:ss` as seconds; None where it is neither."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours, minutes, seconds = match[1] or "0", match[2], match[3].replace(",", ".")
    value = 3600 * int(hours) + 60 * int(minutes) + float(seconds)
    return value if float(seconds) < 60 else None
