"""Small files in AMASS's layouts: SMPL-H *_poses.npz and SMPL-X *_stageii.npz, and the shape files between them.

A person who stands 0.93 m high at the pelvis with z up, walks along the file's y at half a metre a second, turns to
their own left, and swings both arms.
"""

from pathlib import Path

import numpy as np
from scipy.spatial.transform import Rotation

PELVIS_M = {156: (-0.0018, -0.2233, 0.0282), 165: (0.0031, -0.3514, 0.0120)}


def walking(columns, frames, rate_hz):
    """`poses` and `trans` of the walk, in AMASS's world: z up, the person looking along -y at first."""
    time_s = np.arange(frames) / rate_hz
    poses = np.zeros((frames, columns))
    upright, turning = Rotation.from_euler("x", 90, degrees=True), Rotation.from_euler("z", 0.3 * time_s[:, None])
    poses[:, :3] = (turning * upright).as_rotvec()
    poses[:, 3 * 16 + 2] = -1.2 + 0.2 * np.sin(3 * time_s)  # left shoulder: the arm hangs
    poses[:, 3 * 17 + 2] = 1.2 - 0.2 * np.sin(3 * time_s)
    poses[:, 3 * 4] = 0.3 + 0.2 * np.sin(3 * time_s)  # left knee: bends backwards
    poses[:, -45:] = 0.1
    trans = np.stack([0 * time_s, -0.5 * time_s, 0.93 + 0 * time_s], axis=-1) - PELVIS_M[columns]
    return poses, trans


def make_smplh(path, *, frames=40, rate_hz=120.0, gender: object = "male"):
    poses, trans = walking(156, frames, rate_hz)
    rng = np.random.default_rng(0)
    np.savez(
        path,
        trans=trans,
        gender=np.array(gender),
        mocap_framerate=np.array(rate_hz),
        betas=rng.normal(size=16),
        dmpls=rng.normal(size=(frames, 8)),
        poses=poses,
    )
    return path


def make_smplx(path, *, frames=40, rate_hz=120.0, columns=165, has_parts=True):
    poses, trans = walking(165, frames, rate_hz)
    rng = np.random.default_rng(0)
    parts = {
        "root_orient": poses[:, :3],
        "pose_body": poses[:, 3:66],
        "pose_hand": poses[:, 75:],
        "pose_jaw": poses[:, 66:69],
        "pose_eye": poses[:, 69:75],
    }
    kept = {165: poses, 162: np.delete(poses, np.s_[66:69], axis=1)}[columns]
    np.savez(
        path,
        gender=np.array("neutral"),
        surface_model_type=np.array("smplx"),
        mocap_frame_rate=np.array(rate_hz),
        mocap_time_length=np.array(frames / rate_hz),
        markers_latent=rng.normal(size=(53, 3)),
        latent_labels=np.array(["ARIEL", "C7", "CLAV"]),
        markers_latent_vids=rng.integers(0, 10475, 53),
        trans=trans,
        poses=kept,
        betas=rng.normal(size=16),
        num_betas=np.array(16),
        **(parts if has_parts else {}),
    )
    return path


def make_folder(folder: Path) -> Path:
    """A little of AMASS as it is unpacked, both of its bodies."""
    for data_set, person in (("CMU", "01"), ("KIT", "3")):
        below = folder / data_set / person
        below.mkdir(parents=True)
        make_smplh(below / f"{person}_01_poses.npz")
        np.savez(below / "shape.npz", betas=np.zeros(16), gender=np.array("male"))
    below = folder / "SMPL-X" / "CMU" / "01"
    below.mkdir(parents=True)
    make_smplx(below / "01_01_stageii.npz")
    np.savez(below / "female_stagei.npz", betas=np.zeros(16), gender=np.array("female"), num_betas=np.array(16))
    return folder


def make(folder: Path) -> Path:
    return make_smplh(folder / "01_01_poses.npz")


def make_smplx_file(folder: Path) -> Path:
    return make_smplx(folder / "01_01_stageii.npz")
