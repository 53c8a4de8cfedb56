"""When something happened, as people say it: `just now`, `today 18:20`, `yesterday 9:05`, `19 Nov`."""

from datetime import datetime

from studio.words import say


def say_when(at_s: float, now_s: float | None = None) -> str:
    """Seconds since 1970 as words, in local time."""
    at = datetime.fromtimestamp(at_s).astimezone()
    now = datetime.fromtimestamp(now_s).astimezone() if now_s is not None else datetime.now().astimezone()
    if 0 <= (now - at).total_seconds() < 90:
        return say("just now")
    days = (now.date() - at.date()).days
    if days == 0:
        return say("today {at:%H:%M}", at=at)
    if days == 1:
        return say("yesterday {at:%H:%M}", at=at)
    return f"{at.day} {at:%b}" if at.year == now.year else f"{at.day} {at:%b %Y}"
