"""Poses a motion is to pass through: which can be, and how candidates are chosen."""

import numpy as np
import pytest
from msgspec.structs import replace

from core.bodies.skeletons import UPPER_BODY_9
from core.errors import ProjectError
from core.generation.anchors import CANDIDATES, DISTANCE_M, anchored_codes, bound, shifted
from core.generation.blending import distance_m
from core.generation.upper_body import nine_of
from core.generations import Anchor, rows
from core.geometry.rotations import rotation_vectors
from tests.core.generation.made_motion import strolling

POSE = strolling(10, seed=1).rotations[5]
WHOLE = Anchor(at_s=1.0, rotation_vectors=rows(rotation_vectors(POSE)), name="kick")
NINE = Anchor(at_s=1.0, joints_m=rows(nine_of(POSE)), name="reach")


def test_that_poses_come_in_the_order_of_their_frames():
    targets = bound((replace(WHOLE, at_s=1.5), replace(NINE, at_s=0.5)), 60, 24)
    assert [(each.frame, each.name) for each in targets] == [(15, "reach"), (45, "kick")]
    assert targets[0].nine_m is not None
    assert targets[1].nine_m is None


def test_that_a_pose_at_the_very_end_is_the_last_frame():
    assert bound((replace(WHOLE, at_s=2.0),), 60, 24)[0].frame == 59


def test_that_poses_of_a_stretch_are_counted_from_its_start():
    targets = bound((replace(WHOLE, at_s=0.5), replace(NINE, at_s=1.5)), 60, 24)
    assert [each.frame for each in shifted(targets, -30, 30)] == [15]


@pytest.mark.parametrize(
    ("anchors", "words"),
    [
        ((replace(WHOLE, at_s=2.5),), "'kick' is asked for at 2.5 s, and the motion ends at 2.00 s"),
        ((replace(WHOLE, at_s=-0.1),), "before the motion starts"),
        ((replace(WHOLE, at_s=float("nan")),), "before the motion starts"),
        ((WHOLE, replace(NINE, at_s=1.01)), "'kick' and the pose 'reach' are both asked for at 1.00 s"),
        ((replace(WHOLE, rotation_vectors=WHOLE.rotation_vectors[:22]),), "22 joints, and the model's body has 24"),
        ((replace(NINE, joints_m=NINE.joints_m[:8]),), "8 joints, and an upper body has 9"),
        ((replace(NINE, joints_m=((float("nan"),) * 3, *NINE.joints_m[1:])),), "joint 1 is nowhere"),
        ((replace(WHOLE, rotation_vectors=((1e9, 0.0, 0.0), *WHOLE.rotation_vectors[1:])),), "joint 1 is nowhere"),
        ((replace(NINE, joints_m=NINE.joints_m[:1] * 9),), "in one place"),
        ((Anchor(at_s=1.0),), "a pose says neither rotations and joints"),
        ((replace(WHOLE, joints_m=NINE.joints_m),), "says both rotations and joints"),
    ],
)
def test_that_a_pose_which_cannot_be_met_is_refused_in_words(anchors, words):
    with pytest.raises(ProjectError, match=words) as refusal:
        bound(anchors, 60, 24)
    assert refusal.value.hint


def test_that_nobody_reaches_a_pose_right_after_a_past():
    early = replace(WHOLE, at_s=0.1)
    assert bound((early,), 60, 24)[0].frame == 3
    with pytest.raises(ProjectError, match="after the past ends"):
        bound((early,), 60, 24, has_past=True)


def test_that_the_order_of_an_upper_bodys_joints_is_told():
    with pytest.raises(ProjectError) as refusal:
        bound((replace(NINE, joints_m=NINE.joints_m[:8]),), 60, 24)
    assert all(name in refusal.value.hint for name in UPPER_BODY_9.joints)


