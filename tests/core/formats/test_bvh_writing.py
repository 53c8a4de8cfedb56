"""What goes out as BVH is a standard T-pose skeleton any tool reads, and comes in again as it was."""

import json
import zipfile
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pygltflib import GLTF2
from scipy.spatial.transform import Rotation

from core.bodies import library
from core.bodies.fitting import fit_joints
from core.bodies.skeletons import RECORDED_27, SMPL_22, SMPL_24, SMPLH_52, SMPLX_55
from core.errors import FileError
from core.formats import bvh, recordings_glb
from core.geometry.rotations import inverse, rotation_vectors
from core.motion import Motion
from core.recordings import Recording, joints_of
from tests.core.formats import made_bvh


def moving(skeleton, seed, frames=7):
    """Anything a body's numbers can be, far from what bodies do."""
    drawn = np.random.default_rng(seed)
    rotations = Rotation.random(frames * len(skeleton), rng=drawn).as_matrix()
    return Motion(skeleton, 30.0, rotations.reshape(frames, len(skeleton), 3, 3), drawn.normal(size=(frames, 3)))


def independent(path):
    """A reader that knows nothing of ours: names, offsets, parents, channels; places by matrices of four."""
    words = path.read_text().split()
    joints, stack, at = [], [], 0
    while words[at] != "MOTION":
        word = words[at]
        if word in ("ROOT", "JOINT", "End"):
            joints.append({"name": words[at + 1], "parent": stack[-1] if stack else -1, "channels": []})
        elif word == "{":
            stack.append(len(joints) - 1)
        elif word == "}":
            stack.pop()
        elif word == "OFFSET":
            joints[-1]["offset"] = [float(each) for each in words[at + 1 : at + 4]]
        elif word == "CHANNELS":
            joints[-1]["channels"] = words[at + 2 : at + 2 + int(words[at + 1])]
        at += 1
    frames = int(words[at + 2])
    rows = np.array([float(each) for each in words[at + 6 :]]).reshape(frames, -1)
    return joints, rows


def places(joints, row):
    at, found = 0, []
    for joint in joints:
        local = np.eye(4)
        local[:3, 3] = joint["offset"]
        for channel in joint["channels"]:
            step = np.eye(4)
            if channel.endswith("position"):
                local["XYZ".index(channel[0]), 3] += row[at]
            else:
                step[:3, :3] = Rotation.from_euler(channel[0].lower(), row[at], degrees=True).as_matrix()
            local = local @ step
            at += 1
        found.append(local if joint["parent"] < 0 else found[joint["parent"]] @ local)
    return {joint["name"]: world[:3, 3] for joint, world in zip(joints, found, strict=True)}


@settings(max_examples=12)
@given(skeleton=st.sampled_from([SMPL_22, SMPL_24, SMPLH_52, SMPLX_55]), seed=st.integers(0, 2**31))
def test_that_what_goes_out_comes_in_again(tmp_path_factory, skeleton, seed):
    path = tmp_path_factory.mktemp("bvh") / "clip.bvh"
    given_motion = moving(skeleton, seed)
    bvh.write(Recording("clip", 30.0, body=given_motion), path)
    [back] = bvh.read(path)
    assert back.body is not None
    count = len(skeleton)
    step = inverse(given_motion.rotations) @ back.body.rotations[:, :count]
    assert np.abs(rotation_vectors(step)).max() < 1e-4
    assert np.abs(back.body.translation_m - given_motion.translation_m).max() < 1e-4
    assert back.rate_hz == 30
    assert np.abs(joints_of(back.body) - joints_of(given_motion)).max() < 1e-4


