"""Poses to pass through from recordings, forecasts, fits and clips."""

import numpy as np
import pytest
from msgspec.structs import replace

from core.anchor_poses import anchor_of_clip_pose, anchor_of_fit, anchor_of_motion, anchor_of_step, legs_are_seen
from core.bodies import library
from core.bodies.poses import pose_for
from core.bodies.skeletons import BLAZEPOSE_33, SMPL_24, UPPER_BODY_9
from core.errors import ProjectError
from core.fits import FittedPose
from core.forecasts import ForecastStep
from core.generation.blending import aligned_distance_m
from core.generation.upper_body import nine_of
from core.generations import packed, rows
from core.geometry.rotations import matrices, rotation_vectors
from core.project import joints
from core.project.annotations import ABSENT
from core.project.store import ProjectStore
from tests.core.generation.made_motion import strolling
from tests.core.made_up_project import made_up
from tests.core.project_on_disk import project_on_disk

MOTION = strolling(20, seed=2)


@pytest.mark.parametrize("joints", [24, 55])
def test_that_a_frame_of_a_recording_is_a_whole_body(joints):
    for motion in (MOTION, packed(MOTION)):
        anchor = anchor_of_motion(motion, 7, 1.5, name="walk", joints=joints)
        assert (anchor.at_s, anchor.name, anchor.joints_m) == (1.5, "walk", ())
        np.testing.assert_allclose(
            matrices(np.array(anchor.rotation_vectors)), pose_for(MOTION.rotations[7], joints), atol=1e-5
        )


@pytest.mark.parametrize("frame", [-1, 20])
def test_that_a_frame_there_is_none_of_is_refused(frame):
    with pytest.raises(ProjectError, match=f"there is no frame {frame}"):
        anchor_of_motion(MOTION, frame, 1.0)


def test_that_a_step_binds_the_nine_joints_of_its_forecast():
    joints_m = rows(nine_of(MOTION.rotations[3]))
    step = ForecastStep(action="cut", confidence=1.0, best=(), joints_m=joints_m, joints_px=((0.0, 0.0),) * 9)
    anchor = anchor_of_step(step, 0.75)
    assert (anchor.joints_m, anchor.rotation_vectors) == (joints_m, ())
    assert anchor.name == "forecast, cut"


def test_that_a_fitted_body_binds_what_was_seen_of_it():
    vectors = rotation_vectors(MOTION.rotations[3])
    fitted = FittedPose(betas=(), rotations=rows(vectors), translation_m=(1.0, 2.0, 3.0), error=0.01)
    np.testing.assert_allclose(anchor_of_fit(fitted, 1.0).rotation_vectors, vectors, atol=1e-6)
    upper = anchor_of_fit(fitted, 1.0, legs_seen=False)
    assert upper.rotation_vectors == ()
    np.testing.assert_allclose(upper.joints_m, nine_of(MOTION.rotations[3]), atol=1e-5)


def test_that_legs_are_seen_where_knees_and_ankles_are():
    seen = np.ones(33, bool)
    assert legs_are_seen(BLAZEPOSE_33, seen)
    seen[BLAZEPOSE_33["left_ankle"]] = False
    assert not legs_are_seen(BLAZEPOSE_33, seen)
    assert not legs_are_seen(UPPER_BODY_9, np.ones(9, bool))


@pytest.fixture
def store(tmp_path):
    project_on_disk(tmp_path, clips=2, steps=2)
    with ProjectStore.open(tmp_path, "test") as store:
        yield store


def test_that_a_characteristic_pose_of_a_clip_is_the_pose_its_camera_saw(store):
    clip = store.project.clips["clip-00"]
    pose = clip.poses[0]
    anchor = anchor_of_clip_pose(store, clip, pose, 0.8)
    action = store.project.labels[clip.segment(pose.segment).action].name
    assert anchor.name == f"{clip.name}, {action}"
    assert anchor.rotation_vectors == ()  # of nine joints nothing is known of the legs
    true_m = made_up(2, 2).truth[clip.id][pose.frame]
    assert float(aligned_distance_m(np.array(anchor.joints_m), true_m)) < 0.15


def test_that_joints_moved_by_hand_move_the_pose(store):
    clip = store.project.clips["clip-00"]
    pose = clip.poses[0]
    plain = np.array(anchor_of_clip_pose(store, clip, pose, 0.8).joints_m)
    seen = store.tracks(clip.tracks)
    x, y = seen.joints_px[pose.frame, 0, UPPER_BODY_9["right_hand"]]
    moved = replace(pose, joint_edits={"right_hand": (float(x), float(y) - 60.0, 1.0)})
    edited = np.array(anchor_of_clip_pose(store, clip, moved, 0.8).joints_m)
    hand = UPPER_BODY_9["right_hand"]
    assert edited[hand, 1] - edited[UPPER_BODY_9["neck"], 1] > plain[hand, 1] - plain[UPPER_BODY_9["neck"], 1] + 0.1


def test_that_joints_put_by_hand_are_a_pose_where_nobody_was_detected(store):
    clip = store.project.clips["clip-00"]
    pose = clip.poses[0]
    whole = joints.detected(store.tracks(clip.tracks), pose.frame, 0)
    by_hand = replace(pose, joint_edits=whole)
    expected = anchor_of_clip_pose(store, clip, pose, 0.8)
    assert anchor_of_clip_pose(store, replace(clip, tracks=""), by_hand, 0.8).joints_m == expected.joints_m
    absent = replace(pose, joint_edits={name: (x, y, ABSENT) for name, (x, y, _) in whole.items()})
    with pytest.raises(ProjectError, match="Too little is seen"):
        anchor_of_clip_pose(store, clip, absent, 0.8)


def test_that_a_clip_without_poses_and_a_person_who_is_not_there_are_told_in_words(store):
    clip = store.project.clips["clip-00"]
    pose = clip.poses[0]
    with pytest.raises(ProjectError, match=r"has no 2D poses"):
        anchor_of_clip_pose(store, replace(clip, tracks=""), pose, 1.0)
    with pytest.raises(ProjectError, match=r"has no 2D pose at frame 9999"):
        anchor_of_clip_pose(store, clip, replace(pose, frame=9999), 1.0)
    with pytest.raises(ProjectError, match=r"has no 2D pose at frame"):
        anchor_of_clip_pose(store, clip, pose, 1.0, person=3)
    assert len(library.body().parents) == len(SMPL_24)
