"""Seconds to frames of a clip and back, by the video's own timestamps where there is a video."""

from core.errors import ProjectError
from core.project.annotations import Clip
from core.project.store import ProjectStore


def frame_at(store: ProjectStore, clip: Clip, seconds: float) -> int:
    """The frame shown at `seconds`: the last one whose time is not after it."""
    if not 0 <= seconds <= clip.video.duration_s + 1 / clip.video.rate_hz:
        raise ProjectError(f"{clip.name} has no moment {seconds:g} s.", hint=f"It lasts {clip.video.duration_s:.2f} s.")
    path = store.video_path(clip)
    if not clip.video.path or not path.is_file():
        return min(round(seconds * clip.video.rate_hz), clip.video.frame_count - 1)
    from core.video import open_video

    with open_video(path) as video:
        low, high = 0, len(video) - 1
        while low < high:
            middle = (low + high + 1) // 2
            if video.time_s(middle) <= seconds + 1e-6:
                low = middle
            else:
                high = middle - 1
        return low
