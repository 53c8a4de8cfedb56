"""Labelled windows of motion, as PoseGPT learns from them."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from core.bodies.skeletons import SMPL_24, SMPLH_52
from core.datasets.motion_windows import MotionWindows, at_origin, classes_of, joined, parts_of
from core.errors import FormatError
from core.geometry.rotations import about_y
from core.project.motion_frames import FrameReader
from core.project.motion_sets import MotionRow, MotionSplit, StoredStretch
from core.recordings import Recording, Stretch, completed, joints_of, reference_body
from core.splits import split_set
from tests.core.datasets.made_motion import label_set, motion_set, project_in, recorded, swinging

WALK, RUN, SIT = (Stretch(start, end, (name,)) for start, end, name in ((0, 2, "walk"), (2, 3, "run"), (0.5, 3, "sit")))


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    return project_in(tmp_path_factory.mktemp("windows") / "project")


@pytest.fixture(scope="module")
def walks(project):
    made = [recorded(f"w{at}", at, WALK, RUN) for at in range(12)]
    made += [recorded("rare", 50, SIT), recorded("bare", 51)]
    return motion_set(project, "walks", made)


def _windows(walks, frames=32, **more):
    found = joined(walks)
    return MotionWindows(found.labelled, {"walk": "walk", "run": "run", "sit": "sit"}, frames=frames, **more)


def test_that_frames_read_from_their_place_are_those_that_were_stored(walks):
    row = walks.rows["w3"]
    body = walks.read(row).body
    reader = FrameReader()
    for start, end in ((0, 90), (17, 18), (60, 90)):
        read = reader.frames(walks.path_of(row), "translation_m", start, end)
        np.testing.assert_array_equal(read, body.translation_m[start:end])
    for start, end in ((0, 91), (5, 5), (-1, 3)):
        with pytest.raises(FormatError, match="damaged"):
            reader.frames(walks.path_of(row), "translation_m", start, end)
    with pytest.raises(FormatError, match="damaged"):
        reader.frames(walks.path_of(row).with_name("nowhere.npz"), "translation_m", 0, 1)


def test_that_a_window_is_the_middle_of_its_stretch_and_in_training_anywhere_in_it(walks):
    windows = _windows(walks)
    at = next(at for at, piece in enumerate(windows.pieces) if piece.labelled.name == "w3" and piece.start == 0)
    body = walks.read(walks.rows["w3"]).body
    middle = windows.batch([at])
    expected, _ = at_origin(body.rotations[14:46].astype(np.float32), body.translation_m[14:46])
    np.testing.assert_allclose(middle.rotations[0, :, :22], expected[:, :22], atol=1e-5)
    rng = np.random.default_rng(0)
    knees = {tuple(windows.batch([at], rng).rotations[0, 0, 4].ravel().round(4)) for _ in range(60)}
    stored = {tuple(body.rotations[frame, 4].ravel().astype(np.float32).round(4)): frame for frame in range(90)}
    starts = sorted(stored[each] for each in knees if each in stored)
    assert len(starts) > 10
    assert starts[0] < 5
    assert 23 < starts[-1] <= 60 - 32


def test_that_a_short_stretch_is_held_and_says_from_where_on(walks):
    windows = _windows(walks, frames=64)
    at = next(at for at, piece in enumerate(windows.pieces) if piece.end - piece.start == 30)
    batch = windows.batch([at], np.random.default_rng(0))
    assert batch.valid[0].tolist() == [True] * 30 + [False] * 34
    for held in (batch.rotations[0], batch.translation_m[0]):
        assert (held[30:] == held[29]).all()


def test_that_a_window_stands_at_the_origin_without_heading_wherever_it_was(walks):
    windows = _windows(walks)
    batch = windows.batch(range(len(windows)))
    root = reference_body().model
    rest = (root.regressor[:1] @ root.template_m)[0]
    places = batch.translation_m[:, 0] + rest
    assert np.abs(places[:, [0, 2]]).max() < 1e-5
    assert (places[:, 1] > 0.8).all()
    turns = batch.rotations[:, 0, 0]
    assert np.abs(turns[:, 0, 2] - turns[:, 2, 0]).max() < 1e-4
    assert (turns[:, 0, 0] + turns[:, 2, 2] > 0).all()


def test_that_a_motion_moved_and_turned_gives_the_same_window():
    motion = swinging(7, 40)
    turn = about_y(1.1)
    root = reference_body().model
    rest = (root.regressor[:1] @ root.template_m)[0]
    rotations = motion.rotations.copy()
    rotations[:, 0] = turn @ rotations[:, 0]
    moved = (motion.translation_m + rest) @ turn.T - rest + [3.0, 0.0, -2.0]
    one = at_origin(motion.rotations.astype(np.float32), motion.translation_m.astype(np.float32))
    other = at_origin(rotations.astype(np.float32), moved.astype(np.float32))
    for a, b in zip(one, other, strict=True):
        np.testing.assert_allclose(a, b, atol=2e-5)
    before = joints_of(motion)
    after = joints_of(replace(motion, rotations=one[0], translation_m=one[1]))
    for joints in (before, after):
        joints -= joints[:1, :1] * [1, 0, 1]
    lengths = [np.linalg.norm(each - each[:, :1], axis=-1) for each in (before, after)]
    np.testing.assert_allclose(*lengths, atol=1e-4)


def test_that_labels_are_those_of_the_stretch_and_of_what_covers_half_the_window(project):
    over = Stretch(0.9, 3.0, ("wave",))
    made = motion_set(project, "unions", [recorded("u", 3, Stretch(0, 2, ("walk", "turn")), over)])
    windows = MotionWindows(joined(made).labelled, {"walk": "walk", "turn": "turn", "wave": "wave"}, frames=30)
    assert windows.classes == ("turn", "walk", "wave")
    at = next(at for at, piece in enumerate(windows.pieces) if piece.start == 0)
    assert windows.batch([at]).labels[0].tolist() == [True, True, True]  # frames 15 to 45, waving from 27 on
    late = [windows.batch([at], np.random.default_rng(seed)).labels[0] for seed in range(40)]
    assert {bool(each[2]) for each in late} == {True, False}
    assert all(each[:2].all() for each in late)


def test_that_what_cannot_be_learned_from_is_counted(walks):
    windows = MotionWindows(joined(walks).labelled, {"walk": "walk", "sit": "sit"}, least_frames=61)
    assert windows.left_out == {"none of the classes that are learned": 12, "shorter than 61 frames": 12}
    assert [piece.labelled.name for piece in windows.pieces] == ["rare"]
    assert joined(walks).left_out == {"no labels": ("bare",)}


def test_that_a_rare_class_is_drawn_as_often_as_a_frequent_one(walks):
    windows = _windows(walks)
    drawn = windows.drawn(3000, np.random.default_rng(0))
    often = np.bincount([windows.pieces[at].classes[0] for at in drawn]) / len(drawn)
    np.testing.assert_allclose(often, 1 / 3, atol=0.04)
    assert windows.counts() == {"run": 12, "sit": 1, "walk": 12}


def test_that_batches_have_the_models_shapes_and_the_same_seed_gives_the_same(walks):
    windows = _windows(walks, joints=24)
    one, two = (next(windows.batches(6, np.random.default_rng(5))) for _ in range(2))
    tensors = {name: torch.from_numpy(getattr(one, name)) for name in one.__dataclass_fields__}
    assert [tuple(each.shape) for each in tensors.values()] == [(6, 32, 24, 3, 3), (6, 32, 3), (6, 32), (6, 3)]
    turned = tensors["rotations"]
    np.testing.assert_allclose((turned @ turned.mT).numpy(), np.broadcast_to(np.eye(3), turned.shape), atol=1e-5)
    assert all(np.array_equal(getattr(one, name), getattr(two, name)) for name in tensors)
    assert sum(len(each) for each in windows.in_order(7)) == len(windows)


def test_that_another_rate_becomes_thirty_frames_a_second(project):
    motion = swinging(9, 180, SMPLH_52, 60.0)
    fast = completed(Recording("fast", 60.0, body=motion, stretches=(Stretch(0, 3, ("x",)),)), rate_hz=None)
    slow = completed(Recording("slow", 60.0, body=motion, stretches=(Stretch(0, 3, ("x",)),)))
    made = motion_set(project, "rates", [fast, slow])
    both = MotionWindows(joined(made).labelled, {"x": "x"}, frames=40)
    one, other = (both.batch([at]) for at in range(2))
    np.testing.assert_allclose(one.rotations, other.rotations, atol=1e-5)
    np.testing.assert_allclose(one.translation_m, other.translation_m, atol=1e-5)


def test_that_no_window_of_a_part_is_of_a_recording_of_another(walks):
    split = split_set(walks, "parts", "sequence", 0)
    parts = parts_of(joined(walks).labelled, split)
    learned_as = classes_of(walks, split)
    names = {
        part: {piece.labelled.name for piece in MotionWindows(each, learned_as).pieces} for part, each in parts.items()
    }
    assert names["train"]
    assert not names["train"] & (names["validation"] | names["test"])
    assert not names["validation"] & names["test"]
    assert set.union(*names.values()) <= set(walks.rows) - {"bare"}


def test_that_labels_apart_from_their_motion_find_it_by_any_spelling(tmp_path):
    project = project_in(tmp_path / "p")
    plain = completed(Recording("BioMotionLab_NTroje/rub018/0017_lifting", 30.0, body=swinging(1, 60, SMPL_24)))
    rich = completed(Recording("SMPL-X/BMLrub/rub018/0017_lifting_stageii", 30.0, body=swinging(2, 60)))
    amass = motion_set(project, "amass", [plain, rich, recorded("CMU/01/01_01_poses", 3)])
    walk = (StoredStretch(0.0, 1.5, ("walk",)),)
    rows = [
        MotionRow(name=name, file="", frames=60, rate_hz=30.0, stretches=walk)
        for name in ("BMLrub/rub018/0017_lifting", "CMU/01/01_01", "KIT/3/nowhere")
    ]
    labels = label_set(project, "labels", rows)
    found = joined(labels, [amass])
    assert {each.name: each.row.name for each in found.labelled} == {
        "BMLrub/rub018/0017_lifting": "SMPL-X/BMLrub/rub018/0017_lifting_stageii", "CMU/01/01_01": "CMU/01/01_01_poses",
    }  # fmt: skip
    assert found.left_out == {"no motion of that name": ("KIT/3/nowhere",)}
    windows = MotionWindows(found.labelled, classes_of(labels, MotionSplit(name="x", how="", parts={})))
    assert len(windows.classes) == 60
    assert [windows.classes[piece.classes[0]] for piece in windows.pieces] == ["walk", "walk"]
