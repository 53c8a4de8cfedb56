"""Labelled motion as training batches: windows, augmentation, and that a step's batch depends on its number alone."""

import numpy as np
import pytest

from core.bodies.kinematics import place_joints
from core.bodies.poses import joint_names
from core.bodies.skeletons import SMPL_24, SMPLX_55
from core.datasets.motion_examples import motion_examples
from core.datasets.motion_features import Ahead, Cuts, FeatureWindows, StepBatches, counterparts
from core.datasets.motion_windows import MotionWindows
from core.errors import RunError
from core.geometry.rotations import about_x, about_y, about_z, turned
from core.posegpt_configs import MotionData
from core.project.motion_sets import MotionRow, StoredStretch, actions_in_names
from core.recordings import Recording, Stretch, completed, reference_joints_m
from core.splits import split_set
from tests.core.datasets.made_motion import label_set, motion_set, project_in, recorded, swinging

WALK, SIT = Stretch(0, 2, ("walk left",)), Stretch(2.0, 3.0, ("sit",))
FRAMES = MotionData(least_frames=16, most_frames=48, mirror=0.5, turn=True, tilt_degrees=15.0)


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = project_in(tmp_path_factory.mktemp("features") / "project")
    made = [recorded(f"w{at:02}", at, WALK, SIT, performer=f"p{at % 5}") for at in range(15)]
    made += [recorded("r0", 30, Stretch(0, 3, ("walk right",)), performer="p0")]
    made += [recorded("k0", 31, Stretch(0, 2, ("kick left",)), Stretch(1.5, 3, ("sit",)), performer="p1")]
    motion_set(folder, "walks", made)
    return folder


@pytest.fixture(scope="module")
def examples(project):
    return motion_examples(project, FRAMES, 0)


def windows_of(examples, part="train", data=FRAMES, factor=4, **more) -> FeatureWindows:
    return FeatureWindows(examples.labelled[part], examples.learned_as, data, factor, **more)


def every(windows: FeatureWindows, *, mirrored=False, heading=0.0, tilt=0.0, roll=0.0) -> Cuts:
    plain = windows.in_order()
    count = len(plain)
    return Cuts(
        plain.piece, plain.start, plain.frames, np.full(count, mirrored),
        *(np.full(count, float(angle)) for angle in (heading, tilt, roll)),
    )  # fmt: skip


def joints_of(batch) -> np.ndarray:
    """Places of all joints, by the kinematics of the body itself."""
    count = batch.rotations_6d.shape[2]
    columns = batch.rotations_6d.reshape(*batch.rotations_6d.shape[:3], 2, 3)
    x, y = columns[..., 0, :], columns[..., 1, :]
    rotations = np.stack([x, y, np.cross(x, y)], axis=-1).astype(float)
    skeleton = SMPL_24 if count == 24 else SMPLX_55
    stands_for = {"left_hand": "left_middle1", "right_hand": "right_middle1"}
    rest_m = reference_joints_m()[[SMPLX_55[stands_for.get(name, name)] for name in skeleton.joints]]
    return place_joints(rotations, batch.path_m.astype(float), rest_m, skeleton.parents).places_m


def other_side(joints: int) -> list[int]:
    names = joint_names(joints)
    swap = {"left": "right", "right": "left"}
    return [
        names.index("_".join((swap[first], *rest))) if (first := name.split("_")[0]) in swap else at
        for at, name in enumerate(names)
        for rest in [name.split("_")[1:]]
    ]


# ---- windows --------------------------------------------------------------------------------------------------------


def test_that_windows_are_those_that_motion_windows_cuts(examples):
    data = MotionData(least_frames=16, most_frames=32)
    windows = windows_of(examples, data=data)
    plain = MotionWindows(examples.labelled["train"], examples.learned_as, frames=32, joints=24)
    cuts = windows.in_order()
    batch, wanted = windows.batch(cuts), plain.batch(cuts.piece)
    real = batch.real
    assert windows.classes == plain.classes == examples.classes
    np.testing.assert_array_equal(batch.frames, real.sum(1))
    full = cuts.frames == 32
    assert full.sum() > 5
    columns = wanted.rotations[..., :2].swapaxes(-1, -2).reshape(*wanted.rotations.shape[:3], 6)
    np.testing.assert_allclose(batch.rotations_6d[full], columns[full], atol=2e-6)
    np.testing.assert_allclose(batch.path_m[full], wanted.translation_m[full], atol=2e-6)
    np.testing.assert_array_equal(batch.labels[full] > 0, wanted.labels[full])


