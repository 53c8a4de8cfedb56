"""Codes that stay while the rest is drawn anew, and poses and locks in whole motions of a model."""

import numpy as np
import pytest
from msgspec.structs import replace

from core.errors import CoreError, ProjectError
from core.generation.anchors import bound
from core.generation.blending import distance_m
from core.generation.locked import kept_of
from core.generation.making import made
from core.generation.upper_body import nine_of
from core.generations import Anchor, Locked, Part, Past, Recipe, rows, unpacked
from core.geometry.rotations import rotation_vectors
from tests.core.generation.made_motion import strolling

RECIPE = Recipe(model="made", story=(Part(actions=("walk",), seconds=1.6),), samples=2, seed=3)
POSE = strolling(10, seed=1).rotations[5]


def codes_of(whole):
    return np.array([sample.codes for sample in whole.samples])


def test_that_nothing_locked_is_the_same_as_no_lock(model):
    plain = made(model, RECIPE)
    codes = plain.samples[0].codes
    for locked in (Locked(codes=codes, keep=()), Locked(codes=(), keep=())):
        assert made(model, replace(RECIPE, locked=locked)).samples == plain.samples


def test_that_locked_codes_come_back_and_the_others_are_drawn_anew(model):
    first = made(model, RECIPE).samples[1]
    locked = Locked(codes=first.codes, keep=((2, 4), (9, 10)))
    for seed in (11, 12):
        again = codes_of(made(model, replace(RECIPE, seed=seed, locked=locked)))
        stays = [2, 3, 9]
        np.testing.assert_array_equal(again[:, stays], np.array(first.codes)[None, stays].repeat(2, 0))
        assert (again[:, 4:9] != np.array(first.codes)[None, 4:9]).any()


def test_that_all_locked_is_the_same_motion_whatever_the_seed(model):
    first = made(model, RECIPE).samples[0]
    locked = Locked(codes=first.codes, keep=((0, len(first.codes)),))
    again = made(model, replace(RECIPE, seed=99, samples=1, locked=locked)).samples[0]
    assert again.codes == first.codes
    assert again.motion == first.motion


def test_that_a_range_may_end_beyond_a_shorter_motion(model):
    first = made(model, RECIPE).samples[0]
    locked = Locked(codes=first.codes, keep=((4, 12),))
    shorter = replace(RECIPE, story=(Part(actions=("walk",), seconds=0.8),), locked=locked, samples=1)
    got = made(model, shorter).samples[0].codes
    assert got[4:] == first.codes[4 : len(got)]


@pytest.mark.parametrize(
    ("locked", "words"),
    [
        (Locked(codes=((1, 2),) * 4, keep=((3, 2),)), "Tokens 3 to 2 are no stretch"),
        (Locked(codes=((1, 2),) * 4, keep=((-1, 2),)), "Tokens -1 to 2 are no stretch"),
        (Locked(codes=((1, 2),) * 4, keep=((2, 6),)), "Token 6 is to stay, and the motion it is from has 4"),
        (Locked(codes=((1, 2, 3),) * 4, keep=((0, 1),)), "it has 2 books of 16 codes"),
        (Locked(codes=((1, 16),) * 4, keep=((0, 1),)), "Token 1 is none of this model's"),
        (Locked(codes=((-1, 1),) * 4, keep=((0, 1),)), "Token 1 is none of this model's"),
    ],
)
def test_that_locks_of_another_model_or_motion_are_refused_in_words(model, locked, words):
    with pytest.raises(ProjectError, match=words):
        kept_of(locked, 12, 2, 16)
    with pytest.raises(CoreError, match=words):
        made(model, replace(RECIPE, locked=locked))


@pytest.mark.parametrize("with_past", [False, True])
@pytest.mark.parametrize("keep_feet", [False, True])
def test_that_made_motion_meets_its_poses_within_a_millimetre(model, past, with_past, keep_feet):
    anchors = (
        Anchor(at_s=0.6, rotation_vectors=rows(rotation_vectors(POSE)), name="kick"),
        Anchor(at_s=1.2, joints_m=rows(nine_of(strolling(10, seed=2).rotations[3])), name="reach"),
    )
    recipe = replace(
        RECIPE, anchors=anchors, keep_feet=keep_feet, past=Past(motion=past, source="made") if with_past else None
    )
    for sample in made(model, recipe).samples:
        motion = unpacked(sample.motion)
        for target in bound(anchors, len(motion), 24):
            assert float(distance_m(motion.rotations[target.frame], target)) < 1e-4
        assert len(sample.anchors_off_mm) == 2
        assert min(sample.anchors_off_mm) > 1


def test_that_one_sample_through_poses_is_the_first_of_several(model):
    recipe = replace(RECIPE, anchors=(Anchor(at_s=0.8, rotation_vectors=rows(rotation_vectors(POSE))),))
    one, three = made(model, replace(recipe, samples=1)), made(model, replace(recipe, samples=3))
    assert (one.samples[0].codes, one.samples[0].motion) == (three.samples[0].codes, three.samples[0].motion)
    assert made(model, replace(recipe, samples=1)).samples == one.samples


def test_that_candidates_come_nearer_than_a_sample_that_was_not_asked(model):
    anchor = Anchor(at_s=0.8, rotation_vectors=rows(rotation_vectors(POSE)))
    (target,) = bound((anchor,), 48, 24)
    free = [
        1000 * float(distance_m(unpacked(each.motion).rotations[target.frame], target))
        for each in made(model, replace(RECIPE, samples=8)).samples
    ]
    asked = [each.anchors_off_mm[0] for each in made(model, replace(RECIPE, samples=8, anchors=(anchor,))).samples]
    assert np.mean(asked) < np.mean(free)


def test_that_a_story_in_several_windows_meets_poses_in_each(model):
    story = (
        Part(actions=("walk",), seconds=1.6),
        Part(actions=("bow",), seconds=1.6),
        Part(actions=("run",), seconds=1.6),
    )
    anchors = tuple(
        Anchor(at_s=at_s, rotation_vectors=rows(rotation_vectors(POSE)), name=f"{at_s}") for at_s in (1.0, 2.4, 4.7)
    )
    (sample,) = made(model, replace(RECIPE, samples=1, story=story, anchors=anchors)).samples
    motion = unpacked(sample.motion)
    for target in bound(anchors, len(motion), 24):
        assert float(distance_m(motion.rotations[target.frame], target)) < 1e-4


def test_that_a_pose_beyond_the_motion_is_refused_before_anything_is_made(model):
    late = Anchor(at_s=5.0, rotation_vectors=rows(rotation_vectors(POSE)), name="kick")
    with pytest.raises(CoreError, match=r"'kick' is asked for at 5 s, and the motion ends at 1\.60 s"):
        made(model, replace(RECIPE, anchors=(late,)))
