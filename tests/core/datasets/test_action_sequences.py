"""Steps and windows: what a forecaster is told, and that it is never told the future."""

from dataclasses import replace as changed

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from core.bodies.skeletons import UPPER_BODY_9
from core.configs import ForecasterData
from core.datasets.action_sequences import UNKNOWN, Vocabulary, examples_of, vocabulary_of, window_at, windows_of
from core.datasets.catalog import parts_of
from core.datasets.steps import clip_sequences, view_of
from core.errors import RunError
from core.geometry.cameras import level_points, project, project_levelled, to_camera
from core.geometry.differentiable import Views, see
from core.motion import Poses2d
from core.project.annotations import Segment
from core.project.cameras import camera_of
from core.project.clusters import with_clusters
from core.project.edits import label_for
from tests.core.made_up_project import ACTIONS, MADE, OBJECTS, REST, STEP, made_up, pose_of, tilted_camera

INPUTS = ("seen_actions", "seen_poses", "seen_visible", "seen_real", "objects", "tilt", "ray", "depth_m", "scale_px")
DATA = ForecasterData(past_steps=4, future_steps=3)
WORDS = Vocabulary(ACTIONS, OBJECTS)


def _sequence(made, clip_id="clip-01", data=DATA):
    (sequence,) = clip_sequences(made.project, made.project.clips[clip_id], made.read_tracks, data)
    return sequence


def test_that_steps_are_ordered_by_their_pose_and_count_from_it_on():
    sequence = _sequence(made_up())
    frames = [step.frame for step in sequence.steps]
    assert frames == sorted(frames)
    assert sequence.seen_by(frames[3] - 1) == 3
    assert sequence.seen_by(frames[3]) == 4


def test_that_a_window_holds_the_last_steps_oldest_first_and_padded_on_the_left():
    sequence = _sequence(made_up())
    windows = windows_of([sequence], WORDS, DATA)
    numbers = [WORDS.action(step.action) for step in sequence.steps]
    assert windows.seen_actions[0].tolist() == [UNKNOWN] * 3 + numbers[:1]
    assert windows.seen_actions[5].tolist() == numbers[2:6]
    assert windows.next_actions[5].tolist() == numbers[6:9]
    assert not windows.seen_visible[0, :3].any()
    np.testing.assert_array_equal(windows.seen_poses[5, -1], sequence.steps[5].pose.joints)
    assert len(windows.complete()) == len(numbers) - DATA.future_steps


@pytest.mark.parametrize("poses", ["characteristic", "middle", "random", "uncoupled"])
def test_that_a_later_annotation_that_changes_changes_no_input(poses):
    data = replace(DATA, poses=poses)
    made = made_up(camera=tilted_camera(15))
    clip = made.project.clips["clip-01"]
    seen = 5
    later = clip.segments[seen + 1]
    moved = replace(later, action="label-stir", objects=("label-carrot", "label-bread"), end_frame=later.end_frame - 3)
    shifted = replace(clip.pose_of(later.id), frame=later.start_frame + 1, joint_edits={"head": (1.0, 2.0, 1.0)})
    edited = clip.with_segment(moved).with_pose(shifted)
    before, after = (
        windows_of(clip_sequences(made.project, each, made.read_tracks, data), WORDS, data) for each in (clip, edited)
    )
    for name in INPUTS:
        np.testing.assert_array_equal(getattr(before, name)[:seen], getattr(after, name)[:seen], err_msg=name)


def test_that_an_object_used_only_later_is_not_known_before():
    made = made_up()
    clip = made.project.clips["clip-01"]
    last = clip.segments[-1]
    clip = clip.with_segment(replace(last, objects=("label-carrot", "label-bread")))
    windows = windows_of(clip_sequences(made.project, clip, made.read_tracks, DATA), WORDS, DATA)
    rare = WORDS.objects.index("bread" if "label-carrot" in clip.segments[0].objects else "carrot")
    assert not windows.objects[:, rare].any()


