"""Acclaim and DeepMimic: their own numbers, and real clips against each other."""

import json
import zipfile

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27, SMPL_24
from core.errors import FormatError
from core.formats import acclaim, bvh, deepmimic
from core.recordings import joints_of
from tests.core.formats import made_acclaim, made_deepmimic

UNIT_M = 0.0254 / 0.45


def at(recording, joint):
    return recording.joints_m[:, RECORDED_27[joint]]


def length(recording, one, other):
    return np.linalg.norm(at(recording, one) - at(recording, other), axis=-1)


# ---- Acclaim --------------------------------------------------------------------------------------------------------


def test_that_bones_have_the_skeletons_lengths_in_metres(tmp_path):
    [found] = acclaim.read(made_acclaim.make(tmp_path))
    assert np.allclose(length(found, "left_hip", "left_knee"), 7.2 * UNIT_M, atol=1e-4)
    assert np.allclose(length(found, "right_elbow", "right_wrist"), 3.5 * UNIT_M, atol=1e-4)
    assert np.allclose(at(found, "pelvis")[0], [0, 17.5 * UNIT_M, 0], atol=1e-5)
    assert (found.rate_hz, found.performer) == (120, "07")


def test_that_a_hinge_bends_by_the_angle_in_the_file(tmp_path):
    [found] = acclaim.read(made_acclaim.make(tmp_path))
    for side, joints, bent in (
        ("left", ("hip", "knee", "ankle"), 40.0),
        ("right", ("shoulder", "elbow", "wrist"), 70.0),
    ):
        top, middle, end = (at(found, f"{side}_{joint}")[-1] for joint in joints)
        first, second = (middle - top) / np.linalg.norm(middle - top), (end - middle) / np.linalg.norm(end - middle)
        assert np.degrees(np.arccos(first @ second)) == pytest.approx(bent, abs=0.05)


def test_that_a_knee_bends_backwards_and_an_elbow_forwards(tmp_path):
    [found] = acclaim.read(made_acclaim.make(tmp_path))
    heading = np.radians(20)
    ahead = np.array([np.sin(heading), 0, np.cos(heading)])
    shin = at(found, "left_ankle")[-1] - at(found, "left_knee")[-1]
    thigh = at(found, "left_knee")[-1] - at(found, "left_hip")[-1]
    forearm = at(found, "right_wrist")[-1] - at(found, "right_elbow")[-1]
    assert (shin - thigh) @ ahead < -0.1
    assert forearm @ ahead > 0.1


def test_that_radians_and_degrees_give_the_same_person(tmp_path):
    [usual] = acclaim.read(made_acclaim.make(tmp_path))
    (tmp_path / "radians").mkdir()
    made_acclaim.write_skeleton(tmp_path / "radians" / "07.asf", degrees=False)
    [other] = acclaim.read(made_acclaim.write_clip(tmp_path / "radians" / "07_03.amc", degrees=False))
    assert usual.joints_m is not None
    assert np.nanmax(np.abs(usual.joints_m - other.joints_m)) < 1e-3


def test_that_a_missing_skeleton_is_named(tmp_path):
    path = made_acclaim.write_clip(tmp_path / "07_03.amc")
    with pytest.raises(FormatError, match=r"07\.asf"):
        list(acclaim.read(path))


def test_that_the_skeleton_of_another_subject_is_refused_by_the_bone(tmp_path):
    path = made_acclaim.make(tmp_path)
    path.write_text(path.read_text().replace("lradius", "lulna"))
    with pytest.raises(FormatError, match="lulna"):
        list(acclaim.read(path))


