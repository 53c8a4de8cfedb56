"""How far a clip is, in one word: the same in the list of clips, in menus and in search."""

from dataclasses import dataclass

from core.project.annotations import Clip, Project
from core.project.labelling import ranges
from studio.words import say


@dataclass(frozen=True)
class ClipState:
    """A clip's state in words, its colour as a word of the theme, and the counts behind it."""

    words: str
    colour: str
    segments: int
    poses_missing: int
    share_marked: float  # of its frames, 0 to 1


def without_pose(project: Project) -> frozenset[str]:
    """The labels whose segments need no characteristic pose: what models leave out."""
    return ranges(project)


def clip_state(
    project: Project, clip: Clip, *, video_is_there: bool = True, without: frozenset[str] | None = None
) -> ClipState:
    """New, in work, needs poses, done; or that its video has moved. `without` as of `without_pose`."""
    posed = {pose.segment for pose in clip.poses}
    without = without_pose(project) if without is None else without
    missing = sum(each.id not in posed and each.action not in without for each in clip.segments)
    marked = _frames_marked(clip)
    share = marked / clip.video.frame_count if clip.video.frame_count else 0.0
    if not video_is_there:
        words, colour = say("Video moved"), "danger"
    elif not clip.segments:
        words, colour = say("New"), "text3"
    elif missing:
        words, colour = say("Needs poses"), "warn"
    elif share > 0.98:
        words, colour = say("Done"), "ok"
    else:
        words, colour = say("In work"), "accent"
    return ClipState(words, colour, len(clip.segments), missing, share)


def _frames_marked(clip: Clip) -> int:
    """Frames under at least one segment; segments stand in the order of their start."""
    marked, reached = 0, 0
    for segment in clip.segments:
        marked += max(0, segment.end_frame - max(reached, segment.start_frame))
        reached = max(reached, segment.end_frame)
    return marked


def length_words(seconds: float) -> str:
    """Minutes and seconds, `2:23`, or hours too, `1:02:09`."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02d}:{whole % 60:02d}" if hours else f"{minutes}:{whole % 60:02d}"


def spoken_length(seconds: float) -> str:
    """`1 h 12 min`, `12 min`, `40 s`: a sum, not a place in time."""
    whole = round(seconds)
    if whole < 90:
        return f"{whole} s"
    hours, minutes = divmod(round(whole / 60), 60)
    return (
        say("{hours} h {minutes:02d} min", hours=hours, minutes=minutes)
        if hours
        else say("{minutes} min", minutes=minutes)
    )
