"""Joints as tables: somebody who stands and waves their left arm, as we write them and as others do."""

from pathlib import Path

import numpy as np

from core.bodies.skeletons import RECORDED_27, SMPL_24
from core.formats import joint_tables
from core.motion import Motion
from core.recordings import Recording, joints_of

FRAMES = 9


def recording() -> Recording:
    rotations = np.tile(np.eye(3), (FRAMES, 24, 1, 1))
    for frame in range(FRAMES):
        angle = 0.1 * frame
        rotations[frame, SMPL_24["left_shoulder"]] = [
            [np.cos(angle), -np.sin(angle), 0], [np.sin(angle), np.cos(angle), 0], [0, 0, 1]
        ]  # fmt: skip
    translation_m = np.array([0.3, 1.2, 0.1]) + 0.01 * np.arange(FRAMES)[:, None]
    return Recording("waving", 25.0, joints_m=joints_of(Motion(SMPL_24, 25.0, rotations, translation_m)))


def make(folder: Path) -> Path:
    """As we write it, one joint missing throughout and one in a frame."""
    done = recording()
    assert done.joints_m is not None
    done.joints_m[:, RECORDED_27["nose"]] = np.nan
    done.joints_m[4, RECORDED_27["right_hand"]] = np.nan
    path = folder / "waving.csv"
    joint_tables.write_csv(done, path)
    return path


def make_npy(folder: Path) -> Path:
    """SMPL's 22 joints, z up and in millimetres, as others keep them."""
    joints_m = recording().joints_m
    assert joints_m is not None
    turned = np.stack([joints_m[..., 0], -joints_m[..., 2], joints_m[..., 1]], axis=-1)
    np.save(folder / "waving.npy", (turned[:, :22] * 1000).astype(np.float32))
    return folder / "waving.npy"
