"""What the inspector says of a segment's pose."""

import pytest

from core.project.annotations import (
    BY_HAND,
    CharacteristicPose,
    Clip,
    FrameIdentity,
    Label,
    Project,
    Provenance,
    Segment,
    VideoFile,
)
from studio.pages.annotate_facts import segment_facts
from studio.widgets.clip_time import ClipTime


@pytest.mark.parametrize(
    ("source", "says"),
    [
        (BY_HAND, "Set by hand, Ines, "),
        ("draft: the middle of the segment", "A draft, which nobody chose yet (the middle of the segment). Ines, "),
        ("draft", "A draft, which nobody chose yet. Ines, "),
    ],
)
def test_that_a_pose_that_nobody_chose_is_called_a_draft(source, says):
    made = Provenance.now("Ines", source)
    segment = Segment(id="s", actor="", action="a", start_frame=0, end_frame=20, made=made)
    pose = CharacteristicPose(id="p", segment="s", frame=10, identity=FrameIdentity(pts=-1), made=made)
    video = VideoFile(
        path="", frame_count=50, width=640, height=360, rate_hz=25.0, duration_s=2.0, size_bytes=0, fingerprint=""
    )
    clip = Clip(id="c", name="walk", video=video, segments=(segment,), poses=(pose,), made=made)
    label = Label(id="a", name="reach", kind="action", colour="#112233", made=made)
    facts = segment_facts(Project(id="x", name="X", labels={"a": label}), clip, segment, ClipTime(50, 25.0), None)
    assert facts.pose.who.startswith(says)
