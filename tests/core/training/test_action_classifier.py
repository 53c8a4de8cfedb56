"""The classifier's training: what it varies keeps what it should, and what was learned is told again from the disk."""

import numpy as np
import pytest
import torch
from msgspec.structs import replace

from core.bodies.skeletons import SMPLX_55
from core.errors import FormatError
from core.evaluation.labelled_motions import Motions, as_6d, as_matrices
from core.geometry.rotations import about_y, matrices
from core.runs import Metric, Progress
from core.training.action_classifier import (
    Schedule,
    hidden_parts,
    keep,
    kept,
    mirrored_classes,
    parts_of_body,
    put_at_origin,
    train_classifier,
    varied,
    with_other_arms,
)

CLASSES = ("bow", "walk-left", "walk-right")
AS_IT_IS = Schedule(
    slowest=1.0, fastest=1.0, least_share=1.0, turn_degrees=0.0, noise=0.0, other_arms=0.0, hidden=0.0, mirrored=0.0
)
MIRRORED = replace(AS_IT_IS, mirrored=1.0)
RANDOM = np.random.default_rng(0)
QUICK = Schedule(steps=60, batch=24, validate_every=20)


def some(count, frames=24, seed=0):
    """Bowing bodies, and bodies that go to their left or right, with arms of their own."""
    random = np.random.default_rng(seed)
    action = np.arange(count) % 3
    time = np.arange(frames) / 30
    vectors = np.zeros((count, frames, 24, 3))
    vectors[:, :, 3, 0] = np.where(action == 0, 1.0, 0.05)[:, None] * np.sin(3 * time)
    vectors[:, :, 16:20] = random.normal(scale=0.3, size=(count, 1, 4, 3))
    aside = np.array([0.0, 1.0, -1.0])[action] * random.uniform(0.7, 1.3, count)
    path = np.zeros((count, frames, 3))
    path[..., 0] = aside[:, None] * time
    lengths = random.integers(12, frames + 1, count)
    labels = np.eye(3, dtype=bool)[action]
    return Motions(as_6d(matrices(vectors)).astype(np.float32), path.astype(np.float32), lengths, labels)


def ended(training):
    events = []
    while True:
        try:
            events.append(next(training))
        except StopIteration as end:
            return end.value, events


def test_that_left_and_right_change_places_in_names_and_nothing_else_does():
    names = ("bow", "left hand wave", "right hand wave", "walk-left", "walk-right", "turn left")
    assert mirrored_classes(names) == (0, 2, 1, 4, 3, 5)


def test_that_a_schedule_that_varies_nothing_leaves_motions_as_they_are():
    motions = some(6)
    same = varied(motions, AS_IT_IS, (0, 2, 1), RANDOM)
    real = motions.real
    assert np.array_equal(same.frames, motions.frames)
    assert np.allclose(same.rotations_6d[real], motions.rotations_6d[real], atol=1e-6)
    assert np.allclose(same.path_m[real], motions.path_m[real], atol=1e-6)


def test_that_a_mirror_swaps_arms_and_labels_and_twice_gives_the_motion_back():
    motions = some(6)
    once = varied(motions, MIRRORED, (0, 2, 1), RANDOM)
    assert once.labels.argmax(1).tolist() == [0, 2, 1, 0, 2, 1]
    assert np.allclose(once.path_m[..., 0][motions.real], -motions.path_m[..., 0][motions.real], atol=1e-6)
    left, right = as_matrices(motions.rotations_6d[:, 0, 16]), as_matrices(once.rotations_6d[:, 0, 17])
    flip = np.diag([-1.0, 1.0, 1.0])
    assert np.allclose(right, flip @ left @ flip, atol=1e-5)
    twice = varied(once, MIRRORED, (0, 2, 1), RANDOM)
    assert np.allclose(twice.rotations_6d[motions.real], motions.rotations_6d[motions.real], atol=1e-5)
    assert np.array_equal(twice.labels, motions.labels)


