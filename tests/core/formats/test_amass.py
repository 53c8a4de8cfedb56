"""AMASS: whatever spelling a file has, people stand upright in our world, and what is written comes in again."""

import re
import zipfile

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from core.bodies.skeletons import RECORDED_27, SMPL_24, SMPLH_52, SMPLX_55
from core.errors import CoreError, FileError, FormatError
from core.formats import aistpp, amass
from core.formats.body_motions import write_motion
from core.formats.provenance import Provenance
from core.geometry.rotations import matrices
from core.motion import Motion
from core.recordings import Recording, completed
from tests.core.formats import made_amass


def only(path):
    (recording,) = amass.read(path)
    return recording


def at(recording, joint):
    return completed(recording, rate_hz=None).joints_m[:, RECORDED_27[joint]]


def changed(path, **arrays):
    """The same file with some arrays in the place of its own; None takes one out."""
    with np.load(path) as held:
        all_of_it = {**held, **arrays}
    np.savez(path, **{name: each for name, each in all_of_it.items() if each is not None})
    return path


@pytest.fixture(params=["SMPL-H", "SMPL-X"])
def walk(request, tmp_path):
    if request.param == "SMPL-H":
        return made_amass.make_smplh(tmp_path / "01_01_poses.npz")
    return made_amass.make_smplx(tmp_path / "01_01_stageii.npz")


# ---- what a file means ----


def test_that_a_walker_stands_upright_walks_level_and_turns_to_their_left(walk):
    recording = only(walk)
    assert recording.name == "01_01"
    pelvis = at(recording, "pelvis")
    np.testing.assert_allclose(pelvis[:, 1], 0.93, atol=1e-6)
    np.testing.assert_allclose(pelvis[-1] - pelvis[0], [0, 0, 0.5 * 39 / 120], atol=1e-5)
    assert (at(recording, "head")[:, 1] > 1.4).all()
    assert (at(recording, "right_ankle")[:, 1] < 0.1).all()
    facing = at(recording, "nose") - at(recording, "head")
    assert facing[0, 2] > 0.05
    assert facing[-1, 0] > facing[0, 0] + 0.004  # from +z towards +x is to the left
    assert (at(recording, "left_wrist") - at(recording, "right_wrist"))[0, 0] > 0.4
    assert (at(recording, "left_ankle") - at(recording, "left_knee"))[0, 2] < -0.05


@pytest.mark.parametrize(("wrote", "read"), [("male", "male"), (b"female", "female"), ("unknown", "neutral")])
def test_that_genders_are_read_as_text_and_as_bytes(tmp_path, wrote, read):
    assert only(made_amass.make_smplh(tmp_path / "a_poses.npz", gender=wrote)).gender == read


def test_that_a_gender_stored_as_an_object_is_read_without_running_anything(tmp_path):
    path = changed(made_amass.make(tmp_path), gender=np.array("female", dtype=object))
    assert only(path).gender == "female"


@pytest.mark.parametrize("rate_hz", [120.000046, 60.0, 100.0, 250.0])
def test_that_both_spellings_of_the_rate_are_read(tmp_path, rate_hz):
    for path in (
        made_amass.make_smplh(tmp_path / "a_poses.npz", rate_hz=rate_hz),
        made_amass.make_smplx(tmp_path / "b_stageii.npz", rate_hz=rate_hz),
    ):
        assert only(path).rate_hz == rate_hz


@pytest.mark.parametrize("has_parts", [True, False])
def test_that_162_columns_are_those_of_165_with_a_closed_jaw_and_it_says_so(tmp_path, has_parts):
    full = only(made_amass.make_smplx(tmp_path / "a_stageii.npz"))
    short = only(made_amass.make_smplx(tmp_path / "b_stageii.npz", columns=162, has_parts=has_parts))
    np.testing.assert_array_equal(short.body.rotations, full.body.rotations)
    assert "jaw" in " ".join(short.notes)


