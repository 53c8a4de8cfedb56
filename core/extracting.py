"""2D poses of a project's clips, seen in their videos one after another; each is handed on as soon as it is whole.

Stopped at any time it goes on where it was: what was seen so far lies in the run's folder, a folder a clip. No torch.
"""

from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

from core.detection.tracking import extract, read_extraction
from core.motion import Poses2d
from core.project.annotations import Clip
from core.runs import Events, Made, Progress
from core.video import open_video
from core.wording import counted

SOURCE = "BlazePose"


def extract_clips(
    clips: Sequence[tuple[Clip, Path]], out: Path, keep: Callable[[Clip, Poses2d], None], *, most_people: int = 4
) -> Events:
    """See everybody in each clip's video; `keep` is handed what was found in one. Progress counts frames of all."""
    total = sum(clip.video.frame_count for clip, _ in clips)
    before = 0
    for clip, path in clips:
        part = out / clip.id
        with open_video(path) as video, closing(extract(video, part, most_people=most_people)) as events:
            for event in events:
                if isinstance(event, Progress):
                    yield Progress(before + event.done, total, f"2D poses of {clip.name}")
                else:
                    yield event
        poses = read_extraction(part)
        keep(clip, poses)
        before += clip.video.frame_count
        yield Made(f"2D poses of {clip.name}: {counted(poses.people, 'person', 'people')}", str(part))
