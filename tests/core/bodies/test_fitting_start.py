"""Where a fit begins: also from joints that no person has, a start is a pose."""

import numpy as np
import pytest

from core.bodies.fitting import fit_joints
from core.bodies.skeletons import SMPL_24
from core.bodies.skinning import Body


@pytest.mark.parametrize(
    ("joint", "other"), [("left_elbow", "left_shoulder"), ("right_knee", "right_hip"), ("left_wrist", "left_elbow")]
)
def test_that_two_joints_at_one_place_leave_all_rotations_rotations(joint, other):
    body = Body.load()
    joints_m = np.repeat((body.model.regressor @ body.model.template_m)[None].astype(float), 2, axis=0)
    joints_m[1, SMPL_24[joint]] = joints_m[1, SMPL_24[other]]
    fit = fit_joints(body, joints_m, SMPL_24)
    assert fit is not None
    np.testing.assert_allclose(
        fit.rotations @ fit.rotations.swapaxes(-1, -2), np.broadcast_to(np.eye(3), fit.rotations.shape), atol=1e-5
    )
    assert fit.error[0] < 0.02


def test_that_all_joints_at_one_place_still_give_rotations():
    fit = fit_joints(Body.load(), np.zeros((1, 24, 3)), SMPL_24)
    assert fit is not None
    np.testing.assert_allclose(np.linalg.det(fit.rotations), 1, atol=1e-5)
