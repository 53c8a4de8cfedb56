"""A job's state in words and colours, the same wherever it stands."""

from core.run_folder import RunState
from studio.jobs import Job
from studio.words import say

STATE_WORDS: dict[RunState, tuple[str, str]] = {
    "new": ("not started", "text3"),
    "waiting": ("waits", "text3"),
    "running": ("running", "accent"),
    "pausing": ("pausing", "warn"),
    "paused": ("paused", "warn"),
    "stopping": ("stopping", "warn"),
    "done": ("done", "ok"),
    "stopped": ("stopped", "warn"),
    "failed": ("failed", "danger"),
    "killed": ("ended by the system", "danger"),
}
"""What a state is called, and its colour as a word of the theme."""


def left_words(seconds: float | None) -> str:
    """Such as `4 min left`; empty while that is not known well enough."""
    if seconds is None:
        return ""
    if seconds < 10:
        return say("a few seconds left")
    if seconds < 90:
        return say("{seconds} s left", seconds=round(seconds / 5) * 5)
    if seconds < 5400:
        return say("{seconds} min left", seconds=round(seconds / 60))
    return say("{seconds:.1f} h left", seconds=seconds / 3600)


def progress_words(job: Job) -> str:
    """Such as `step 25 200 of 40 000`, or what it is doing."""
    if job.state == "stopping":
        return say("Stopping: writing what is done so far…")
    progress = job.progress
    if progress is None:
        return say("Getting ready") if job.is_live else ""
    what = progress.doing or "step"
    return say("{what} {done} of {total}", what=what, done=grouped(progress.done), total=grouped(progress.total))


def grouped(number: int) -> str:
    """Thousands apart by a thin space."""
    return f"{number:,}".replace(",", "\u2009")