def test_that_162_columns_without_the_root_take_it_from_root_orient(tmp_path):
    path = made_amass.make_smplx(tmp_path / "a_stageii.npz")
    full = only(path)
    poses = made_amass.walking(165, 40, 120.0)[0]
    short = only(changed(path, poses=poses[:, 3:]))
    np.testing.assert_array_equal(short.body.rotations, full.body.rotations)
    assert "root_orient" in " ".join(short.notes)


@pytest.mark.parametrize("count", [1, 10, 16, 300])
def test_that_any_number_of_shape_coefficients_is_kept(tmp_path, count):
    betas = np.linspace(-1, 1, count)
    assert only(changed(made_amass.make(tmp_path), betas=betas)).betas == tuple(betas)


def test_that_a_real_recording_stands_on_the_floor_with_human_bones(shared_data):
    recording = only(shared_data / "amass" / "amass_sample.npz")
    assert (len(recording), recording.rate_hz, recording.gender) == (601, 120.0, "male")
    lowest = min(at(recording, f"{side}_foot")[:, 1].min() for side in ("left", "right"))
    assert 0.0 < lowest < 0.15
    assert (at(recording, "head")[:, 1] > at(recording, "pelvis")[:, 1] + 0.4).all()
    assert (at(recording, "pelvis")[:, 1] > at(recording, "left_ankle")[:, 1] + 0.4).all()
    # The markers are the file's own truth in its own axes: our joints lie among them.
    with np.load(shared_data / "amass" / "amass_sample.npz") as held:
        labels, markers = held["marker_labels"].tolist(), held["marker_data"]
    for label, joint in ((b"LFHD", "head"), (b"LKNE", "left_knee"), (b"RKNE", "right_knee"), (b"LANK", "left_ankle")):
        x, y, z = np.moveaxis(markers[:, labels.index(label)], -1, 0)
        seen = np.isfinite(x) & ((x != 0) | (y != 0))
        apart = np.linalg.norm(np.stack([x, z, -y], axis=-1) - at(recording, joint), axis=-1)[seen]
        assert np.median(apart) < 0.2, label


# ---- out and in again ----

numbers = st.integers(0, 2**32 - 1)


@settings(max_examples=25)
@given(st.sampled_from([SMPL_24, SMPLH_52, SMPLX_55]), numbers, st.integers(1, 9), st.integers(0, 20))
def test_that_what_is_written_comes_in_again(tmp_path_factory, skeleton, seed, frames, shapes):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(scale=1.0, size=(frames, len(skeleton), 3))
    body = Motion(skeleton, 59.94, matrices(vectors), rng.normal(scale=3.0, size=(frames, 3)))
    first = Recording("x", 59.94, body=body, betas=tuple(rng.normal(size=shapes)), gender="female")
    path = tmp_path_factory.mktemp("written") / "x.npz"
    amass.write(first, path)
    assert amass.is_amass(path)
    again = only(path)
    assert again.body.skeleton == skeleton
    np.testing.assert_allclose(again.body.rotations, body.rotations, atol=2e-6)
    np.testing.assert_allclose(again.body.translation_m, body.translation_m, atol=1e-9)
    assert (again.rate_hz, again.gender, again.name) == (59.94, "female", "x")
    assert again.betas == (first.betas or (0.0,) * 16)


def test_that_a_file_of_amass_is_written_as_it_was(walk, tmp_path):
    out = tmp_path / "again_poses.npz"
    amass.write(only(walk), out)
    with np.load(walk) as before, np.load(out) as after:
        np.testing.assert_allclose(after["poses"], before["poses"], atol=1e-5)
        np.testing.assert_allclose(after["trans"], before["trans"], atol=1e-9)
        assert str(after["gender"]) == str(before["gender"])
        rates = {"mocap_framerate", "mocap_frame_rate"}
        assert rates & set(after.files) == rates & set(before.files)