def test_that_true_poses_meet_their_own_picture_through_the_levelled_frame():
    # The whole path of a forecast with the truth in its place: levelled pose, neck where it is, back to pixels.
    camera = tilted_camera(25, heading_deg=40)
    made = made_up(noise_px=0, camera=camera)
    neck = UPPER_BODY_9["neck"]
    for clip_id, world_m in made.truth.items():
        levelled_m = level_points(world_m, neck, camera)
        place_m = to_camera(world_m[:, neck], camera)
        pixels = project_levelled(levelled_m, place_m, camera)
        seen_px = made.tracks[made.project.clips[clip_id].tracks].joints_px[:, 0]
        assert np.abs(pixels - seen_px).max() < 1e-3


def test_that_the_path_a_model_is_trained_through_meets_the_picture_of_a_person_at_the_clips_depth():
    camera = tilted_camera(25)
    made = made_up(noise_px=0, camera=camera)
    sequence = _sequence(made)
    # The true depth of the neck: its estimate has a test of its own.
    neck_m = made.truth["clip-01"][sequence.steps[0].frame, UPPER_BODY_9["neck"]]
    view = changed(sequence.view, depth_m=float(to_camera(neck_m, camera)[2]))
    for step in sequence.steps:
        levelled_m = level_points(made.truth["clip-01"][step.frame], 1, camera)
        views = Views(
            torch.from_numpy(view.tilt)[None],
            torch.from_numpy(view.ray(step.pose.neck_px))[None],
            torch.tensor([view.depth_m], dtype=torch.float64),
        )
        off_px = (
            see(torch.from_numpy(levelled_m)[None], views)[0].numpy()
            - step.pose.joints * sequence.view.scale_px / view.scale_px
        ) * view.scale_px
        assert np.abs(off_px).max() < 2


def test_that_a_level_camera_and_a_tilted_one_give_the_same_levelled_pose():
    world_m = pose_of(2, np.random.default_rng(0)) + np.array([0.1, 1.4, 0.2])
    level, tilted = (level_points(world_m, 1, tilted_camera(tilt)) for tilt in (0, 30))
    np.testing.assert_allclose(level, tilted, atol=1e-9)
    assert (level[0] - level[8])[1] > 0  # head above hip


@pytest.mark.parametrize("tilt", [0.0, 20.0, 35.0])
def test_that_the_depth_of_an_upright_person_is_found_from_their_torso(tilt):
    camera = tilted_camera(tilt)
    world_m = np.repeat((REST + np.array([0.0, 1.4, 0.0]))[None], 5, axis=0)
    track = Poses2d(UPPER_BODY_9, project(world_m, camera)[:, None].astype(np.float32), np.ones((5, 1, 9), np.float32))
    clip = made_up(1, 2).project.clips["clip-00"]
    assert view_of(clip, camera, track, 0).depth_m == pytest.approx(to_camera(world_m[0, 1], camera)[2], rel=1e-3)


def test_that_a_seen_pose_is_the_same_in_a_picture_of_another_size():
    made = made_up()
    clip = made.project.clips["clip-01"]
    small = _sequence(made)
    track = made.tracks[clip.tracks]
    big_clip = replace(clip, video=replace(clip.video, width=1280, height=720))
    big_track = Poses2d(track.skeleton, (track.joints_px + 0.5) * 2 - 0.5, track.confidence)
    (big,) = clip_sequences(made.project, big_clip, lambda _: big_track, DATA)
    np.testing.assert_allclose(big.steps[3].pose.joints, small.steps[3].pose.joints, atol=1e-5)
    np.testing.assert_allclose(big.view.scale_px, 2 * small.view.scale_px, rtol=1e-5)
    assert camera_of(made.project, big_clip).width == 1280


