"""A small project to edit, and words to make its parts with."""

import pytest

from core.project.annotations import (
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Provenance,
    Segment,
    VideoFile,
    new_id,
)
from core.project.store import ProjectStore


class Parts:
    """Rows with everything a test does not care about filled in."""

    made = Provenance(author="Ada", at="2026-01-01T10:00:00.000+00:00")

    def label(self, name="cut", kind="action"):
        return Label(id=new_id(), name=name, kind=kind, colour="#617CE1", made=self.made)

    def clip(self, name="breakfast", frames=900):
        video = VideoFile(
            path=f"videos/{name}.mp4",
            frame_count=frames,
            width=640,
            height=360,
            rate_hz=30.0,
            duration_s=frames / 30,
            size_bytes=1000,
            fingerprint="f" * 16,
        )
        return Clip(id=new_id(), name=name, video=video, made=self.made)

    def segment(self, action, start_frame=10, end_frame=40, **more):
        return Segment(id=new_id(), action=action, start_frame=start_frame, end_frame=end_frame, made=self.made, **more)

    def pose(self, segment, frame=20, **more):
        return CharacteristicPose(
            id=new_id(), segment=segment, frame=frame, identity=FrameIdentity(pts=frame * 512), made=self.made, **more
        )


@pytest.fixture(scope="session")
def parts():
    return Parts()


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "kitchen"


@pytest.fixture
def store(folder):
    with ProjectStore.create(folder, "Kitchen", "Ada") as store:
        yield store


@pytest.fixture
def marked(store, parts):
    """`store` with two labels, a clip, a segment and its pose, each put in by an edit of its own."""
    cut, knife, clip = parts.label("cut"), parts.label("knife", "object"), parts.clip()
    store.edit(store.project.with_label(cut), "Add cut")
    store.edit(store.project.with_label(knife), "Add knife")
    store.edit(store.project.with_clip(clip), "Add breakfast")
    segment = parts.segment(cut.id, objects=(knife.id,))
    store.edit(store.project.with_clip(clip.with_segment(segment)), "Mark cut")
    clip = store.project.clips[clip.id].with_pose(parts.pose(segment.id, joint_edits={"left_hand": (3.5, 4.25, 1.0)}))
    store.edit(store.project.with_clip(clip), "Mark the pose of cut")
    return store