def test_that_a_locked_angle_comes_in_again(tmp_path):
    for sign in (1, -1):
        rotations = np.tile(np.eye(3), (2, 24, 1, 1))
        rotations[:] = Rotation.from_euler("ZXY", [30, sign * 90, 20], degrees=True).as_matrix()
        bvh.write(
            Recording("locked", 30.0, body=Motion(SMPL_24, 30.0, rotations, np.zeros((2, 3)))), tmp_path / "l.bvh"
        )
        [back] = bvh.read(tmp_path / "l.bvh")
        assert back.body is not None
        assert np.abs(back.body.rotations - rotations).max() < 1e-4


def test_that_another_reader_finds_the_joints_where_they_are(tmp_path):
    motion = moving(SMPL_24, 5)
    bvh.write(Recording("clip", 30.0, body=motion), tmp_path / "clip.bvh")
    joints, rows = independent(tmp_path / "clip.bvh")
    expected = joints_of(motion)
    for frame in range(len(rows)):
        found = places(joints, rows[frame])
        for joint in SMPL_24.joints:
            assert np.abs(found[joint] / 100 - expected[frame, RECORDED_27[joint]]).max() < 1e-4


def test_that_the_rest_pose_is_a_t_pose(tmp_path):
    bvh.write(Recording("clip", 30.0, body=moving(SMPLH_52, 1)), tmp_path / "clip.bvh")
    joints, rows = independent(tmp_path / "clip.bvh")
    rest = places(joints, np.zeros(rows.shape[1]))
    assert joints[0]["name"] == "pelvis"
    assert [len(joint["channels"]) for joint in joints if joint["name"] not in ("pelvis", "Site")] == [3] * 51
    for side, outward in (("left", 1), ("right", -1)):
        arm = rest[f"{side}_wrist"] - rest[f"{side}_shoulder"]
        leg = rest[f"{side}_ankle"] - rest[f"{side}_hip"]
        assert np.allclose(arm / np.linalg.norm(arm), [outward, 0, 0], atol=1e-5)
        assert np.allclose(leg / np.linalg.norm(leg), [0, -1, 0], atol=1e-5)
        assert rest[f"{side}_foot"][2] > rest[f"{side}_ankle"][2] + 5
        assert 70 < np.linalg.norm(leg) < 95
    assert rest["head"][1] > rest["neck"][1] > rest["spine3"][1] > 0


def test_that_a_person_keeps_their_own_bone_lengths(tmp_path):
    [person] = bvh.read(made_bvh.make(tmp_path))
    assert person.joints_m is not None
    bvh.write(person, tmp_path / "out.bvh")
    [back] = bvh.read(tmp_path / "out.bvh")
    assert back.joints_m is not None
    assert back.body is not None
    assert person.body is not None
    for one, other in (("left_hip", "left_knee"), ("right_elbow", "right_wrist"), ("left_shoulder", "left_elbow")):
        steps = [each[:, RECORDED_27[one]] - each[:, RECORDED_27[other]] for each in (person.joints_m, back.joints_m)]
        assert np.abs(steps[0] - steps[1]).max() < 1e-3
    assert np.abs(back.body.rotations - person.body.rotations).max() < 1e-4
    assert np.abs(back.body.translation_m - person.body.translation_m).max() < 1e-4
    # From then on nothing changes.
    bvh.write(back, tmp_path / "again.bvh")
    [third] = bvh.read(tmp_path / "again.bvh")
    assert third.joints_m is not None
    assert np.nanmax(np.abs(third.joints_m - back.joints_m)) < 1e-4