def test_that_any_tool_for_amass_finds_smplh_in_a_body_of_smpl(tmp_path):
    vectors = np.zeros((5, 24, 3))
    vectors[:, 18, 2], vectors[:, 22] = 0.4, [0.1, 0.2, 0.3]  # the left elbow, and the left hand
    body = Motion(SMPL_24, 60.0, matrices(vectors), np.zeros((5, 3)))
    amass.write(Recording("x", 60.0, body=body), tmp_path / "x_poses.npz")
    with np.load(tmp_path / "x_poses.npz") as held:
        poses = held["poses"].reshape(5, 52, 3)
        assert set(held.files) >= {"poses", "trans", "betas", "dmpls", "gender", "mocap_framerate"}
    np.testing.assert_allclose(poses[:, 18], vectors[:, 18], atol=1e-9)
    np.testing.assert_allclose(poses[:, [22, 25, 28, 31]], np.broadcast_to(vectors[:, 22:23], (5, 4, 3)), atol=1e-9)
    assert not poses[:, 34:37].any()  # the thumb is no part of SMPL's hand


def test_that_a_file_of_72_columns_is_one_of_smpl(tmp_path):
    recording = only(changed(made_amass.make(tmp_path), poses=made_amass.walking(156, 40, 120.0)[0][:, :72]))
    assert recording.body.skeleton == SMPL_24
    np.testing.assert_allclose(at(recording, "pelvis")[:, 1], 0.93, atol=1e-6)


def test_that_a_body_not_known_in_a_frame_is_not_written(tmp_path):
    rotations = np.broadcast_to(np.eye(3), (4, 24, 3, 3)).copy()
    rotations[2] = np.nan
    body = Motion(SMPL_24, 30.0, rotations, np.zeros((4, 3)))
    with pytest.raises(FileError, match="frame 2: the body is not known"):
        amass.write(Recording("x", 30.0, body=body), tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


def test_that_a_real_dance_goes_out_and_comes_in_as_it_was(shared_data, tmp_path):
    (path,) = (shared_data / "aistpp").glob("*.pkl")
    (dance,) = aistpp.read(path)
    amass.write(dance, tmp_path / "dance_poses.npz")
    again = only(tmp_path / "dance_poses.npz")
    np.testing.assert_allclose(again.body.rotations, dance.body.rotations, atol=2e-6)
    np.testing.assert_allclose(again.body.translation_m, dance.body.translation_m, atol=1e-9)


@pytest.mark.parametrize("key", ["built-in/smplx/female", "somebody/else"])
def test_that_our_own_exports_are_y_up_already(tmp_path, key):
    rng = np.random.default_rng(1)
    rotations = matrices(rng.normal(scale=0.2, size=(6, 55, 3)))
    places_m = np.tile([0.3, 0.9, 0.1], (6, 1))
    path = tmp_path / "ours.npz"
    there = np.array([False, True, True, False, True, True])
    said = Provenance("terms")
    write_motion(
        path, np.zeros(10), rotations, places_m, 25.0, said, body=key, gender="female", licence="CC0", there=there
    )
    recording = only(path)
    assert len(recording) == 5
    assert len(recording.notes) == 2
    np.testing.assert_allclose(recording.body.rotations, rotations[1:], atol=1e-6)
    aside = recording.body.translation_m - places_m[1:]
    if key.startswith("built-in"):  # its pelvis is where the reference body's is, to a millimetre
        np.testing.assert_allclose(aside, 0, atol=2e-3)


def test_that_joints_alone_are_no_motion_amass_can_have(tmp_path):
    with pytest.raises(FileError, match="no body's rotations"):
        amass.write(Recording("x", 30.0, joints_m=np.zeros((2, 27, 3))), tmp_path / "x.npz")
    assert not list(tmp_path.iterdir())


# ---- what is refused, and why ----


@pytest.mark.parametrize("name", ["shape.npz", "neutral_stagei.npz", "s1_stagei.npz"])
def test_that_a_shape_without_motion_is_known_and_left_out_with_its_reason(tmp_path, name):
    np.savez(tmp_path / name, betas=np.zeros(16), gender=np.array("male"))
    assert amass.is_amass(tmp_path / name)
    with pytest.raises(FormatError, match="no motion") as caught:
        only(tmp_path / name)
    assert "stageii" in caught.value.hint


def spoilt(values, frame, by):
    values = values.copy()
    values[frame, 1] = by
    return values


POSES, TRANS = made_amass.walking(156, 40, 120.0)


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"poses": spoilt(POSES, 17, np.nan)}, r"poses, frame 17: nan"),
        ({"trans": spoilt(TRANS, 39, np.inf)}, r"trans, frame 39: inf"),
        ({"poses": spoilt(POSES, 3, 1e30)}, r"poses, frame 3: 1e\+30"),
        ({"poses": POSES[:, :100]}, r"40 × 100, not frames × 72"),
        ({"poses": POSES[:0], "trans": TRANS[:0]}, r"no frame"),
        ({"trans": TRANS[:-1]}, r"40 frames, and trans 39"),
        ({"trans": None}, r"no trans"),
        ({"mocap_framerate": None}, r"no frame rate"),
        ({"mocap_framerate": np.array(0.0)}, r"0.0 frames a second"),
        ({"mocap_framerate": np.array(1e9)}, r"1000000000.0 frames a second"),
        ({"mocap_framerate": np.array("fast")}, r"fast frames a second"),
        ({"poses": POSES.astype("S8")}, r"no table of numbers"),
        ({"poses": POSES + 1j}, r"complex"),
        ({"betas": np.full(16, np.nan)}, r"betas, frame 0: nan"),
    ],
)
def test_that_a_file_that_cannot_be_is_refused_with_its_place(tmp_path, arrays, says):
    path = changed(made_amass.make(tmp_path), **arrays)
    with pytest.raises(FormatError, match=says) as caught:
        only(path)
    assert path.name in str(caught.value)


