"""200 edits of a project, the same every time, made by a process that is killed while it makes them.

    python -m tests.core.project.scripted_edits FOLDER

Each edit is printed by its number once `edit` has returned, which is when a window would show it.
"""

import sys
from pathlib import Path

import msgspec
import numpy as np

from core.bodies.skeletons import UPPER_BODY_9
from core.motion import Poses2d
from core.project.annotations import CharacteristicPose, Clip, FrameIdentity, Label, Provenance, Segment, VideoFile
from core.project.store import ProjectStore

EDITS = 200
MADE = Provenance(author="Ada", at="2026-01-01T10:00:00.000+00:00")


def step(store: ProjectStore, number: int) -> None:
    """Make edit `number`, from 0."""
    project = store.project
    if number == 0:
        cut = Label(id=f"{1:032x}", name="cut", kind="action", colour="#617CE1", made=MADE)
        store.edit(project.with_label(cut), "Add cut")
        return
    if number == 1:
        video = VideoFile(
            path="", frame_count=10_000, width=640, height=360, rate_hz=30.0, duration_s=333.3, size_bytes=0,
            fingerprint="",
        )  # fmt: skip
        clip = Clip(id=f"{2:032x}", name="breakfast", video=video, made=MADE)
        store.edit(project.with_clip(clip), "Add breakfast")
        return
    (clip,) = project.clips.values()
    match number % 8:
        case 6:
            store.undo()
        case 7:
            store.redo()
        case 5:
            joints_px = np.full((10_000, 1, 9, 2), number, np.float32)
            name = store.write_tracks(Poses2d(UPPER_BODY_9, joints_px, np.ones((10_000, 1, 9), np.float32)))
            store.edit(project.with_clip(msgspec.structs.replace(clip, tracks=name)), "Extract 2D poses")
        case 4 if clip.segments:
            first = clip.segments[0]
            store.edit(project.with_clip(clip.without_segment(first.id)), "Delete cut")
        case _:
            segment = Segment(
                id=f"{1000 + number:032x}", action=f"{1:032x}", start_frame=40 * number, end_frame=40 * number + 30,
                made=MADE,
            )  # fmt: skip
            pose = CharacteristicPose(
                id=f"{5000 + number:032x}", segment=segment.id, frame=40 * number + 9,
                identity=FrameIdentity(pts=number), made=MADE,
            )  # fmt: skip
            store.edit(project.with_clip(clip.with_segment(segment).with_pose(pose)), "Mark cut")


def main(folder: Path) -> None:
    with ProjectStore.create(folder, "Kitchen", "Ada") as store:
        for number in range(EDITS):
            step(store, number)
            print(number, flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