def test_that_without_a_neck_nothing_of_a_person_counts_as_seen():
    made = made_up()
    clip = made.project.clips["clip-01"]
    track = made.tracks[clip.tracks]
    confidence = track.confidence.copy()
    frame = clip.poses[2].frame
    confidence[frame, 0, UPPER_BODY_9["neck"]] = 0
    confidence[clip.poses[4].frame, 0, UPPER_BODY_9["left_hand"]] = 0.1
    (sequence,) = clip_sequences(
        made.project, clip, lambda _: Poses2d(track.skeleton, track.joints_px, confidence), DATA
    )
    assert not sequence.steps[2].pose.visible.any()
    assert not sequence.steps[4].pose.visible[UPPER_BODY_9["left_hand"]]
    assert sequence.steps[4].pose.visible.sum() == 8
    windows = windows_of([sequence], WORDS, DATA)
    assert np.isfinite(windows.seen_poses).all()
    # The last *seen* neck is one step older there.
    np.testing.assert_allclose(windows.ray[2], sequence.view.ray(sequence.steps[1].pose.neck_px), rtol=1e-6)


def test_that_a_joint_moved_by_hand_is_where_it_was_moved_to():
    made = made_up()
    clip = made.project.clips["clip-01"]
    pose = replace(clip.poses[1], joint_edits={"left_hand": (400.0, 100.0, 1.0)})
    (sequence,) = clip_sequences(made.project, clip.with_pose(pose), made.read_tracks, DATA)
    seen = sequence.steps[1].pose
    hand_px = seen.neck_px + seen.joints[UPPER_BODY_9["left_hand"]] * sequence.view.scale_px
    np.testing.assert_allclose(hand_px, [400, 100], atol=1e-3)


def test_that_two_people_of_a_clip_are_two_sequences_each_on_their_own_track():
    from core.project.annotations import Actor

    made = made_up()
    clip = made.project.clips["clip-01"]
    track = made.tracks[clip.tracks]
    both = Poses2d(
        track.skeleton,
        np.concatenate([track.joints_px, track.joints_px + 50], axis=1),
        np.concatenate([track.confidence] * 2, axis=1),
    )
    clip = replace(
        clip, actors=(Actor(id="a", name="A", track=0, made=MADE), Actor(id="b", name="B", track=1, made=MADE))
    )
    for number, segment in enumerate(clip.segments):
        clip = clip.with_segment(replace(segment, actor="ab"[number % 2]))
    one, other = clip_sequences(made.project, clip, lambda _: both, DATA)
    assert (one.actor, other.actor) == ("a", "b")
    assert len(one.steps) + len(other.steps) == 9
    np.testing.assert_allclose(other.steps[0].pose.neck_px, track.joints_px[other.steps[0].frame, 0, 1] + 50, atol=1e-4)


def test_that_no_pose_within_an_unusable_stretch_of_the_person_is_learned_from():
    made = made_up(1, 4)
    (clip,) = made.project.clips.values()
    project, unusable = label_for(made.project, "unusable", "action", author="Ada")
    project, background = label_for(project, "background", "action", author="Ada")

    def learned(label, start, end, actor=""):
        marked = Segment(id="out", action=label.id, start_frame=start, end_frame=end, actor=actor, made=MADE)
        (found,) = clip_sequences(
            project.with_clip(clip.with_segment(marked)), clip.with_segment(marked), made.read_tracks, ForecasterData()
        )
        assert found.unmarked == 0
        return [step.frame for step in found.steps]

    assert learned(unusable, 25, 55) == [10, 70]
    assert learned(unusable, 31, 50) == [10, 30, 50, 70]
    assert learned(background, 25, 55) == [10, 30, 50, 70]


def test_that_middle_and_random_need_no_marked_pose_and_stay_inside_the_segment():
    made = made_up()
    clip = replace(made.project.clips["clip-01"], poses=())
    assert clip_sequences(made.project, clip, made.read_tracks, DATA)[0].unmarked == 9
    for poses in ("middle", "random"):
        (sequence,) = clip_sequences(made.project, clip, made.read_tracks, replace(DATA, poses=poses))
        for step, segment in zip(sequence.steps, clip.segments, strict=True):
            assert segment.start_frame <= step.frame < segment.end_frame
        assert len({step.frame % STEP for step in sequence.steps}) == (
            1 if poses == "middle" else pytest.approx(6, abs=3)
        )