@settings(max_examples=60)
@given(numbers)
def test_that_a_damaged_file_ends_in_a_recording_or_a_sentence(tmp_path_factory, seed):
    rng = np.random.default_rng(seed)
    path = made_amass.make_smplh(tmp_path_factory.mktemp("damaged") / "a_poses.npz", frames=4)
    raw = bytearray(path.read_bytes())
    if rng.random() < 0.3:
        raw = raw[: rng.integers(len(raw))]
    for _ in range(rng.integers(1, 6)):
        if raw:
            raw[rng.integers(len(raw))] = rng.integers(256)
    path.write_bytes(raw)
    amass.is_amass(path)
    try:
        recording = only(path)
    except CoreError as error:
        said = str(error)
    else:
        said = path.name
        assert np.isfinite(recording.body.rotations).all()
    assert path.name in said


def test_that_an_array_larger_than_its_file_takes_no_memory(tmp_path):
    path = made_amass.make(tmp_path)
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    huge = re.sub(rb"\(40, 156\), \}       ", rb"(1000000000, 156), }", members["poses.npy"])
    assert huge != members["poses.npy"]
    members["poses.npy"] = huge
    with zipfile.ZipFile(path, "w") as archive:
        for name, raw in members.items():
            archive.writestr(name, raw)
    with pytest.raises(FormatError, match="poses cannot be read"):
        only(path)


def test_that_other_archives_are_not_taken_for_amass(tmp_path):
    np.savez(tmp_path / "a.npz", poses=np.zeros((3, 17, 2)), trans=np.zeros((3, 3)))
    np.savez(tmp_path / "b.npz", v_template=np.zeros((3, 3)), betas=np.zeros(16))
    (tmp_path / "c.npz").write_bytes(b"PK\x03\x04 not an archive")
    (tmp_path / "d").mkdir()
    assert not any(amass.is_amass(path) for path in tmp_path.iterdir())
    assert not amass.is_amass(tmp_path / "nothing")


def test_that_names_say_what_is_in_the_file_not_how_it_was_made(tmp_path):
    recording = only(made_amass.make_smplx(tmp_path / "walk_stageii.npz"))
    assert recording.name == "walk"


@pytest.mark.parametrize(
    ("folder", "performer"),
    [("CMU/01", "CMU/01"), ("SMPL-X/MPI_HDM05/dg", "HDM05/dg"), ("mine/walks", ""), ("CMU", "")],
)
def test_that_amass_folders_say_who_moves_and_others_do_not(tmp_path, folder, performer):
    (tmp_path / folder).mkdir(parents=True)
    assert only(made_amass.make_smplh(tmp_path / folder / "01_01_poses.npz")).performer == performer