def test_that_a_motion_twice_as_fast_takes_half_the_frames_along_the_same_path():
    motions = some(6)
    fast = varied(motions, replace(AS_IT_IS, slowest=2.0, fastest=2.0), (0, 2, 1), RANDOM)
    assert np.array_equal(fast.frames, (motions.frames - 1) // 2 + 1)
    for row, frames in enumerate(fast.frames):
        assert np.allclose(fast.path_m[row, :frames], motions.path_m[row, : 2 * frames - 1 : 2], atol=1e-6)


def test_that_other_arms_are_of_the_same_actions_and_nothing_else_changes():
    motions = some(12)
    mixed = with_other_arms(motions, 1.0, np.random.default_rng(1))
    arms = list(parts_of_body(24)[0])
    others = [joint for joint in range(24) if joint not in arms]
    assert np.array_equal(mixed[:, :, others], motions.rotations_6d[:, :, others])
    for row in range(12):
        sources = [of for of in range(12) if np.array_equal(mixed[row, 0][arms], motions.rotations_6d[of, 0][arms])]
        assert sources
        assert (motions.labels[sources] == motions.labels[row]).all()


def test_that_every_joint_but_the_root_is_of_one_part_of_the_body():
    for joints in (24, 52, 55):
        together = [joint for part in parts_of_body(joints) for joint in part]
        assert sorted(together) == list(range(1, joints))
    assert SMPLX_55["left_thumb3"] in parts_of_body(55)[0]


def test_that_a_hidden_part_is_at_its_mean_and_the_root_always_shows():
    x, mean = torch.randn(64, 5, 24 * 6 + 4), torch.randn(24 * 6 + 4)
    torch.manual_seed(0)
    shown = hidden_parts(x, mean, 0.5)
    root = [*range(6), *range(144, 148)]
    assert torch.allclose(shown[..., root], x[..., root], atol=1e-5)
    arm = shown[..., 6 * 16 : 6 * 17]
    at_mean = (arm - mean[6 * 16 : 6 * 17]).abs().amax((1, 2)) < 1e-6
    assert 0.3 < at_mean.float().mean() < 0.7
    assert torch.allclose(hidden_parts(x, mean, 0.0), x, atol=1e-5)


def test_that_motions_are_put_over_the_origin_with_the_heading_that_is_asked():
    motions = some(4)
    turn = about_y(0.7)
    turned = as_matrices(motions.rotations_6d.astype(float))
    turned[:, :, 0] = turn @ turned[:, :, 0]
    moved = motions.path_m @ turn.T + np.array([1.0, 0.3, -2.0])
    rotations, path = put_at_origin(as_6d(turned), moved, np.zeros(4))
    assert np.allclose(rotations, motions.rotations_6d, atol=1e-5)
    assert np.allclose(path, motions.path_m + np.array([0.0, 0.3, 0.0]), atol=1e-5)


@pytest.mark.parametrize("kind", ["transformer", "gru"])
def test_that_actions_that_differ_are_told_apart_after_seconds(kind):
    trained, events = ended(train_classifier(some(48), some(24, seed=1), CLASSES, kind, seed=0, schedule=QUICK))
    unseen = some(30, seed=2)
    logits, features = trained.judge(unseen)
    assert unseen.labels[np.arange(30), logits.argmax(1)].mean() > 0.8
    assert features.shape == (30, 96 if kind == "transformer" else 30)
    assert any(isinstance(each, Progress) for each in events)
    assert {each.name for each in events if isinstance(each, Metric)} == {"loss", "validation/accuracy"}


def test_that_the_same_seed_gives_the_same_classifier_and_another_one_another():
    few = Schedule(steps=8, batch=8, validate_every=4)

    def said(seed):
        trained, _ = ended(train_classifier(some(12), some(6, seed=1), CLASSES, seed=seed, schedule=few))
        return trained.judge(some(5, seed=2))[0]

    assert np.array_equal(said(0), said(0))
    assert not np.array_equal(said(0), said(1))


def test_that_actions_that_come_together_are_learned_each_for_itself():
    motions = some(24)
    labels = motions.labels.copy()
    labels[labels[:, 1], 2] = True
    both = Motions(motions.rotations_6d, motions.path_m, motions.frames, labels)
    trained, _ = ended(train_classifier(both, both, CLASSES, schedule=QUICK))
    assert trained.together
    assert trained.judge(both)[0][labels[:, 1]][:, [1, 2]].mean() > 0


def test_that_a_kept_classifier_says_the_same_and_is_another_ones_no_longer(tmp_path):
    few = Schedule(steps=4, batch=8, validate_every=4)
    trained, _ = ended(train_classifier(some(12), some(6, seed=1), CLASSES, schedule=few))
    path = tmp_path / "classifier-0.safetensors"
    assert kept(path, "these windows") is None
    keep(trained, path, "these windows")
    again = kept(path, "these windows")
    assert again is not None
    assert np.array_equal(again.judge(some(5))[0], trained.judge(some(5))[0])
    assert (again.classes, again.kind, again.validation_accuracy) == (
        CLASSES,
        "transformer",
        trained.validation_accuracy,
    )
    assert kept(path, "other windows") is None
    path.write_bytes(path.read_bytes()[:-100])
    with pytest.raises(FormatError, match="damaged"):
        kept(path, "these windows")