class Dice:
    """A model of two books whose codes are poses of one motion each; it says which of them are likely."""

    frames_a_token = 4

    def __init__(self, seed: int = 0, likely: float = 0.0) -> None:
        self._seed, self._likely = seed, likely
        self.poses = np.stack([strolling(40, seed=each).rotations[20] for each in range(32)])
        self.asked: list[tuple[np.ndarray, np.ndarray]] = []

    def draw(self, numbers, kept, is_kept):
        self.asked.append((numbers, is_kept))
        made = np.stack([np.random.default_rng([self._seed, number]).integers(32, size=(50, 2)) for number in numbers])
        return np.where(is_kept[..., None], kept, made[:, : kept.shape[1]])

    def decode(self, codes):
        rotations = np.repeat(self.poses[codes[..., 0]], self.frames_a_token, axis=1)
        return rotations, np.zeros((*rotations.shape[:2], 3))

    def log_probabilities(self, codes):
        return np.where(codes < 16, 0.0, -self._likely) * np.ones(codes.shape)


def drawn(dice, targets, samples=2, tokens=15, kept=None):
    return anchored_codes(
        dice, targets, samples=samples, tokens=tokens, frames_a_token=dice.frames_a_token, books=2, kept=kept
    )


def test_that_the_nearest_of_sixteen_candidates_goes_on_to_the_next_pose():
    dice = Dice()
    first = bound((replace(WHOLE, at_s=0.5),), 60, 24)
    codes = drawn(dice, first, samples=1)
    tried = dice.draw(np.arange(CANDIDATES), np.zeros((CANDIDATES, 4, 2), int), np.zeros((CANDIDATES, 4), bool))
    distances = distance_m(dice.decode(tried)[0][:, 15], first[0])
    np.testing.assert_array_equal(codes[0, :4], tried[distances.argmin()])
    both = bound((replace(WHOLE, at_s=0.5), replace(NINE, at_s=1.5)), 60, 24)
    np.testing.assert_array_equal(drawn(Dice(), both, samples=1)[0, :4], codes[0, :4])
    # What was chosen is kept when the candidates of the next pose are drawn.
    dice = Dice()
    drawn(dice, both, samples=1)
    assert [is_kept.sum(1).max() for _, is_kept in dice.asked] == [0, 4, 12]


def test_that_likelihood_decides_between_candidates_that_are_about_as_near():
    target = bound((replace(WHOLE, at_s=0.5),), 60, 24)
    codes = drawn(Dice(likely=1000.0), target, samples=8)[:, :4]
    unlikely = (codes >= 16).mean()
    plain = (drawn(Dice(), target, samples=8)[:, :4] >= 16).mean()
    assert unlikely < plain


def test_that_distance_weighs_as_documented():
    """Ten centimetres nearer make up for codes that are e times less likely, no less and no more."""
    target = bound((replace(WHOLE, at_s=0.1),), 60, 24)

    class Two(Dice):
        def draw(self, numbers, kept, is_kept):
            return np.where(is_kept[..., None], kept, np.where(numbers % 2 == 0, 0, 31)[:, None, None])

    from_far = np.array(sorted(Dice().poses, key=lambda pose: -float(distance_m(pose, target[0]))))
    nearer_m = float(distance_m(from_far[0], target[0]) - distance_m(from_far[31], target[0]))
    for likely, chosen in ((nearer_m / DISTANCE_M - 0.01, 31), (nearer_m / DISTANCE_M + 0.01, 0)):
        dice = Two(likely=likely)
        dice.poses = from_far
        assert drawn(dice, target, samples=1)[0, 0, 0] == chosen


def test_that_a_sample_is_the_same_however_many_are_asked_for():
    targets = bound((replace(WHOLE, at_s=0.5), replace(NINE, at_s=1.5)), 60, 24)
    np.testing.assert_array_equal(drawn(Dice(), targets, samples=1), drawn(Dice(), targets, samples=5)[:1])


def test_that_locked_codes_come_back_whatever_the_poses_ask_for():
    targets = bound((replace(WHOLE, at_s=0.5),), 60, 24)
    codes = np.arange(30).reshape(15, 2)
    is_kept = np.zeros(15, bool)
    is_kept[[1, 2, 10]] = True
    got = drawn(Dice(), targets, samples=3, kept=(codes, is_kept))
    np.testing.assert_array_equal(got[:, is_kept], np.repeat(codes[None, is_kept], 3, axis=0))


def test_that_two_poses_in_one_token_are_both_looked_at():
    targets = bound((replace(WHOLE, at_s=16 / 30), replace(NINE, at_s=18 / 30)), 60, 24)
    assert drawn(Dice(), targets).shape == (2, 15, 2)