def test_that_uncoupled_poses_lie_at_even_distances_around_now():
    made = made_up()
    data = replace(DATA, poses="uncoupled", uncoupled_every_s=1.5)
    sequence = _sequence(made, data=data)
    windows = windows_of([sequence], WORDS, data)
    now = sequence.steps[4].frame
    assert windows.next_frames[4].tolist() == [now + 15, now + 30, now + 45]
    np.testing.assert_array_equal(windows.seen_poses[4, 0], sequence.track.at(now - 45).joints)


def test_that_shuffled_poses_are_the_same_poses_elsewhere_and_nothing_else_changes():
    made = made_up()
    told = examples_of(made.project, made.read_tracks, DATA).windows["train"]
    control = examples_of(made.project, made.read_tracks, replace(DATA, shuffle_seen_poses=True)).windows["train"]
    for name, array in told.arrays().items():
        if name not in ("seen_poses", "seen_visible"):
            np.testing.assert_array_equal(array, control.arrays()[name], err_msg=name)
    assert (told.seen_poses != control.seen_poses).any((-1, -2))[told.seen_real].mean() > 0.9
    assert not control.seen_visible[~told.seen_real].any()
    assert np.sort(told.seen_poses[told.seen_real], axis=None) == pytest.approx(
        np.sort(control.seen_poses[told.seen_real], axis=None)
    )


def test_that_the_vocabulary_is_what_the_training_part_does():
    made = made_up()
    clip_id = made.project.splits["split"].parts["test"][0]
    clip = made.project.clips[clip_id]
    label = replace(made.project.labels["label-cut"], id="label-peel", name="peel")
    project = made.project.with_label(label).with_clip(
        clip.with_segment(replace(clip.segments[2], action="label-peel"))
    )
    examples = examples_of(project, made.read_tracks, DATA)
    assert "peel" not in examples.vocabulary.actions
    assert UNKNOWN in examples.windows["test"].next_actions[:, 0]
    assert vocabulary_of(examples.sequences["test"]).actions == tuple(sorted([*ACTIONS, "peel"]))


def test_that_a_fingerprint_changes_with_what_is_learned_from_and_not_with_what_is_tested_on():
    made = made_up()
    parts = made.project.splits["split"].parts
    fingerprint = examples_of(made.project, made.read_tracks, DATA).fingerprint()

    def without_last_segment(clip_id):
        clip = made.project.clips[clip_id]
        return made.project.with_clip(clip.without_segment(clip.segments[-1].id))

    learned = examples_of(without_last_segment(parts["train"][0]), made.read_tracks, DATA).fingerprint()
    tested = examples_of(without_last_segment(parts["test"][0]), made.read_tracks, DATA).fingerprint()
    assert learned != fingerprint
    assert tested == fingerprint


def test_that_a_split_made_here_keeps_performers_apart_and_stays():
    made = made_up(24, stored_split=False)
    clips = list(made.project.clips.values())
    parts, told = parts_of(made.project, clips)
    assert sorted(each for part in parts.values() for each in part) == sorted(made.project.clips)
    people = {part: {made.project.clips[each].performer for each in ids} for part, ids in parts.items()}
    assert not people["train"] & people["test"]
    assert not people["train"] & people["validation"]
    assert all(people.values())
    assert "performer" in told
    assert parts_of(made.project, clips[::-1])[0].keys() == parts.keys()
    assert {part: set(ids) for part, ids in parts_of(made.project, clips[::-1])[0].items()} == {
        part: set(ids) for part, ids in parts.items()
    }


def test_that_with_one_clip_everything_is_learned_from_and_that_is_said():
    made = made_up(1, 7, stored_split=False)
    examples = examples_of(made.project, made.read_tracks, DATA)
    assert len(examples.windows["train"]) == 6
    assert not len(examples.windows["test"])
    assert "nothing to set aside" in examples.notes[0]


def test_that_an_unknown_split_is_refused_with_the_names_there_are():
    made = made_up()
    with pytest.raises(RunError) as caught:
        examples_of(made.project, made.read_tracks, replace(DATA, split="by person"))
    assert "by clip" in caught.value.hint


