"""What each shared edit makes of a project, and what it refuses, in words."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.errors import ProjectError
from core.geometry.cameras import estimated_camera
from core.project import edits
from core.project.annotations import FrameIdentity, Project

IDENTITY = FrameIdentity(pts=512)


@pytest.fixture
def kitchen(parts):
    """A project with the actions cut and wash, the object knife, and a clip with two segments."""
    project = Project(id="0", name="Kitchen")
    for name, kind in (("cut", "action"), ("wash", "action"), ("knife", "object")):
        project, _ = edits.add_label(project, name, kind, author="Ada")
    clip = parts.clip(frames=900)
    project = project.with_clip(clip)
    cut, wash = project.actions()
    project, _ = edits.mark_segment(project, clip.id, cut.id, 10, 40, author="Ada")
    project, _ = edits.mark_segment(project, clip.id, wash.id, 40, 90, author="Ada")
    return project


def clip_of(project):
    (clip,) = project.clips.values()
    return clip


# ---- labels ----


def test_that_forty_labels_have_forty_colours_and_the_next_begins_anew():
    project = Project(id="0", name="Kitchen")
    for number in range(41):
        project, label = edits.add_label(project, f"action {number}", "action", author="Ada")
        assert label.colour == edits.LABEL_COLOURS[number % 40]


def test_that_a_freed_colour_and_key_go_to_the_next_label(kitchen, parts):
    cut = kitchen.label_named("cut", "action")
    empty = replace(kitchen, clips={})
    _, peel = edits.add_label(edits.remove_label(empty, cut.id), "peel", "action", author="Ada")
    assert (peel.colour, peel.key) == (cut.colour, cut.key)


def test_that_actions_get_the_keys_1_to_0_then_with_alt_then_none():
    project = Project(id="0", name="Kitchen")
    for number in range(21):
        project, _ = edits.add_label(project, f"action {number}", "action", author="Ada")
    keys = [label.key for label in project.actions()]
    assert keys == [*"1234567890", *(f"Alt+{digit}" for digit in "1234567890"), ""]


def test_that_objects_and_background_take_no_key_and_background_is_grey():
    project, knife = edits.add_label(Project(id="0", name="Kitchen"), "knife", "object", author="Ada")
    project, background = edits.add_label(project, "background", "action", author="Ada")
    project, cut = edits.add_label(project, "cut", "action", author="Ada")
    assert (knife.key, background.key, cut.key) == ("", "", "1")
    assert background.colour == edits.BACKGROUND_COLOUR


def test_that_a_known_name_gives_the_label_it_names(kitchen):
    project, cut = edits.label_for(kitchen, " cut ", "action", author="Ada")
    assert project is kitchen
    assert cut is kitchen.label_named("cut", "action")
    project, other = edits.label_for(kitchen, "cut", "object", author="Ada")
    assert (other.kind, len(project.labels)) == ("object", 4)


def test_that_renaming_a_label_leaves_the_segments_alone(kitchen):
    cut = kitchen.label_named("cut", "action")
    project = edits.rename_label(kitchen, cut.id, "slice")
    assert project.labels[cut.id].name == "slice"
    assert project.clips is kitchen.clips


def test_that_a_label_in_use_is_not_removed(kitchen):
    cut = kitchen.label_named("cut", "action")
    with pytest.raises(ProjectError, match=r"^The label cut is used by 1 segment$"):
        edits.remove_label(kitchen, cut.id)


@pytest.mark.parametrize(
    ("edit", "says"),
    [
        (lambda p, cut: edits.add_label(p, "cut", "action", author=""), 'already an action called "cut"'),
        (lambda p, cut: edits.add_label(p, "  ", "action", author=""), "needs a name"),
        (lambda p, cut: edits.rename_label(p, cut, "wash"), 'already an action called "wash"'),
        (lambda p, cut: edits.rename_label(p, "?", "wash"), "no label ?"),
        (lambda p, cut: edits.recolour_label(p, cut, "red"), '"red" is no colour'),
        (lambda p, cut: edits.set_label_key(p, cut, "C"), "cannot be a label's key"),
        (lambda p, cut: edits.set_label_key(p, cut, "2"), "2 is the key of wash"),
    ],
)
def test_that_an_impossible_label_is_refused_in_words(kitchen, edit, says):
    with pytest.raises(ProjectError) as refused:
        edit(kitchen, kitchen.label_named("cut", "action").id)
    assert says in str(refused.value)
    assert refused.value.hint


def test_that_a_key_taken_away_can_be_given_to_another(kitchen):
    cut, wash = kitchen.actions()
    project = edits.set_label_key(edits.set_label_key(kitchen, wash.id, ""), cut.id, "2")
    assert [label.key for label in project.actions()] == ["2", ""]


# ---- clips and cameras ----


def test_that_a_video_in_the_project_folder_is_kept_relative_and_others_absolute(parts, tmp_path):
    video = parts.clip().video
    project = Project(id="0", name="Kitchen")
    inside, outside = tmp_path / "p" / "videos" / "a.mp4", tmp_path / "b.mp4"
    project, first = edits.add_clip(project, "a", inside, video, author="Ada", folder=tmp_path / "p")
    project, second = edits.add_clip(project, "a", outside, video, author="Ada", folder=tmp_path / "p")
    assert (first.video.path, second.video.path) == ("videos/a.mp4", str(outside))
    assert (first.name, second.name) == ("a", "a 2")
    with pytest.raises(ProjectError, match=r"b\.mp4 is already in the project, as a 2"):
        edits.add_clip(project, "b", outside, video, author="Ada", folder=tmp_path / "p")


def test_that_clips_without_video_may_be_many(parts):
    video = parts.clip().video
    project = Project(id="0", name="Kitchen")
    for _ in range(2):
        project, clip = edits.add_clip(project, "demo", None, video, author="Ada", folder=Path("p"))
        assert clip.video.path == ""
    assert len(project.clips) == 2


def test_that_pointing_to_another_video_moves_nothing_that_was_marked(kitchen, tmp_path):
    clip = clip_of(kitchen)
    shorter = replace(clip.video, frame_count=50)
    after = clip_of(edits.set_video(kitchen, clip.id, tmp_path / "new.mp4", shorter, folder=tmp_path))
    assert (after.video.path, after.video.frame_count) == ("new.mp4", 50)
    assert after.segments is clip.segments


def test_that_a_removed_clip_leaves_the_splits(kitchen, parts):
    other = parts.clip("supper")
    project = kitchen.with_clip(other)
    clip = next(iter(kitchen.clips))
    project, split = edits.add_split(project, "half", {"train": (clip,), "test": (other.id,)}, author="Ada")
    after = edits.remove_clip(project, clip)
    assert after.splits[split.id].parts == {"train": (), "test": (other.id,)}
    assert list(after.clips) == [other.id]


def test_that_a_clip_stands_in_one_part_of_a_split(kitchen):
    clip = next(iter(kitchen.clips))
    with pytest.raises(ProjectError, match="breakfast stands in two parts"):
        edits.add_split(kitchen, "both", {"train": (clip,), "test": (clip,)}, author="Ada")
    with pytest.raises(ProjectError, match="no clip elsewhere"):
        edits.add_split(kitchen, "none", {"train": ("elsewhere",)}, author="Ada")


def test_that_a_camera_keeps_its_numbers(kitchen):
    camera = estimated_camera(640, 360)
    project, row = edits.add_camera(kitchen, "kitchen", camera, author="Ada")
    np.testing.assert_array_equal(row.rotation, camera.rotation)
    np.testing.assert_array_equal(row.focal_px, camera.focal_px)
    assert row.estimated
    clip = next(iter(kitchen.clips))
    assert edits.set_camera(project, clip, row.id).clips[clip].camera == row.id
    with pytest.raises(ProjectError, match="no camera x"):
        edits.set_camera(project, clip, "x")


# ---- segments ----


@pytest.mark.parametrize(("start", "end"), [(-1, 5), (5, 5), (9, 3)])
def test_that_a_segment_runs_forward_from_frame_0_on(kitchen, start, end):
    clip = clip_of(kitchen)
    with pytest.raises(ProjectError, match="segment"):
        edits.mark_segment(kitchen, clip.id, clip.segments[0].action, start, end, author="Ada")
    with pytest.raises(ProjectError, match="segment"):
        edits.move_ends(kitchen, clip.id, clip.segments[0].id, start_frame=start, end_frame=end)


def test_that_a_segment_has_an_action_objects_and_a_person_of_its_project(kitchen):
    clip, knife, cut = (
        clip_of(kitchen),
        *(kitchen.label_named(*each) for each in (("knife", "object"), ("cut", "action"))),
    )
    mark = {"start_frame": 100, "end_frame": 120, "author": "Ada"}
    for wrong, says in (
        ({"action": knife.id}, "knife is an object"),
        ({"action": cut.id, "objects": (cut.id,)}, "cut is an action"),
        ({"action": "?"}, r"no label \?"),
        ({"action": cut.id, "actor": "?"}, r"no person \?"),
    ):
        with pytest.raises(ProjectError, match=says):
            edits.mark_segment(kitchen, clip.id, **wrong, **mark)
    project, cook = edits.add_actor(kitchen, clip.id, "cook", author="Ada")
    _, segment = edits.mark_segment(project, clip.id, cut.id, objects=(knife.id,), actor=cook.id, **mark)
    assert (segment.objects, segment.actor, segment.made.author) == ((knife.id,), cook.id, "Ada")


@given(at=st.integers(11, 39), pose=st.integers(0, 60))
def test_that_merging_takes_a_split_back(parts, at, pose):
    project, cut = edits.label_for(Project(id="0", name=""), "cut", "action", author="Ada")
    clip = parts.clip()
    project, segment = edits.mark_segment(project.with_clip(clip), clip.id, cut.id, 10, 40, author="Ada")
    project = edits.set_pose(project, clip.id, segment.id, pose, IDENTITY, author="Ada")
    halves, second = edits.split_segment(project, clip.id, segment.id, at, author="Ada")
    first = clip_of(halves).segment(segment.id)
    assert (first.start_frame, first.end_frame, second.start_frame, second.end_frame) == (10, at, at, 40)
    with_pose = clip_of(halves).pose_of(second.id if pose >= at else first.id)
    assert with_pose.frame == pose
    assert len(clip_of(halves).poses) == 1
    assert edits.merge_with_next(halves, clip.id, segment.id) == project


def test_that_a_merged_segment_has_the_objects_of_both_and_the_first_pose(kitchen):
    clip = clip_of(kitchen)
    first, second = clip.segments
    project, board = edits.label_for(kitchen, "board", "object", author="Ada")
    knife = project.label_named("knife", "object")
    project = edits.change_segment(project, clip.id, first.id, objects=(knife.id,))
    project = edits.change_segment(project, clip.id, second.id, objects=(board.id, knife.id))
    for segment, frame in ((first, 12), (second, 50)):
        project = edits.set_pose(project, clip.id, segment.id, frame, IDENTITY, author="Ada")
    (whole,) = clip_of(edits.merge_with_next(project, clip.id, first.id)).segments
    assert (whole.id, whole.action, whole.end_frame) == (first.id, first.action, 90)
    assert whole.objects == (knife.id, board.id)
    (pose,) = clip_of(edits.merge_with_next(project, clip.id, first.id)).poses
    assert pose.frame == 12


def test_that_the_last_segment_has_none_to_merge_with(kitchen):
    clip = clip_of(kitchen)
    with pytest.raises(ProjectError, match="no segment follows"):
        edits.merge_with_next(kitchen, clip.id, clip.segments[-1].id)


@pytest.mark.parametrize("frame", [9, 10, 40, 41])
def test_that_a_split_lies_inside_its_segment(kitchen, frame):
    clip = clip_of(kitchen)
    with pytest.raises(ProjectError, match="does not lie inside the segment"):
        edits.split_segment(kitchen, clip.id, clip.segments[0].id, frame, author="Ada")


def test_that_a_deleted_segment_takes_its_pose_along(kitchen):
    clip = clip_of(kitchen)
    for segment in clip.segments:
        kitchen = edits.set_pose(kitchen, clip.id, segment.id, segment.start_frame, IDENTITY, author="Ada")
    first, second = clip.segments
    after = clip_of(edits.delete_segments(kitchen, clip.id, first.id))
    assert [each.id for each in after.segments] == [second.id]
    assert [each.segment for each in after.poses] == [second.id]
    with pytest.raises(ProjectError, match="no segment"):
        edits.delete_segments(kitchen, clip.id, "?")


# ---- poses ----


def test_that_a_segment_has_one_pose_and_moving_it_forgets_its_joints(kitchen):
    clip = clip_of(kitchen)
    segment = clip.segments[0].id
    project = edits.set_pose(kitchen, clip.id, segment, 20, IDENTITY, author="Ada")
    project = edits.set_joint_edits(project, clip.id, segment, {"head": (1.0, 2.0, 1.0)})
    same = edits.set_pose(project, clip.id, segment, 20, IDENTITY, author="Grace")
    moved = edits.set_pose(project, clip.id, segment, 25, FrameIdentity(pts=9), author="Grace")
    assert clip_of(same).poses[0].joint_edits == {"head": (1.0, 2.0, 1.0)}
    (pose,) = clip_of(moved).poses
    assert (pose.frame, pose.identity.pts, pose.joint_edits) == (25, 9, {})
    assert pose.id == clip_of(project).poses[0].id
    assert clip_of(edits.remove_pose(moved, clip.id, segment)).poses == ()
    assert edits.remove_pose(kitchen, clip.id, segment) is kitchen


def test_that_joints_are_moved_on_a_pose_that_is_there(kitchen):
    clip = clip_of(kitchen)
    with pytest.raises(ProjectError, match="no characteristic pose yet"):
        edits.set_joint_edits(kitchen, clip.id, clip.segments[0].id, {"head": (1.0, 2.0, 1.0)})
    with pytest.raises(ProjectError, match="count from 0"):
        edits.set_pose(kitchen, clip.id, clip.segments[0].id, -1, IDENTITY, author="Ada")


def test_that_a_joint_that_nobody_has_cannot_be_moved(kitchen):
    clip = clip_of(kitchen)
    project = edits.set_pose(kitchen, clip.id, clip.segments[0].id, 20, IDENTITY, author="Ada")
    with pytest.raises(ProjectError, match="no joint left_knee"):
        edits.set_joint_edits(project, clip.id, clip.segments[0].id, {"left_knee": (1.0, 2.0, 1.0)})
