"""A job's state in words and colours, the same wherever it stands."""

from core.run_folder import RunState
from studio.job import Job
from studio.job_line import Turn
from studio.words import said, say

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
OUTLIVES = "It goes on when this window closes."


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


def step_words(job: Job) -> str:
    """Such as `step 25 200 of 40 000`; empty before it has said how far it is."""
    progress = job.progress
    if progress is None:
        return ""
    what = progress.doing or say("step")
    return say("{what} {done} of {total}", what=what, done=grouped(progress.done), total=grouped(progress.total))


def progress_words(job: Job, turn: Turn | None = None) -> str:
    """How far it is, or what it is doing instead; `turn` is where it stands in the line."""
    match job.state:
        case "stopping":
            return say("Stopping: writing the last checkpoint…" if job.is_training else "Stopping…")
        case "pausing":
            return say("Pausing: writing the last checkpoint…" if job.is_training else "Pausing…")
        case "waiting":
            return turn.words if turn is not None else say("waits for its turn")
        case "paused":
            return ", ".join(filter(None, (say("paused"), step_words(job))))
        case _:
            return step_words(job) or (say("Getting ready") if job.is_live else "")


def running_words(job: Job, turn: Turn | None = None) -> str:
    """All of it in a sentence: `forecaster-08, step 25 200 of 40 000, 4 min left.`"""
    parts = (job.label, progress_words(job, turn), left_words(job.seconds_left()))
    return ", ".join(filter(None, (each.rstrip("…") for each in parts))) + "."


def outlives_words(job: Job) -> str:
    """What a live job does when the window closes, and what a pause or a stop keeps of it."""
    match job.state:
        case "running":
            return said(OUTLIVES)
        case "waiting":
            return say("It begins by itself, also when this window closes.")
        case "paused":
            return say("It holds nothing of this machine but its files, and goes on when it is told to.") if (
                job.is_training
            ) else say("It holds still until it is told to go on.")  # fmt: skip
        case _:
            return ""


def grouped(number: int) -> str:
    """Thousands apart by a thin space."""
    return f"{number:,}".replace(",", "\u2009")
