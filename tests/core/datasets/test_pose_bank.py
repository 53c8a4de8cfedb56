"""Poses without video: what the critic takes for real."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import resources
from core.bodies.skeletons import SMPL_24, UPPER_BODY_9
from core.datasets.pose_bank import JOINT_MAPS, facing_ahead, read_bank, shipped_bank, table5, write_bank
from core.errors import FormatError
from tests.core.made_up_project import REST, bank_poses

NECK, HEAD, HIP = (UPPER_BODY_9[joint] for joint in ("neck", "head", "hip"))


def _lengths(poses_m):
    return {
        UPPER_BODY_9.joints[child]: np.linalg.norm(poses_m[:, child] - poses_m[:, parent], axis=-1).mean()
        for parent, child in UPPER_BODY_9.bones
    }


@given(heading=st.floats(-3.1, 3.1), x=st.floats(-2, 2))
def test_that_a_pose_faces_ahead_from_wherever_it_stood(heading, x):
    turn = np.array([[np.cos(heading), 0, np.sin(heading)], [0, 1, 0], [-np.sin(heading), 0, np.cos(heading)]])
    stood = REST @ turn.T + np.array([x, 1.4, -x])
    np.testing.assert_allclose(facing_ahead(stood[None])[0], facing_ahead(REST[None])[0], atol=1e-9)
    across = facing_ahead(stood[None])[0][[UPPER_BODY_9["right_shoulder"], UPPER_BODY_9["left_shoulder"]]]
    assert across[1, 0] > across[0, 0]
    assert across[1, 2] == pytest.approx(across[0, 2])


def test_that_a_bank_comes_back_from_its_file_whatever_its_strides(tmp_path):
    poses = facing_ahead(bank_poses(20))
    turned = np.asfortranarray(poses * 2)
    write_bank(tmp_path / "bank.safetensors", {"matched": poses, "table5": turned}, "made up")
    for name, expected in (("matched", poses), ("table5", turned)):
        bank = read_bank(tmp_path / "bank.safetensors", name)
        np.testing.assert_allclose(bank.poses_m, expected, atol=1e-3)
        assert (bank.source, len(bank)) == ("made up", 20)


def test_that_what_is_no_bank_is_refused_in_words(tmp_path):
    (tmp_path / "bank.safetensors").write_bytes(b"no")
    with pytest.raises(FormatError, match=r"bank\.safetensors"):
        read_bank(tmp_path / "bank.safetensors")
    with pytest.raises(FormatError, match="no pose bank"):
        read_bank(tmp_path / "missing.safetensors")
    write_bank(tmp_path / "bank.safetensors", {"matched": np.zeros((4, 24, 3))}, "")
    with pytest.raises(FormatError, match="shape"):
        read_bank(tmp_path / "bank.safetensors")


def test_that_table_5_takes_finger_tips_skull_and_pelvis():
    joints = np.arange(24 * 3, dtype=float).reshape(1, 24, 3)
    nine = table5(joints)
    for ours, theirs in (("head", "head"), ("hip", "pelvis"), ("left_hand", "left_hand"), ("neck", "neck")):
        np.testing.assert_array_equal(nine[0, UPPER_BODY_9[ours]], joints[0, SMPL_24[theirs]])


@pytest.mark.parametrize("joint_map", JOINT_MAPS)
def test_that_the_shipped_bank_holds_upright_people_in_metres(joint_map):
    bank = shipped_bank(joint_map)
    assert len(bank) >= 10_000
    assert np.abs(bank.poses_m[:, NECK]).max() == 0
    assert ((bank.poses_m[:, HEAD] - bank.poses_m[:, HIP])[:, 1] > 0).mean() > 0.99
    lengths = _lengths(bank.poses_m)
    assert 0.40 < lengths["hip"] < 0.60
    assert 0.20 < lengths["left_elbow"] < 0.35
    assert lengths["left_elbow"] == pytest.approx(lengths["right_elbow"], rel=0.05)


def test_that_the_shipped_bank_is_small():
    assert resources.path("pose_bank", "kitchen.safetensors").stat().st_size < 2_000_000


def test_that_the_printed_map_has_longer_forearms_than_the_matched_one():
    matched, printed = (_lengths(shipped_bank(each).poses_m) for each in JOINT_MAPS)
    assert printed["left_hand"] > 1.2 * matched["left_hand"]
    assert matched["left_elbow"] == pytest.approx(printed["left_elbow"], rel=1e-2)