def test_that_a_body_fitted_to_joints_comes_in_as_it_was_fitted(tmp_path):
    [person] = bvh.read(made_bvh.make(tmp_path))
    assert person.joints_m is not None
    joints_m = person.joints_m[:, : len(SMPL_24)] * 0.9  # somebody small
    bvh.write(replace(person, joints_m=person.joints_m * 0.9, body=None), tmp_path / "out.bvh")
    fit = fit_joints(library.body("built-in/smpl/neutral"), joints_m, SMPL_24, rate_hz=person.rate_hz)
    assert fit is not None
    assert np.abs(fit.betas).max() > 0.5
    [back] = bvh.read(tmp_path / "out.bvh")
    assert back.joints_m is not None
    fitted_m = fit.joints_m[:, :22]
    assert np.abs(back.joints_m[:, :22] - fitted_m).max() < 1e-4
    assert np.nanmean(np.linalg.norm(fitted_m - joints_m[:, :22], axis=-1)) < 0.03
    joints, rows = independent(tmp_path / "out.bvh")
    for frame in (0, len(rows) - 1):
        found = places(joints, rows[frame])
        there = np.stack([found[joint] for joint in SMPL_22.joints])
        assert np.abs(there / 100 - fitted_m[frame]).max() < 1e-4
    # Limbs are straight in its rest pose, too, and the body that is read stands on the person's feet.
    rest = places(joints, np.zeros(rows.shape[1]))
    assert np.allclose((rest["left_wrist"] - rest["left_shoulder"])[1:], 0, atol=1e-4)
    assert back.body is not None
    feet = [RECORDED_27["left_foot"], RECORDED_27["right_foot"]]
    lower_m = [each[:, feet, 1].min(1) for each in (joints_of(back.body), back.joints_m)]
    assert np.abs(lower_m[0] - lower_m[1]).max() < 0.01
    # From then on nothing changes.
    bvh.write(back, tmp_path / "again.bvh")
    [third] = bvh.read(tmp_path / "again.bvh")
    assert third.joints_m is not None
    assert np.abs(third.joints_m - back.joints_m).max() < 1e-4


def test_that_too_few_joints_are_refused_with_a_way_out(tmp_path):
    joints_m = np.full((4, 27, 3), np.nan, np.float32)
    joints_m[:, 0] = 0
    with pytest.raises(FileError, match="no body can be fitted") as refused:
        bvh.write(Recording("few", 30.0, joints_m=joints_m), tmp_path / "out.bvh")
    assert "joint table" in refused.value.hint
    assert not (tmp_path / "out.bvh").exists()


def test_that_a_recording_goes_out_as_a_glb_that_moves(tmp_path):
    motion = moving(SMPL_24, 3, frames=9)
    recordings_glb.write(Recording("dance/one", 30.0, body=motion), tmp_path / "one.glb")
    loaded = GLTF2().load(str(tmp_path / "one.glb"))
    assert loaded is not None
    held = json.loads(loaded.to_json())
    assert len(held["skins"]) == 1
    joints = held["skins"][0]["joints"]
    assert [held["nodes"][joint]["name"] for joint in joints[:2]] == ["pelvis", "left_hip"]
    times = held["accessors"][held["animations"][0]["samplers"][0]["input"]]
    assert times["count"] == 9
    assert times["max"][0] == pytest.approx(8 / 30)
    pelvis = held["nodes"][joints[0]]
    assert np.allclose(pelvis["translation"], joints_of(motion)[0, 0], atol=1e-4)
    assert np.allclose(Rotation.from_quat(pelvis["rotation"]).as_matrix(), motion.rotations[0, 0], atol=1e-5)


def test_that_every_kind_of_real_file_survives_its_way_out_and_in(shared_data, tmp_path):
    zipfile.ZipFile(shared_data / "bvh_various" / "animated_drawings.zip").extractall(tmp_path)
    paths = sorted(tmp_path.rglob("*.bvh"))
    assert len(paths) == 6
    for path in paths:
        [person] = bvh.read(path)
        out = tmp_path / f"{path.stem} out.bvh"
        bvh.write(person, out)
        [back] = bvh.read(out)
        assert person.body is not None
        assert back.body is not None
        assert back.rate_hz == pytest.approx(person.rate_hz)
        step = inverse(person.body.rotations) @ back.body.rotations
        assert np.abs(rotation_vectors(step)).max() < 1e-4
        assert np.abs(back.body.translation_m - person.body.translation_m).max() < 1e-4
