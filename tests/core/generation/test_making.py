"""Motion from a recipe: exact lengths, seeds, pasts, seams, and what is said on the way."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from core.bodies.kinematics import place_joints
from core.bodies.skeletons import SMPL_24, SMPLX_55, UPPER_BODY_9
from core.errors import RunError
from core.generation import pasts
from core.generation.asking import UnknownActionError
from core.generation.making import iterate, made, make
from core.generations import PackedMotion, Part, Past, Recipe, packed, unpacked
from core.geometry.rotations import about_y, rotation_vectors
from core.motion import Motion
from core.recordings import reference_joints_m
from core.wording import nearest
from tests.core.generation.made_model import ACTIONS, made_config, made_header, made_model, made_whole, wandering


def asked(*parts, **more) -> Recipe:
    story = tuple(
        Part(actions=tuple(names.split("+")), seconds=seconds) for names, seconds in parts or (("walk", 1.0),)
    )
    return Recipe(model="made", story=story, **more)


def motions(model, recipe) -> list[Motion]:
    return [unpacked(each.motion) for each in made(model, recipe).samples]


def joints_m(motion: Motion) -> np.ndarray:
    joints = len(motion.skeleton)
    kept = list(range(joints)) if joints == 55 else [*range(22), 25, 40]
    placed = place_joints(
        np.asarray(motion.rotations, float), np.asarray(motion.translation_m, float), reference_joints_m()[kept],
        motion.skeleton.parents,
    )  # fmt: skip
    return placed.places_m


def moved(motion: Motion, turn: float, off_m) -> Motion:
    """Turned about the vertical axis of the world, then moved."""
    by, rest_m = about_y(turn), reference_joints_m()[0]
    rotations = np.asarray(motion.rotations, float).copy()
    rotations[:, 0] = by @ rotations[:, 0]
    path_m = (np.asarray(motion.translation_m, float) + rest_m) @ by.T + np.asarray(off_m) - rest_m
    return Motion(motion.skeleton, motion.rate_hz, rotations, path_m)


# ---- lengths, seeds, labels -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.2, 1.0, 31 / 30, 2.1, 5.05])
def test_that_motion_is_as_long_as_was_asked_and_its_tokens_cover_it(model, seconds):
    for sample in made(model, asked(("walk", seconds), samples=2)).samples:
        assert sample.motion.frames == round(30 * seconds)
        assert len(sample.codes) * sample.frames_a_token >= sample.motion.frames
        assert sample.settled == sample.motion.frames
        assert all(0 <= code < model.codes for row in sample.codes for code in row)
        assert {len(row) for row in sample.codes} == {model.books}


def test_that_a_story_is_exact_to_the_frame_and_each_part_hears_its_own_actions(model):
    story = (("walk", 0.71), ("bow+wave", 1.33), ("run", 0.5))
    (sample,) = made(model, asked(*story)).samples
    assert sample.motion.frames == round(30 * 2.54)
    other = (("walk", 0.71), ("bow", 1.33), ("run", 0.5))
    (different,) = made(model, asked(*other)).samples
    first = -(-round(30 * 0.71) // 4)
    assert different.codes[:first] == sample.codes[:first]
    assert different.codes[first:] != sample.codes[first:]


@pytest.mark.parametrize("parts", [(("walk", 1.0),), (("walk", 4.0), ("bow", 1.0))])
def test_that_sample_k_of_a_seed_is_the_same_however_many_are_asked_for(model, past, parts):
    recipe = asked(*parts, seed=7, past=Past(motion=past))
    many = made(model, replace(recipe, samples=8)).samples
    for count in (1, 3):
        few = made(model, replace(recipe, samples=count)).samples
        for one, same in zip(few, many, strict=False):
            assert one.codes == same.codes
            np.testing.assert_allclose(unpacked(one.motion).rotations, unpacked(same.motion).rotations, atol=1e-5)
            np.testing.assert_allclose(
                unpacked(one.motion).translation_m, unpacked(same.motion).translation_m, atol=1e-5
            )
    assert len({each.codes for each in many}) == 8


def test_that_the_same_recipe_makes_the_same_bits_and_another_seed_others(model):
    recipe = asked(("walk", 3.0), samples=2, seed=1)
    assert made(model, recipe) == made(model, recipe)
    assert made(model, recipe) != made(model, replace(recipe, seed=2))


def test_that_threads_change_no_bit_and_are_left_as_they_were(model):
    recipe, before = asked(("walk", 3.0), samples=2), torch.get_num_threads()
    whole = []
    for threads in (1, 2):
        torch.set_num_threads(threads)
        whole.append(made(model, recipe))
        assert torch.get_num_threads() == threads
    torch.set_num_threads(before)
    assert whole[0] == whole[1]


def test_that_temperature_nothing_leaves_nothing_to_chance(model):
    samples = made(model, asked(temperature=0.0, samples=3)).samples
    assert len({each.codes for each in samples}) == 1


# ---- streaming ------------------------------------------------------------------------------------------------------


def test_that_what_is_said_on_the_way_grows_to_the_whole(model):
    *so_far, whole = make(model, asked(("walk", 5.0), samples=2))
    assert whole.done
    assert not any(each.done for each in so_far)
    lengths = [each.samples[0].motion.frames for each in so_far]
    assert lengths == sorted(lengths)
    assert lengths[0] == 16  # four tokens: first frames come soon
    for each in so_far:
        said, settled = each.samples[0], each.samples[0].settled
        assert said.codes == whole.samples[0].codes[: len(said.codes)]
        np.testing.assert_allclose(
            unpacked(said.motion).translation_m[:settled], unpacked(whole.samples[0].motion).translation_m[:settled],
            atol=1e-6,
        )  # fmt: skip


def test_that_frames_an_online_decoder_calls_settled_move_no_more(online):
    *so_far, whole = make(
        online,
        asked(
            ("walk", 2.0),
        ),
    )
    final = unpacked(whole.samples[0].motion)
    settled = [each.samples[0].settled for each in so_far]
    assert settled[-1] > 0
    for each in so_far:
        said, count = unpacked(each.samples[0].motion), each.samples[0].settled
        np.testing.assert_allclose(said.translation_m[:count], final.translation_m[:count], atol=1e-5)
        np.testing.assert_allclose(said.rotations[:count], final.rotations[:count], atol=1e-5)


def test_that_closing_it_stops_it_and_without_streaming_nothing_is_decoded_on_the_way(model):
    making = make(model, asked(("walk", 600.0), samples=8))
    assert next(making).samples
    making.close()
    *so_far, whole = make(model, asked(), streamed=False)
    assert so_far
    assert not any(each.samples for each in so_far)
    assert whole.done


# ---- pasts ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("parts", [(("walk", 1.0),), (("walk", 1.0), ("bow", 2.5))])
def test_that_a_past_turned_and_moved_gives_the_motion_turned_and_moved(model, parts):
    for turn, off_m in ((2.5, (3.0, 0.0, -2.0)), (-0.7, (0.0, 0.0, 11.0))):
        here = asked(*parts, past=Past(motion=wandering(50)), samples=2)
        there = replace(here, past=Past(motion=wandering(50, turn=turn, move=off_m)))
        for one, other in zip(motions(model, here), motions(model, there), strict=True):
            meant = moved(one, turn, off_m)
            np.testing.assert_allclose(other.rotations, meant.rotations, atol=1e-5)
            np.testing.assert_allclose(other.translation_m, meant.translation_m, atol=1e-5)


def test_that_a_past_on_a_ground_of_its_own_is_gone_on_from_there(model):
    here = asked(past=Past(motion=wandering(50)))
    there = replace(here, past=Past(motion=wandering(50, move=(0.0, 1.5, 0.0))))
    assert pasts.ground_below(unpacked(there.past.motion)) > 1.0
    (one,), (other,) = motions(model, here), motions(model, there)
    assert 1.2 < (other.translation_m[:, 1] - one.translation_m[:, 1]).mean() < 1.8


@pytest.mark.parametrize("keep_feet", [True, False])
def test_that_nothing_jumps_at_a_seam(model, past, keep_feet):
    """At every seam the step is no longer than the model's own longest, and what the past's end was off is let go."""
    recipe = asked(("walk", 1.5), ("bow", 1.0), past=Past(motion=past), samples=4, keep_feet=keep_feet)
    before = unpacked(past)
    for motion in motions(model, recipe):
        whole = np.concatenate([joints_m(before), joints_m(motion)])
        steps_m = np.linalg.norm(np.diff(whole, axis=0), axis=-1).max(-1)
        seams = [len(before) - 1, len(before) + 44]
        own_m = np.delete(steps_m[len(before) :], 44)
        assert steps_m[seams].max() <= own_m.max()


def test_that_a_model_that_says_the_past_itself_is_joined_without_a_trace():
    """Where what came back of the past is the past, turned and moved, the rest is only turned and moved."""
    given = unpacked(wandering(60, seed=5))
    elsewhere = moved(given, 1.2, (4.0, 0.0, 1.0))
    last = elsewhere.rotations[None, 19], elsewhere.translation_m[None, 19]
    rotations, path_m = pasts.put_back(last, given.rotations[None], given.translation_m[None], 20)
    np.testing.assert_allclose(rotations[0], elsewhere.rotations[20:], atol=1e-6)
    np.testing.assert_allclose(path_m[0], elsewhere.translation_m[20:], atol=1e-6)


def test_that_what_differs_at_the_seam_is_all_there_at_first_and_gone_after_a_third_of_a_second():
    said, true = unpacked(wandering(60, seed=5)), unpacked(wandering(60, seed=6))
    last = true.rotations[None, 19], true.translation_m[None, 19]
    rotations, path_m = pasts.put_back(last, said.rotations[None], said.translation_m[None], 20)
    first = rotation_vectors(np.swapaxes(rotations[0, 0], -1, -2) @ true.rotations[19])
    own = rotation_vectors(np.swapaxes(said.rotations[20], -1, -2) @ said.rotations[19])
    assert np.linalg.norm(first, axis=-1).max() < np.linalg.norm(own, axis=-1).max() + 0.12
    np.testing.assert_allclose(rotations[0, 10:, 1:], said.rotations[30:, 1:], atol=1e-6)
    np.testing.assert_allclose(path_m[0, 10:, 1], said.translation_m[30:, 1], atol=1e-6)


def test_that_a_past_of_any_length_is_taken(model):
    for frames in (1, 3, 4, 5, 30, 63, 64, 65, 500):
        (motion,) = motions(model, asked(("bow", 0.5), past=Past(motion=wandering(frames))))
        assert len(motion) == 15


def test_that_a_single_pose_is_held_for_a_token_and_that_is_said(model):
    whole = unpacked(wandering(9))
    one = Motion(whole.skeleton, 30.0, whole.rotations[5:6], whole.translation_m[5:6])
    taken, notes = pasts.taken(Past(motion=packed(one)), 24, 4)
    assert len(taken) == 4
    np.testing.assert_array_equal(taken.rotations, np.repeat(unpacked(packed(one)).rotations, 4, axis=0))
    np.testing.assert_array_equal(taken.translation_m, np.repeat(unpacked(packed(one)).translation_m, 4, axis=0))
    assert notes == (
        "The past is 1 frame long: its first pose is held before it, so that it fills a token of this model, 0.13 s.",
    )
    none = Motion(whole.skeleton, 30.0, whole.rotations[:0], whole.translation_m[:0])
    with pytest.raises(RunError, match="no frames"):
        pasts.taken(Past(motion=packed(none)), 24, 4)


def test_that_only_the_end_of_a_long_past_matters(model):
    long = unpacked(wandering(300))
    tail = packed(Motion(long.skeleton, 30.0, long.rotations[-64:], long.translation_m[-64:]))
    recipe = asked(("bow", 0.5), past=Past(motion=packed(long)))
    for one, other in zip(motions(model, recipe), motions(model, replace(recipe, past=Past(motion=tail))), strict=True):
        np.testing.assert_allclose(one.translation_m, other.translation_m, atol=1e-5)


def test_that_another_rate_and_another_body_are_converted_and_said(model):
    fast = wandering(200, rate_hz=120.0, joints=55)
    whole = made(model, asked(past=Past(motion=fast)))
    assert whole.notes[:2] == (
        "The past is at 120 frames a second: taken at 30.",
        "The past is of SMPL-X 55: taken as SMPL 24.",
    )
    assert whole.samples[0].motion.skeleton == SMPL_24.name
    slow = unpacked(wandering(50, joints=55))
    taken, _ = pasts.taken(Past(motion=fast), 24, 4)
    np.testing.assert_allclose(taken.translation_m, slow.translation_m, atol=1e-4)


def test_that_a_model_of_fingers_makes_and_takes_fingers():
    model = made_model(body="smplx", downsampling=2)
    (motion,) = motions(model, asked(past=Past(motion=wandering(20))))
    assert motion.skeleton == SMPLX_55


def test_that_what_cannot_be_a_past_is_refused_in_words(model):
    zeros = PackedMotion(
        skeleton=UPPER_BODY_9.name, frames=9, rotation_vectors=bytes(9 * 9 * 12), translation_m=bytes(9 * 12)
    )
    with pytest.raises(RunError, match="joints without a body"):
        make(model, asked(past=Past(motion=zeros)))
    nowhere = np.full((20, 3), np.nan, "<f4").tobytes()
    lost = replace(wandering(20), translation_m=nowhere)
    with pytest.raises(RunError, match="no numbers"):
        make(model, asked(past=Past(motion=lost)))


def test_that_a_model_that_sees_whole_motions_goes_on_from_nothing():
    offline = made_model(causality="offline")
    assert len(motions(offline, asked(("walk", 2.0)))[0]) == 60
    with pytest.raises(RunError, match="cannot go on from a past"):
        make(offline, asked(past=Past(motion=wandering(20))))
    for story in ((("walk", 1.0), ("bow", 1.0)), (("walk", 4.0),)):
        with pytest.raises(RunError, match="cannot go on from one"):
            make(offline, asked(*story))


# ---- what is said of it ---------------------------------------------------------------------------------------------


def test_that_what_is_beyond_the_model_is_made_in_stretches_and_said(model):
    assert made(model, asked(("walk", 3.0))).notes == (
        "3 s is beyond this model's 2.13 s: made in two stretches, joined.",
    )
    assert made(model, asked(("walk", 2.0), ("bow", 1.0))).notes == ()


def test_that_likelihood_is_beside_real_motions_own():
    config = made_config()
    for bits, likely, doubts in (((9.0, 10.0), 1.0, False), ((0.1, 0.2), 0.0, True)):
        header = made_header(config, real_bits=tuple(np.linspace(*bits, 21).tolist()))
        model = type(made_model()).of(made_whole(config), header, "made")
        (sample,) = made(model, asked()).samples
        assert sample.likely == pytest.approx(likely)
        assert ("unusual" in sample.doubts) == doubts
    model = type(made_model()).of(made_whole(config), made_header(config, real_bits=()), "made")
    assert made(model, asked()).samples[0].likely is None


def test_that_rounds_go_on_from_each_other(model):
    recipe = asked(("walk", 1.05), samples=2)
    rounds = list(iterate(model, recipe, 4))
    assert [len(each) for each in rounds] == [2] * 4
    assert sum(len(each[0]) for each in rounds) == round(30 * 4.2)
    whole = motions(model, replace(recipe, story=recipe.story * 4))
    for number, motion in enumerate(whole):
        again = np.concatenate([each[number].translation_m for each in rounds])
        np.testing.assert_array_equal(again, motion.translation_m)


# ---- the door -------------------------------------------------------------------------------------------------------


def test_that_an_unknown_action_is_refused_with_the_nearest_names_at_once(model):
    with pytest.raises(UnknownActionError, match='"walks" is not an action') as refused:
        make(model, asked(("walks", 1.0)))
    assert refused.value.nearest == ("walk", "walk-left")
    assert nearest("Wave", ACTIONS)[0] == "wave"
    assert nearest("zzzz", ACTIONS) == ()


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"story": ()}, "No action"),
        ({"story": (Part(actions=(), seconds=1.0),)}, "has no action"),
        ({"story": (Part(actions=("walk",), seconds=float("nan")),)}, "nan s"),
        ({"story": (Part(actions=("walk",), seconds=601.0),)}, "601 s"),
        ({"samples": 65}, "65 samples"),
        ({"seed": -1}, "seed is -1"),
        ({"temperature": float("inf")}, "temperature is inf"),
        ({"top_k": -1}, "Top-k is -1"),
        ({"top_p": 1.5}, "Top-p is 1.5"),
    ],
)
def test_that_what_cannot_be_is_refused_before_anything_is_made(model, change, complaint):
    with pytest.raises(RunError, match=complaint):
        make(model, replace(asked(), **change))
