"""BVH files come in whoever wrote them: the same person, upright, in metres, whatever the file's habits."""

import numpy as np
import pytest

from core.bodies.skeletons import RECORDED_27
from core.errors import FormatError
from core.formats import bvh
from tests.core.formats import made_bvh

KNOWN = [
    joint for joint in RECORDED_27.joints if joint.endswith(("hip", "knee", "ankle", "shoulder", "elbow", "wrist"))
]


def joints_m(path, **options):
    [recording] = bvh.read(path, **options)
    assert recording.joints_m is not None
    return recording.joints_m[:, [RECORDED_27[joint] for joint in KNOWN]]


@pytest.mark.parametrize("order", ["XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"])
def test_that_the_order_of_the_angles_makes_no_difference_to_the_person(tmp_path, order):
    usual = joints_m(made_bvh.write(tmp_path / "usual.bvh"))
    other = joints_m(made_bvh.write(tmp_path / "other.bvh", order=order))
    assert np.abs(other - usual).max() < 1e-5


@pytest.mark.parametrize("scale", [1.0, 0.01, 10.0, 1 / 2.54, 1 / 5.644444])
def test_that_the_unit_is_found_from_the_skeleton(tmp_path, scale):
    usual = joints_m(made_bvh.write(tmp_path / "usual.bvh"))
    other = joints_m(made_bvh.write(tmp_path / "other.bvh", scale=scale))
    assert np.abs(other - usual).max() < 1e-4


def test_that_a_unit_that_is_told_is_not_guessed(tmp_path):
    path = made_bvh.write(tmp_path / "giant.bvh", scale=10)
    assert np.allclose(joints_m(path, unit="cm"), 10 * joints_m(path), atol=1e-4)


def test_that_places_on_every_joint_stand_for_its_offset(tmp_path):
    usual = joints_m(made_bvh.write(tmp_path / "usual.bvh"))
    other = joints_m(made_bvh.write(tmp_path / "other.bvh", places_everywhere=True))
    assert np.abs(other - usual).max() < 1e-5


def test_that_a_file_without_motion_names_the_line_where_it_ends(tmp_path):
    path = made_bvh.make(tmp_path)
    path.write_bytes(path.read_bytes()[:900])
    with pytest.raises(FormatError, match="line"):
        list(bvh.read(path))
