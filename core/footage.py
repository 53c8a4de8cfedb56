"""Where a project's rows meet its video files: what is kept of a file, and times as frames of a clip. No torch."""

from math import isfinite
from pathlib import Path

from core.errors import ProjectError
from core.project.annotations import Clip, FrameIdentity, VideoFile
from core.project.store import ProjectStore
from core.video import frame_luma, open_video
from core.video.frames import Video
from core.wording import spelled_time


def video_file(path: Path) -> VideoFile:
    """What a project keeps of a video, so that it knows it again. FileError where it cannot be read."""
    with open_video(path) as video:
        facts = video.facts()
    return VideoFile(path=str(path), **{name: value for name, value in facts._asdict().items() if name != "path"})


def has_video(store: ProjectStore, clip: Clip) -> bool:
    """Whether the clip's video is where the project says."""
    return bool(clip.video.path) and store.video_path(clip).is_file()


def frame_at(store: ProjectStore, clip: Clip, seconds: float) -> int:
    """The frame shown at `seconds`, by the video's own timestamps where there is a video."""
    if not 0 <= seconds <= clip.video.duration_s + 1 / clip.video.rate_hz:
        said = ("-" if seconds < 0 else "") + spelled_time(abs(seconds)) if isfinite(seconds) else str(seconds)
        lasts = spelled_time(clip.video.duration_s)
        raise ProjectError(f"{clip.name} has no moment {said}.", hint=f"It lasts {lasts}.")
    if has_video(store, clip):
        with open_video(store.video_path(clip)) as video:
            return video.frame_at(seconds)
    return min(round(seconds * clip.video.rate_hz), clip.video.frame_count - 1)


def identity_of(video: Video, frame: int) -> FrameIdentity:
    """What a frame looks like, as a characteristic pose keeps it."""
    return FrameIdentity(pts=video.pts(frame), luma=frame_luma(video.frame(frame)))