def test_that_a_real_clip_is_the_same_through_both_of_its_formats(shared_data, tmp_path):
    zipfile.ZipFile(shared_data / "cmu_amc_bvh_pair" / "pair.zip").extractall(tmp_path)
    [amc] = acclaim.read(tmp_path / "01_01.amc")
    [other] = bvh.read(tmp_path / "01_01.bvh")
    # The BVH has the rest pose before the clip, and no bone of the chest: both are said and put right.
    assert [word for word in ("rest pose", "chest") if not any(word in note for note in other.notes)] == []
    assert (len(amc), amc.rate_hz) == (len(other), other.rate_hz) == (2751, 120)
    assert amc.joints_m is not None
    off_m = np.linalg.norm(amc.joints_m - other.joints_m, axis=-1)
    known = np.isfinite(off_m).all(0)
    assert known.sum() >= 23
    assert off_m[:, known].max() < 0.01


# ---- DeepMimic ------------------------------------------------------------------------------------------------------


def test_that_the_humanoid_stands_upright_and_its_left_is_left(tmp_path):
    [found] = deepmimic.read(made_deepmimic.make(tmp_path))
    # It looks along +x with y up, so its left is -z.
    assert at(found, "left_hip")[0, 2] < at(found, "right_hip")[0, 2]
    assert at(found, "neck")[0, 1] > at(found, "pelvis")[0, 1] > at(found, "left_ankle")[0, 1]
    assert at(found, "pelvis")[0, 1] == pytest.approx(0.9)
    assert [stretch.labels for stretch in found.stretches] == [("bend",)]
    assert found.body is not None
    toes = joints_of(found.body)[0]
    assert toes[RECORDED_27["left_foot"], 0] > toes[RECORDED_27["left_ankle"], 0] + 0.05


def test_that_its_hinges_bend_the_way_people_do(tmp_path):
    [found] = deepmimic.read(made_deepmimic.make(tmp_path))
    forearm = at(found, "right_wrist")[-1] - at(found, "right_elbow")[-1]
    assert np.degrees(np.arctan2(forearm[0], -forearm[1])) == pytest.approx(np.degrees(1.5), abs=0.01)
    thigh = at(found, "right_knee")[-1] - at(found, "right_hip")[-1]
    shin = at(found, "right_ankle")[-1] - at(found, "right_knee")[-1]
    assert thigh[0] > 0.1
    assert shin[0] < -0.1


def test_that_uneven_frames_are_taken_at_even_times(tmp_path):
    steps = [1 / 30] * 10 + [2 / 30] * 10
    [found] = deepmimic.read(made_deepmimic.write(tmp_path / "humanoid3d_bend.txt", steps_s=steps))
    assert found.rate_hz == 30
    assert found.duration_s == pytest.approx(sum(steps[:-1]), abs=0.11)
    assert any("unevenly" in note for note in found.notes)


def test_that_a_frame_of_another_character_is_named(tmp_path):
    path = made_deepmimic.make(tmp_path)
    path.write_text(path.read_text().replace("[0.0333", "[0.5, 0.0333", 3).replace("[0.5, 0.0333", "[0.0333", 2))
    with pytest.raises(FormatError, match=r"frame 3: 45 numbers"):
        list(deepmimic.read(path))


def test_that_every_real_clip_has_both_feet_near_the_floor_and_knees_that_bend_backwards(shared_data, tmp_path):
    zipfile.ZipFile(shared_data / "deepmimic" / "motions.zip").extractall(tmp_path)
    paths = sorted(tmp_path.glob("*.txt"))
    assert len(paths) == 20
    for path in paths:
        assert deepmimic.is_deepmimic(path)
        [found] = deepmimic.read(path)
        assert 0.0 < at(found, "left_ankle")[:, 1].min() < 0.2
        # SMPL's leg is a little bent at rest; from there the body's hinge turns by what the file says.
        said = np.array(json.loads(path.read_text())["Frames"])
        assert found.body is not None
        for joint, column in (("left_knee", 34), ("right_knee", 20)):
            knee = found.body.rotations[:, SMPL_24[joint]]
            flexion = np.arctan2(knee[:, 2, 1], knee[:, 2, 2])
            if not any("unevenly" in note for note in found.notes):
                assert np.ptp(flexion + said[:, column]) < 0.02
                assert abs(np.mean(flexion + said[:, column])) < 0.2