def test_that_a_project_without_segments_is_refused_in_words():
    made = made_up(2)
    empty = replace(
        made.project, clips={key: replace(each, segments=(), poses=()) for key, each in made.project.clips.items()}
    )
    with pytest.raises(RunError, match="No segments"):
        examples_of(empty, made.read_tracks, DATA)
    lone = replace(made.project, clips={
        key: replace(each, segments=each.segments[:1], poses=each.poses[:1]) for key, each in made.project.clips.items()
    })  # fmt: skip
    with pytest.raises(RunError, match="two steps"):
        examples_of(lone, made.read_tracks, DATA).require_something_to_learn()


def test_that_clips_without_tracks_still_teach_actions():
    made = made_up(3)
    project = replace(made.project, clips={key: replace(each, tracks="") for key, each in made.project.clips.items()})

    def never(clip):
        raise AssertionError("there are no tracks to read")

    examples = examples_of(project, never, DATA)
    assert len(examples.windows["train"])
    assert not examples.windows["train"].seen_visible.any()
    assert any("Nobody was seen" in note for note in examples.notes)


def test_that_a_cluster_is_learned_instead_of_its_labels_and_background_is_no_step():
    made = made_up()
    plain = _sequence(made)
    clustered, _, _ = with_clusters(made.project, {"cut": "prepare", "wash": "prepare", "take": ""})
    steps = _sequence(changed(made, project=clustered)).steps
    kept = [step for step in plain.steps if step.action != "take"]
    assert [step.segment for step in steps] == [step.segment for step in kept]
    assert {step.action for step in steps} == {"prepare", "stir"}
    unposed = made.project.clips["clip-01"]
    for segment in unposed.segments:
        unposed = unposed.without_pose(segment.id)
    (sequence,) = clip_sequences(clustered, unposed, made.read_tracks, DATA)
    assert sequence.unmarked == len(kept), "background wants no characteristic pose"


@pytest.mark.parametrize("poses", ["characteristic", "middle", "uncoupled"])
def test_that_windows_read_at_once_are_those_read_one_by_one(poses):
    made = made_up(3, 7)
    for tracks in made.tracks.values():
        tracks.confidence[::3, :, UPPER_BODY_9["neck"]] = 0  # some necks are never seen
    data = ForecasterData(past_steps=4, future_steps=3, poses=poses)
    examples = examples_of(made.project, made.read_tracks, data)
    windows, sequences = examples.windows["train"], examples.sequences["train"]
    assert len(windows) == sum(len(each.steps) - 1 for each in sequences)
    for row in range(len(windows)):
        number, count = int(windows.sequence[row]), int(windows.seen_count[row])
        alone = window_at(sequences[number], count, examples.vocabulary, data, number)
        for name, value in windows[row : row + 1].arrays().items():
            np.testing.assert_array_equal(alone[name], value[0], err_msg=name)
            assert alone[name].dtype == value.dtype, name


def test_that_times_are_those_of_the_steps_and_an_end_that_has_not_come_is_not_seen():
    made = made_up(1, 5, stored_split=False)
    data = ForecasterData(past_steps=3, future_steps=2)
    windows = examples_of(made.project, made.read_tracks, data).windows["train"]
    # Steps of two seconds with their instant in the middle, one after the other.
    np.testing.assert_allclose(windows.next_times[0], [[2, 1, 1], [2, 1, 1]])
    np.testing.assert_array_equal(np.isnan(windows.seen_times[0]), [[True] * 3, [True] * 3, [False, False, True]])
    np.testing.assert_allclose(windows.seen_times[0, 2, :2], [0, 1])  # nothing was before the first
    np.testing.assert_allclose(windows.seen_times[2], [[0, 1, 1], [2, 1, 1], [2, 1, np.nan]])
    assert np.isnan(windows.next_times[-1, 1]).all()


def test_that_a_clip_without_a_rate_has_no_times():
    made = made_up(1, 5, stored_split=False)
    (clip,) = made.project.clips.values()
    still = replace(clip, video=replace(clip.video, rate_hz=0.0))
    windows = examples_of(made.project.with_clip(still), made.read_tracks, ForecasterData()).windows["train"]
    assert np.isnan(windows.seen_times).all()
    assert np.isnan(windows.next_times).all()
