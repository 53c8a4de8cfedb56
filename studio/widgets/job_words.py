"""A job's state in words and colours, the same wherever it stands."""

from core.run_folder import RunState
from studio.jobs import Job

STATE_WORDS: dict[RunState, tuple[str, str]] = {
    "new": ("not started", "text3"),
    "running": ("running", "accent"),
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
        return "a few seconds left"
    if seconds < 90:
        return f"{round(seconds / 5) * 5} s left"
    if seconds < 5400:
        return f"{round(seconds / 60)} min left"
    return f"{seconds / 3600:.1f} h left"


def progress_words(job: Job) -> str:
    """Such as `step 25 200 of 40 000`, or what it is doing."""
    if job.state == "stopping":
        return "Stopping: writing what is done so far…"
    progress = job.progress
    if progress is None:
        return "Getting ready" if job.is_live else ""
    what = progress.doing or "step"
    return f"{what} {grouped(progress.done)} of {grouped(progress.total)}"


def grouped(number: int) -> str:
    """Thousands apart by a thin space."""
    return f"{number:,}".replace(",", "\u2009")