@pytest.mark.parametrize("factor", [1, 2, 4, 8])
def test_that_lengths_are_whole_tokens_that_the_stretch_has_room_for_and_all_of_them_come(examples, factor):
    windows = windows_of(examples, factor=factor)
    cuts = windows.drawn(2000, np.random.default_rng(0))
    room = np.array([piece.end - piece.start for piece in windows.pieces])
    assert (cuts.frames % factor == 0).all()
    assert (cuts.frames >= 16).all()
    assert (cuts.start >= 0).all()
    assert (cuts.start + cuts.frames <= room[cuts.piece]).all()
    long = room[cuts.piece] >= 48
    assert set(cuts.frames[long]) == set(range(16, 49, factor))
    counts = np.bincount(cuts.frames[long] // factor)[16 // factor :]
    assert counts.min() > 0.4 * counts.mean()


def test_that_batches_hold_windows_of_like_length_and_pad_with_the_last_frame(examples):
    steps = StepBatches(windows_of(examples), seed=0, stage=1, batch=8)
    batches = [steps(step) for step in range(1, 33)]
    real = sum(batch.real.sum() for batch in batches) / sum(batch.real.size for batch in batches)
    assert real > 0.85
    assert all(batch.real.shape[1] == batch.frames.max() for batch in batches)
    padded = next(batch for batch in batches if not batch.real.all())
    for row, frames in enumerate(padded.frames):
        held = padded.rotations_6d[row, frames:], padded.path_m[row, frames:]
        assert (held[0] == padded.rotations_6d[row, frames - 1]).all()
        assert (held[1] == padded.path_m[row, frames - 1]).all()
    cards = StepBatches(windows_of(examples), seed=0, stage=1, batch=8, multiple_of=32)
    assert {cards(step).real.shape[1] for step in range(1, 33)} <= {32, 64}


def test_that_a_steps_batch_depends_on_seed_stage_and_step_alone(examples):
    first, again = (StepBatches(windows_of(examples), seed=3, stage=1, batch=6) for _ in range(2))
    in_order = {step: first(step) for step in range(1, 40)}
    for step in (39, 2, 17, 16, 33):
        one, other = in_order[step], again(step)
        for name in ("rotations_6d", "path_m", "real", "labels", "frames"):
            np.testing.assert_array_equal(getattr(one, name), getattr(other, name))
    for other in (
        StepBatches(windows_of(examples), seed=seed, stage=stage, batch=6) for seed, stage in ((4, 1), (3, 2))
    ):
        assert not np.array_equal(other(2).frames, in_order[2].frames) or not np.array_equal(
            other(2).path_m, in_order[2].path_m
        )


def test_that_every_class_comes_as_often_and_unbalanced_ones_as_they_are(examples):
    windows = windows_of(examples)
    labels = windows.batch(windows.drawn(1500, np.random.default_rng(0), varied=False)).labels.sum(0)
    counts = windows.counts()
    assert counts["sit"] > 8 * counts["walk right"]
    assert labels[windows.classes.index("walk right")] > 300
    drawn = windows.drawn(1500, np.random.default_rng(0), balanced=False).piece
    assert np.bincount(drawn, minlength=len(windows)).min() > 15


def test_that_labels_beside_the_stretch_count_where_they_cover_half_the_window(examples):
    windows = windows_of(examples)
    at = next(at for at, piece in enumerate(windows.pieces) if piece.labelled.name == "k0" and piece.start == 0)
    sit = windows.classes.index("sit")
    none = np.zeros(1)
    for start, expected in ((0, False), (36, False), (37, True), (44, True)):
        cut = Cuts(np.array([at]), np.array([start]), np.array([16]), np.zeros(1, bool), none, none, none)
        labels = windows.batch(cut).labels[0]
        assert labels[windows.classes.index("kick left")] == 1
        assert bool(labels[sit]) == expected, start


def test_that_a_bank_in_a_file_gives_the_same_motion_in_half_precision(examples, tmp_path):
    held = windows_of(examples, bank_file=tmp_path / "bank.npy", most_bytes=1000)
    plain = windows_of(examples)
    assert held.is_in_file
    assert (tmp_path / "bank.npy").stat().st_size < plain.bank_bytes
    one, other = (each.batch(each.in_order()) for each in (held, plain))
    np.testing.assert_allclose(one.rotations_6d, other.rotations_6d, atol=2e-3)
    np.testing.assert_allclose(one.path_m, other.path_m, atol=5e-3)


# ---- augmentation ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("body", ["smpl", "smplx"])
def test_that_the_joints_of_a_mirrored_window_are_the_mirrored_joints(examples, body):
    windows = windows_of(examples, data=MotionData(body=body, least_frames=16, most_frames=48))
    plain, mirrored = (windows.batch(every(windows, mirrored=each)) for each in (False, True))
    wanted = joints_of(plain)[:, :, other_side(windows.joints)] * [-1, 1, 1]
    np.testing.assert_allclose(joints_of(mirrored), wanted, atol=1e-5)
    assert np.abs(joints_of(mirrored) - joints_of(plain)).max() > 0.05


def test_that_mirroring_twice_is_as_if_nothing_had_been_done(examples):
    windows = windows_of(examples)
    plain = windows.batch(every(windows))
    once = windows.batch(every(windows, mirrored=True))
    swapped = once.rotations_6d[:, :, other_side(24)] * np.array([1, -1, -1, -1, 1, 1])
    np.testing.assert_allclose(swapped, plain.rotations_6d, atol=1e-6)
    may = plain.labels[:, windows.classes.index("kick left")] == 0
    other = counterparts(windows.classes)
    known = other >= 0
    np.testing.assert_array_equal(once.labels[may][:, other[known]], plain.labels[may][:, known])
    assert not once.labels[may][:, ~known].any()


def test_that_labels_change_sides_and_what_has_no_counterpart_is_never_mirrored(examples):
    windows = windows_of(examples)
    left, right, kick = (windows.classes.index(name) for name in ("walk left", "walk right", "kick left"))
    cuts = windows.drawn(600, np.random.default_rng(1))
    own, batch = windows.batch(windows.drawn(600, np.random.default_rng(1), varied=False)), windows.batch(cuts)
    assert not (own.labels[cuts.mirrored][:, kick]).any()
    np.testing.assert_array_equal(batch.labels[cuts.mirrored][:, right], own.labels[cuts.mirrored][:, left])
    np.testing.assert_array_equal(batch.labels[~cuts.mirrored], own.labels[~cuts.mirrored])
    may = own.labels[:, kick] == 0
    assert 0.3 < cuts.mirrored[may].mean() < 0.6


@pytest.mark.parametrize(
    ("classes", "wanted"),
    [
        (("walk", "upright", "leftover"), [0, 1, 2]),
        (("turn left", "turn right"), [1, 0]),
        (("walk-left", "walk-back"), [-1, 1]),
        (("Left_hand up, right_foot down", "right_hand up, left_foot down"), [1, 0]),
    ],
)
def test_that_a_class_that_names_a_side_has_the_other_side_as_its_counterpart(classes, wanted):
    assert counterparts(classes).tolist() == wanted


@pytest.mark.parametrize(
    ("heading", "tilt", "roll"), [(1.1, 0.0, 0.0), (0.0, 0.2, 0.0), (0.0, 0.0, -0.25), (-2.0, 0.1, 0.2)]
)
def test_that_a_turned_window_is_the_turned_joints(examples, heading, tilt, roll):
    windows = windows_of(examples)
    plain, varied = windows.batch(every(windows)), windows.batch(every(windows, heading=heading, tilt=tilt, roll=roll))
    before = joints_of(plain)
    about = before[:, :1, :1]
    turn = about_y(heading) @ about_x(tilt) @ about_z(roll)
    np.testing.assert_allclose(joints_of(varied), turned(turn, before - about) + about, atol=1e-5)


def test_that_windows_stay_as_they_are_unless_the_config_says_otherwise(examples):
    windows = windows_of(examples, data=MotionData(least_frames=16, most_frames=48, mirror=0.0))
    batch = StepBatches(windows, seed=0, stage=1, batch=32)(1)
    places = batch.path_m[:, 0] + reference_joints_m()[0]
    assert np.abs(places[:, [0, 2]]).max() < 1e-5
    z = np.cross(batch.rotations_6d[:, 0, 0, :3], batch.rotations_6d[:, 0, 0, 3:])
    assert np.abs(z[:, 0] - batch.rotations_6d[:, 0, 0, 2]).max() < 1e-5
    varied = StepBatches(windows_of(examples), seed=0, stage=1, batch=32)(1)
    assert np.abs(np.cross(varied.rotations_6d[:, 0, 0, :3], varied.rotations_6d[:, 0, 0, 3:])[:, 0]).max() > 0.5


# ---- what is learned from -------------------------------------------------------------------------------------------


def test_that_no_recording_and_no_performer_is_in_two_parts(examples):
    names = {part: set(those) for part, those in examples.parts.items()}
    assert all(names.values())
    assert not names["train"] & (names["validation"] | names["test"])
    performers = {part: {one.row.performer for one in those} for part, those in examples.labelled.items()}
    assert not performers["train"] & (performers["validation"] | performers["test"])
    assert any("by performer" in note for note in examples.notes)
    train, held_out = windows_of(examples), windows_of(examples, "validation")
    places = {tuple(row) for row in np.round(train._bank.path_m, 5).tolist()}
    assert not places & {tuple(row) for row in np.round(held_out._bank.path_m, 5).tolist()}


def test_that_the_same_recording_in_two_sets_is_kept_out_of_what_is_learned(tmp_path):
    folder = project_in(tmp_path / "twice")
    stretches = Stretch(0, 3, ("walk",))
    one = motion_set(folder, "one", [recorded(f"a{at}", at, stretches) for at in range(6)])
    motion_set(folder, "two", [recorded(f"b{at}", at, stretches) for at in range(6)])
    split_set(one, "here", "sequence", 0)
    examples = motion_examples(folder, MotionData(), 0)
    files = {part: {each.row.file for each in those} for part, those in examples.labelled.items()}
    assert not files["train"] & (files["validation"] | files["test"])
    assert not files["validation"] & files["test"]
    assert any("Left out of train" in note for note in examples.notes)
    assert all(":" in name for names in examples.parts.values() for name in names)


def test_that_a_stored_split_is_taken_before_one_is_drawn_and_the_fingerprint_follows_the_data(tmp_path):
    folder = project_in(tmp_path / "p")
    made = motion_set(folder, "walks", [recorded(f"a{at}", at, Stretch(0, 3, ("walk",))) for at in range(8)])
    drawn = motion_examples(folder, MotionData(), 0)
    assert any("70/15/15 along sequences" in note for note in drawn.notes)
    split_set(made, "mine", "sequence", 5)
    named = motion_examples(folder, MotionData(split="mine"), 0)
    assert named.parts == made.splits()["mine"].parts
    assert motion_examples(folder, MotionData(), 0).parts == named.parts
    assert named.fingerprint != drawn.fingerprint
    assert motion_examples(folder, MotionData(), 1).fingerprint == named.fingerprint


def test_that_labels_apart_learn_babels_classes_from_the_amass_beside_them(tmp_path):
    folder = project_in(tmp_path / "p")
    names = [f"CMU/{at:02}/{at:02}_01" for at in range(6)]
    motion_set(
        folder,
        "amass",
        [completed(Recording(f"{name}_poses", 30.0, body=swinging(at))) for at, name in enumerate(names)],
    )
    walk = (StoredStretch(0.0, 3.0, ("walk",)), StoredStretch(1.0, 2.0, ("turn",)))
    rows = [
        MotionRow(name=name, file="", frames=90, rate_hz=30.0, stretches=walk, part="train" if at < 4 else "validation")
        for at, name in enumerate(names)
    ]
    label_set(folder, "labels", rows)
    examples = motion_examples(folder, MotionData(), 0)
    assert len(examples.classes) == 60
    assert {part: len(those) for part, those in examples.parts.items()} == {"train": 4, "validation": 2, "test": 0}
    windows = windows_of(examples)
    assert {name: count for name, count in windows.counts().items() if count} == {"turn": 4, "walk": 4}
    assert any("AMASS" in source and "for tests" in source for source in examples.sources)


def test_that_a_folder_that_nobody_labelled_is_learned_as_its_folders_or_names_say(tmp_path):
    folder = project_in(tmp_path / "p")
    names = [f"{action}/{number:02}" for action in ("walk", "sit down") for number in range(4)]
    motion_set(folder, "bvh", [recorded(name, at) for at, name in enumerate(names)], made_by="BVH")
    examples = motion_examples(folder, MotionData(), 0)
    assert set(examples.classes) == {"walk", "sit down"}
    assert sum(windows_of(examples).counts().values()) == len(examples.parts["train"]) == 6
    assert any("has no labels" in note for note in examples.notes)
    motion_set(folder, "labelled", [recorded(f"m{at}", at + 20, WALK) for at in range(4)])
    assert motion_examples(folder, MotionData(), 0).classes == ("walk left",)
    assert set(motion_examples(folder, MotionData(sets="bvh"), 0).classes) == {"walk", "sit down"}


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (["walk/01", "run/01"], {"walk/01": "walk", "run/01": "run"}),
        (["walk_01", "run-02", "01_02"], {"walk_01": "walk", "run-02": "run"}),
        (["all/walk 1", "all/run2"], {"all/walk 1": "walk", "all/run2": "run"}),
        (["a/b/kick/3", "a/b/hop/3"], {"a/b/kick/3": "kick", "a/b/hop/3": "hop"}),
    ],
)
def test_that_names_and_folders_say_what_is_done(names, wanted):
    assert actions_in_names(names) == wanted


