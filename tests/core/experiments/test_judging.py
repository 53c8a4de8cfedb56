"""Samples are as long as they should be, figures are what they say, and what was learned is not measured as unseen."""

import numpy as np
import pytest
import torch

from core.errors import RunError
from core.evaluation.labelled_motions import Motions
from core.experiments.judging import (
    code_scores,
    judge_of,
    real_windows,
    reconstructed,
    sampled,
    score,
)
from core.generation.motion_model import MotionModel
from core.models.likelihoods import bits_per_code
from core.models.motion_vqvae import MotionTensors
from core.project.motion_sets import MotionSplit
from core.recordings import Stretch
from tests.core.datasets.made_motion import motion_set, project_in, recorded
from tests.core.generation.made_model import made_config, made_header, made_whole

ACTIONS = ("bow", "wave", "yawn")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Nine recordings of bows and waves in three parts, and one yawn to learn from alone."""
    folder = project_in(tmp_path_factory.mktemp("judged") / "project")
    names = {part: [f"{part}-{at}" for at in range(4)] for part in ("train", "validation", "test")}
    made = [
        recorded(name, 10 * number + at, Stretch(0.0, 3.0, (ACTIONS[at % 2],)))
        for number, these in enumerate(names.values())
        for at, name in enumerate(these)
    ]
    made.append(recorded("train-yawn", 99, Stretch(0.0, 3.0, ("yawn",))))
    found = motion_set(folder, "moves", made)
    names["train"].append("train-yawn")
    found.store_split(MotionSplit(name="own", how="by hand", parts={k: tuple(v) for k, v in names.items()}))
    return folder


@pytest.fixture(scope="module")
def config():
    return made_config(most_frames=64)


@pytest.fixture(scope="module")
def model(config):
    return MotionModel.of(made_whole(config, ACTIONS), made_header(config, ACTIONS), "made")


@pytest.fixture(scope="module")
def real(project, config):
    return real_windows(project, config, ACTIONS, windows=24)


class Oracle:
    """A classifier that reads the action off the labels, and how high the root is."""

    classes = ("bow", "wave")

    def judge(self, motions: Motions):
        features = np.random.default_rng(len(motions)).normal(size=(len(motions), 4))
        return motions.labels.astype(float), features + motions.path_m[:, :1, 1]


def test_that_only_actions_of_both_parts_are_measured_and_each_comes_as_often(real):
    assert real.classes == ("bow", "wave")
    assert len(real.train) == len(real.held_out) == 48
    assert not real.train.labels[:, 2].any()
    assert abs(int(real.train.labels[:, 0].sum()) - 24) < 14
    assert set(np.unique(real.held_out.frames)) <= set(range(16, 65, 4))


def test_that_the_same_seed_cuts_the_same_windows(project, config, real):
    again = real_windows(project, config, ACTIONS, windows=24)
    assert np.array_equal(again.held_out.rotations_6d, real.held_out.rotations_6d)
    other = real_windows(project, config, ACTIONS, windows=24, seed=1)
    assert not np.array_equal(other.held_out.path_m, real.held_out.path_m)


def test_that_a_sample_is_as_long_as_what_it_is_like_and_is_its_seeds_alone(model, real):
    like = real.held_out[:10]
    samples = sampled(model, like, seed=3)
    assert np.array_equal(samples.frames, like.frames)
    assert np.array_equal(samples.labels, like.labels)
    assert np.array_equal(sampled(model, like, seed=3).rotations_6d, samples.rotations_6d)
    assert not np.array_equal(sampled(model, like, seed=4).path_m, samples.path_m)
    for row, frames in enumerate(samples.frames):  # behind its end the last frame is held
        assert (samples.path_m[row, frames:] == samples.path_m[row, frames - 1]).all()


def test_that_reconstructions_are_of_each_motion_whatever_stands_beside_it(model, real):
    some = real.held_out[:6]
    together = reconstructed(model, some)
    alone = reconstructed(model, some[2:3])
    frames = int(some.frames[2])
    assert np.allclose(together.path_m[2, :frames], alone.path_m[0, :frames], atol=1e-5)


def test_that_bits_are_those_of_the_models_own_likelihood(model, real):
    some = real.held_out[:5]
    got = code_scores(model, some)
    expected, tokens = 0.0, 0
    for row, frames in enumerate(some.frames):
        motion = MotionTensors(
            torch.from_numpy(some.rotations_6d[row : row + 1, :frames]),
            torch.from_numpy(some.path_m[row : row + 1, :frames]),
        )
        codes = model.autoencoder.encode(motion)
        labels = torch.from_numpy(some.labels[row : row + 1]).float()
        each = bits_per_code(model.gpt, codes, labels, torch.tensor([int(frames)]))
        expected += float(each) * codes.shape[1]
        tokens += codes.shape[1]
    assert got.bits_a_code == pytest.approx(expected / tokens, rel=1e-4)
    assert got.bits_a_second == pytest.approx(got.bits_a_code * model.books * 30 / model.factor)
    assert got.pve_mm > 0


def test_that_copied_motion_is_seen_to_be_copied_and_unseen_motion_is_not(real):
    judge_ = judge_of(Oracle(), real)
    copies = score("copied motion", real.copies, real, judge_)
    itself = score("real, held out", real.held_out, real, judge_)
    assert judge_.accuracy_on_real == 1.0
    assert copies.recognised == 1.0
    assert 4 * copies.nearest_mm < itself.nearest_mm  # a cut may begin one frame beside what is compared
    assert copies.nearer_than_held_out > 0.95
    assert itself.nearer_than_held_out == pytest.approx(0.5, abs=0.01)
    assert copies.to_held_out is not None
    assert copies.to_held_out.motions == 24


def test_that_what_a_model_learned_from_is_not_measured_as_unseen_when_the_project_has_changed(project, config):
    learned = {"train": ("test-0", "test-1")}
    seen = real_windows(project, config, ACTIONS, windows=16, learned_from=learned, fingerprint="of another day")
    assert seen.recordings["test"] == 2
    assert any("has changed" in note for note in seen.notes)
    everything = {"train": tuple(f"test-{at}" for at in range(4))}
    with pytest.raises(RunError, match="learned from all of the test part"):
        real_windows(project, config, ACTIONS, windows=16, learned_from=everything, fingerprint="of another day")


def test_that_a_part_without_the_models_actions_is_refused_in_words(project, config):
    with pytest.raises(RunError, match="two are needed"):
        real_windows(project, config, ("dance", "yawn"), windows=16)
