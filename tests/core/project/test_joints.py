"""Edits of the nine joints: laws over random poses and edits, and what they mean for who reads them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from core.bodies.skeletons import BODY_25, UPPER_BODY_9
from core.datasets.steps import PersonTrack, View
from core.errors import ProjectError
from core.motion import SEEN, Poses2d
from core.project import edits, joints
from core.project.annotations import ABSENT, OCCLUDED, VISIBLE
from core.project.joints import NAMES, NOWHERE, STATES
from tests.core.made_up_project import made_up, tilted_camera

pixels = st.floats(-50, 2000, width=32)
found = st.tuples(pixels, pixels, st.floats(2**-6, 1, width=32))
poses = st.fixed_dictionaries({name: st.one_of(st.just(NOWHERE), found) for name in NAMES})
said = st.tuples(pixels, pixels, st.sampled_from(sorted(STATES.values())))
hands = st.dictionaries(st.sampled_from(NAMES), said)


def normal(seen, by_hand):
    return {name: place for name, place in by_hand.items() if place != seen[name]}


@given(seen=poses, by_hand=hands)
def test_that_mirroring_twice_changes_nothing(seen, by_hand):
    by_hand = normal(seen, by_hand)
    once = joints.mirrored(seen, by_hand)
    assert joints.mirrored(seen, once) == by_hand
    before, after = joints.shown(seen, by_hand), joints.shown(seen, once)
    assert after["left_hand"] == before["right_hand"]
    assert after["neck"] == before["neck"]


@given(seen=poses, by_hand=hands)
def test_that_a_reset_leaves_the_detectors_pose_whatever_was_done(seen, by_hand):
    done = joints.mirrored(seen, joints.moved(seen, by_hand, "neck", 3.5, 4.5))
    assert joints.shown(seen, joints.reset(done)) == seen
    one = joints.shown(seen, joints.reset(done, "left_hand"))
    assert one["left_hand"] == seen["left_hand"]
    assert {name: one[name] for name in NAMES if name != "left_hand"} == {
        name: joints.shown(seen, done)[name] for name in NAMES if name != "left_hand"
    }


@given(seen=poses, by_hand=hands, joint=st.sampled_from(NAMES))
def test_that_a_drag_of_zero_length_edits_nothing(seen, by_hand, joint):
    x, y, sure = joints.shown(seen, by_hand)[joint]
    if sure > 0:
        assert joints.moved(seen, by_hand, joint, x, y) == by_hand


@given(seen=poses, by_hand=hands, neighbour=poses)
def test_that_copying_writes_what_the_neighbour_shows_and_keeps_what_it_has_not(seen, by_hand, neighbour):
    before = joints.shown(seen, by_hand)
    after = joints.shown(seen, joints.copied(seen, by_hand, neighbour))
    for name in NAMES:
        assert after[name] == (neighbour[name] if neighbour[name] != NOWHERE else before[name])


@given(seen=poses, by_hand=hands, joint=st.sampled_from(NAMES), x=pixels, y=pixels)
def test_that_a_moved_joint_is_there_and_seen_and_no_other_moves(seen, by_hand, joint, x, y):
    before = joints.shown(seen, by_hand)
    after = joints.shown(seen, joints.moved(seen, by_hand, joint, x, y))
    assert after[joint][:2] == (x, y)
    assert after[joint] == before[joint] or after[joint][2] in (VISIBLE, OCCLUDED)
    assert {name: after[name] for name in NAMES if name != joint} == {
        name: before[name] for name in NAMES if name != joint
    }


def test_that_a_joint_goes_round_its_three_states_and_keeps_its_place():
    seen = dict.fromkeys(NAMES, NOWHERE) | {"head": (10.0, 20.0, 0.9), "neck": (10.0, 40.0, 0.1)}
    by_hand: dict = {}
    states = []
    for _ in range(4):
        head = joints.seen_joints(seen, by_hand, None, 640, 360)[0]
        by_hand = joints.flagged(seen, by_hand, "head", joints.following(head), (head.x, head.y))
        states.append(by_hand["head"])
    assert states == [(10.0, 20.0, each) for each in (OCCLUDED, ABSENT, VISIBLE, OCCLUDED)]
    doubtful, unseen = joints.seen_joints(seen, {}, None, 640, 360)[1:3]
    assert joints.following(doubtful) == "visible"
    assert joints.following(unseen) == "visible"


def test_that_an_occluded_joint_stays_occluded_when_it_is_moved_and_an_absent_one_is_seen_again():
    seen = dict.fromkeys(NAMES, (5.0, 5.0, 0.8))
    occluded = {"left_hand": (5.0, 5.0, OCCLUDED)}
    assert joints.moved(seen, occluded, "left_hand", 9.0, 5.0)["left_hand"] == (9.0, 5.0, OCCLUDED)
    absent = {"left_hand": (5.0, 5.0, ABSENT)}
    assert joints.moved(seen, absent, "left_hand", 9.0, 5.0)["left_hand"] == (9.0, 5.0, VISIBLE)


@given(
    known=st.sets(st.sampled_from(NAMES)), scale=st.floats(0.5, 3), x=st.floats(0, 500), y=st.floats(0, 500)
)  # fmt: skip
def test_that_a_guess_is_the_neighbours_pose_where_what_is_known_lies(known, scale, x, y):
    like = {name: (10.0 * at, float(at**2), 1.0) for at, name in enumerate(NAMES)}
    there = {name: (scale * px + x, scale * py + y) for name, (px, py, _) in like.items()}
    here = {name: (*there[name], 1.0) if name in known else NOWHERE for name in NAMES}
    guess = joints.guesses(here, like, 640, 360)
    if len(known) > 1:
        np.testing.assert_allclose([guess[name] for name in NAMES], [there[name] for name in NAMES], atol=1e-6)
    elif not known:
        assert guess == {name: place[:2] for name, place in like.items()}


def test_that_somebody_never_seen_stands_whole_in_the_picture():
    guess = joints.guesses(dict.fromkeys(NAMES, NOWHERE), None, 640, 360)
    assert all(0 < x < 640 and 0 < y < 360 for x, y in guess.values())
    assert guess["right_hand"][0] < guess["neck"][0] < guess["left_hand"][0]  # they face the camera
    assert guess["head"][1] < guess["neck"][1] < guess["hip"][1]


def test_that_the_detectors_joints_are_those_of_its_skeleton_and_nowhere_without_numbers():
    joints_px = np.zeros((2, 1, len(BODY_25), 2), np.float32)
    confidence = np.full((2, 1, len(BODY_25)), 0.75, np.float32)
    joints_px[1, 0, BODY_25["right_wrist"]] = 33.0, 44.0
    joints_px[1, 0, BODY_25["left_wrist"]] = np.nan
    tracks = Poses2d(BODY_25, joints_px, confidence)
    seen = joints.detected(tracks, 1, 0)
    assert seen["right_hand"] == (33.0, 44.0, 0.75)
    assert seen["left_hand"] == NOWHERE
    nobody = dict.fromkeys(NAMES, NOWHERE)
    assert joints.detected(tracks, 2, 0) == joints.detected(tracks, 1, 1) == joints.detected(None, 0, 0) == nobody


def test_that_models_learn_from_occluded_joints_and_not_from_absent_ones():
    joints_px = np.tile(np.arange(9, dtype=np.float32)[:, None] * 10 + 100, (1, 1, 1, 2))
    tracks = Poses2d(UPPER_BODY_9, joints_px, np.full((1, 1, 9), 0.9, np.float32))
    seen = joints.detected(tracks, 0, 0)
    by_hand = joints.flagged(seen, {}, "left_hand", "occluded", (50.0, 60.0))
    by_hand = joints.flagged(seen, by_hand, "right_hand", "absent", (50.0, 60.0))
    pose = PersonTrack(View(tilted_camera(), 2.0, 100.0), tracks, 0).at(0, by_hand)
    assert pose.visible[UPPER_BODY_9["left_hand"]]
    assert not pose.visible[UPPER_BODY_9["right_hand"]]
    assert (pose.joints[UPPER_BODY_9["right_hand"]] == 0).all()


def test_that_the_nearest_pose_is_the_same_persons_and_not_the_segments_own():
    clip = next(iter(made_up(1).project.clips.values()))
    third = clip.segments[2]
    own = clip.pose_of(third.id)
    nearest = joints.nearest_pose(clip, third, own.frame if own is not None else 0)
    assert nearest is not None
    assert nearest.segment in (clip.segments[1].id, clip.segments[3].id)
    first = joints.nearest_pose(clip.without_pose(nearest.segment), third, 0)
    assert first is not None
    assert first.segment == clip.segments[0].id


def test_that_a_frame_shows_joints_moved_by_hand_of_their_own_person_alone():
    made = made_up(1)
    clip = next(iter(made.project.clips.values()))
    pose, tracks = clip.poses[0], made.tracks[clip.tracks]
    plain, seen = joints.nine_in(tracks, clip, pose.frame, 0)
    np.testing.assert_array_equal(plain, tracks.joints_px[pose.frame, 0].astype(float))
    assert seen.all()
    edited = clip.with_pose(replace(pose, joint_edits={"hip": (3.0, 4.0, OCCLUDED), "head": (5.0, 6.0, ABSENT)}))
    places, seen = joints.nine_in(tracks, edited, pose.frame, 0)
    assert places[UPPER_BODY_9["hip"]].tolist() == [3.0, 4.0]
    assert [name for name, there in zip(NAMES, seen, strict=True) if not there] == ["head"]
    assert not joints.nine_in(tracks, edited, pose.frame, 1)[1].any()
    np.testing.assert_array_equal(
        joints.nine_in(tracks, edited, pose.frame + 1, 0)[0], tracks.joints_px[pose.frame + 1, 0]
    )


def test_that_all_poses_of_a_frame_are_found_and_no_other():
    clip = next(iter(made_up(1).project.clips.values()))
    first, second, third = clip.poses[:3]
    clip = clip.with_pose(replace(second, frame=first.frame)).with_pose(replace(third, frame=first.frame + 1))
    for frame in range(first.frame - 1, first.frame + 3):
        assert joints.poses_at(clip, frame) == tuple(each for each in clip.poses if each.frame == frame)
    assert len(joints.poses_at(clip, first.frame)) == 2


@pytest.mark.parametrize("place", [(float("nan"), 1.0, 1.0), (1.0, float("inf"), 1.0), (1.0, 1.0, 1.5)])
def test_that_a_place_that_is_none_is_refused_in_words(place):
    project = made_up(1).project
    clip = next(iter(project.clips.values()))
    with pytest.raises(ProjectError, match="left hand"):
        edits.set_joint_edits(project, clip.id, clip.segments[0].id, {"left_hand": place})


def test_that_seen_is_what_everybody_else_counts_as_seen():
    assert ABSENT < SEEN <= OCCLUDED < VISIBLE
    assert joints.known_count(dict.fromkeys(NAMES, NOWHERE) | {"head": (1.0, 1.0, OCCLUDED)}) == 1