@pytest.mark.parametrize(
    ("knobs", "said"),
    [
        ({"sets": "nothing"}, r"no labelled data set 'nothing'"),
        ({"split": "mine"}, r"no split 'mine'"),
    ],
)
def test_that_a_set_or_split_that_is_not_there_is_refused_by_name(project, knobs, said):
    with pytest.raises(RunError, match=said):
        motion_examples(project, MotionData(**knobs), 0)


def test_that_a_project_without_labelled_motion_says_what_to_import(tmp_path):
    folder = project_in(tmp_path / "bare")
    with pytest.raises(RunError, match="no motion with labels") as refused:
        motion_examples(folder, MotionData(), 0)
    assert "Import" in refused.value.hint
    motion_set(folder, "walks", [recorded("01_02", 1)])
    with pytest.raises(RunError, match="no motion with labels"):
        motion_examples(folder, MotionData(), 0)


def test_that_a_shortest_window_longer_than_the_longest_is_refused(examples):
    with pytest.raises(RunError, match="least_frames = 64 is more than"):
        windows_of(examples, data=MotionData(least_frames=64, most_frames=32))


# ---- ahead ----------------------------------------------------------------------------------------------------------


def test_that_what_is_made_ahead_comes_in_order_and_its_faults_come_to_who_takes_it():
    def make(step: int) -> int:
        if step == 6:
            raise RunError("the disk is gone")
        return step * step

    ahead = Ahead(make, 2, 9)
    assert [ahead.take() for _ in range(4)] == [4, 9, 16, 25]
    assert ahead.waited_s >= 0
    with pytest.raises(RunError, match="the disk is gone"):
        ahead.take()
    ahead.close()
