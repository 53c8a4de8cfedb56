"""The values of a project: what they refuse, how a clip keeps its order, and what counts as changed."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.project.annotations import Changes, Project, Segment


@pytest.mark.parametrize(("start", "end"), [(5, 5), (6, 5), (-1, 5)])
def test_that_a_segment_that_cannot_be_shown_does_not_exist(parts, start, end):
    with pytest.raises(ValueError, match="runs forward in time"):
        parts.segment("cut", start, end)
    text = msgspec.json.encode(parts.segment("cut", 1, 2)).replace(b'"start_frame":1', b'"start_frame":%d' % start)
    with pytest.raises(msgspec.ValidationError, match="runs forward in time"):
        msgspec.json.decode(text.replace(b'"end_frame":2', b'"end_frame":%d' % end), type=Segment)


@given(starts=st.lists(st.integers(0, 50), max_size=12))
def test_that_a_clip_keeps_its_segments_and_poses_by_frame(parts, starts):
    clip = parts.clip()
    for start in starts:
        segment = parts.segment("cut", start, start + 1 + start % 3)
        clip = clip.with_segment(segment).with_pose(parts.pose(segment.id, frame=start))
    assert [each.start_frame for each in clip.segments] == sorted(starts)
    assert [each.frame for each in clip.poses] == sorted(starts)
    for segment in clip.segments:
        assert clip.segment(segment.id) is segment
        assert clip.pose_of(segment.id).frame == segment.start_frame


def test_that_a_segment_put_in_again_takes_its_own_place(parts):
    first, second = parts.segment("cut", 1, 5), parts.segment("cut", 10, 15)
    clip = parts.clip().with_segment(first).with_segment(second)
    moved = clip.with_segment(replace(first, start_frame=20, end_frame=25))
    assert [each.id for each in moved.segments] == [second.id, first.id]


def test_that_a_segment_has_one_pose_and_takes_it_along(parts):
    segment = parts.segment("cut")
    clip = parts.clip().with_segment(segment)
    clip = clip.with_pose(parts.pose(segment.id, 12)).with_pose(parts.pose(segment.id, 15))
    assert [each.frame for each in clip.poses] == [15]
    assert clip.without_segment(segment.id).poses == ()
    assert clip.without_pose(segment.id).segments == (segment,)


def test_that_only_what_differs_counts_as_changed(parts):
    clip, other, label = parts.clip("a"), parts.clip("b"), parts.label()
    before = Project(id="0", name="Kitchen").with_clip(clip).with_clip(other)
    assert not Changes.between(before, before)
    assert not Changes.between(before, replace(before, clips=dict(before.clips)))
    after = replace(before.with_label(label).without_clip(other.id), name="Galley")
    changes = Changes.between(before, after)
    assert (changes.name, changes.labels, changes.clips) == (True, {label.id}, {other.id})
    assert not changes.cameras | changes.splits | changes.items
