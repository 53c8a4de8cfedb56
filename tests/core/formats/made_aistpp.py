"""A small file in AIST++'s layout: one dance, its places in centimetres times the size of the dancer."""

import pickle
from pathlib import Path

import numpy as np

NAME = "gHO_sFM_c01_d21_mHO3_ch09"
SCALING = 93.75


def make(folder: Path, frames: int = 30) -> Path:
    time_s = np.arange(frames) / 60
    poses = np.zeros((frames, 72), np.float32)
    poses[:, 1] = 2 * time_s  # turns to the left
    poses[:, 3 * 16 + 2], poses[:, 3 * 17 + 2] = -1.2, 1.2
    trans = np.stack([time_s, 1.2 + 0 * time_s, 0 * time_s], axis=-1) * SCALING
    held = {
        "smpl_loss": 1.59,
        "smpl_poses": poses,
        "smpl_scaling": np.array([SCALING], np.float32),
        "smpl_trans": trans.astype(np.float32),
    }
    path = folder / f"{NAME}.pkl"
    path.write_bytes(pickle.dumps(held, 4))
    return path
