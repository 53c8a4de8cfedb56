"""Figures of motion that passes through poses, beside motion that does not."""

import numpy as np
from msgspec.structs import replace

from core.evaluation.labelled_motions import Motions, as_6d
from core.experiments.anchoring import ALLOWED, KINDS, Kind, anchoring, bending, in_words, poses_of
from tests.core.generation.made_motion import strolling


def some_motions(count: int, frames: int = 40) -> Motions:
    made = [strolling(frames, seed=seed) for seed in range(count)]
    labels = np.zeros((count, 5), bool)
    labels[np.arange(count), np.arange(count) % 5] = True
    return Motions(
        np.stack([as_6d(each.rotations) for each in made]).astype(np.float32),
        np.stack([each.translation_m for each in made]).astype(np.float32),
        np.full(count, frames - 8),
        labels,
    )


def test_that_poses_are_of_different_motions_and_of_frames_they_have():
    motions = some_motions(6)
    actions = ("a", "b", "c", "d", "e")
    poses = poses_of(motions, actions, 6)
    assert sorted(pose.action for pose in poses) == ["a", "a", "b", "c", "d", "e"]
    whole = np.stack([strolling(40, seed=seed).rotations[:32] for seed in range(6)])
    assert all((np.abs(whole - pose.rotations).max((2, 3, 4)) < 1e-5).any() for pose in poses)
    assert len(poses_of(motions, actions, 15)) == 15


def test_that_figures_say_what_was_asked_and_that_every_pose_was_met(model):
    poses = poses_of(some_motions(3), model.actions, 3)
    said = anchoring(model, poses, seconds=1.6)
    assert (said.poses, set(said.kinds)) == (3, set(KINDS))
    for kind in said.kinds.values():
        assert kind.met_mm < 1e-3
        assert kind.off_mm > 0
        assert kind.jerk > 0
    assert in_words(said).count("|\n") == 4
    assert "3 poses" in in_words(said)


def test_that_it_holds_only_where_every_kind_keeps_within_what_is_allowed(model):
    said = anchoring(model, poses_of(some_motions(1), model.actions, 1), seconds=1.6)
    good = Kind(off_mm=1, free_off_mm=1, met_mm=0.5, jerk=ALLOWED * said.free_jerk, slipping=0, smooth=1, standing=1)
    assert replace(said, kinds=dict.fromkeys(KINDS, good)).holds
    for bad in (
        replace(good, jerk=good.jerk * 1.01),
        replace(good, slipping=ALLOWED * said.free_slipping + 0.01),
        replace(good, met_mm=1.01),
    ):
        assert not replace(said, kinds={KINDS[0]: good, KINDS[1]: bad}).holds


def test_that_the_bend_alone_is_measured_on_motion_without_a_model():
    motions = some_motions(12, frames=90)
    actions = ("a", "b", "c", "d", "e")
    poses = poses_of(some_motions(4), actions, 4)
    said = bending(motions, actions, poses)
    assert said.seconds == 82 / 30
    for kind in said.kinds.values():
        assert kind.met_mm < 1e-3
        assert kind.off_mm < kind.free_off_mm  # the nearest of sixteen, and any
    assert bending(motions, actions, poses) == said
