"""Small files in HumanAct12's layouts: joints as .npy under its names, and ACTOR's pickle of all sequences."""

import pickle
from pathlib import Path

import numpy as np

from core.bodies.skeletons import SMPL_24
from core.geometry.rotations import matrices
from core.motion import Motion
from core.recordings import joints_of

HALF_TURN = np.diag([1.0, -1.0, -1.0])
NAME = "P01G02R03F0050T0114A0601"


def standing(frames, seed=0):
    """Somebody who stands 2 m from a camera and sways: rotation vectors and joints in the camera's axes."""
    rng = np.random.default_rng(seed)
    vectors = np.zeros((frames, 24, 3))
    vectors[:, 1:] = rng.normal(scale=0.1, size=(23, 3)) * np.sin(np.arange(frames) / 5)[:, None, None]
    vectors[:, 16, 2], vectors[:, 17, 2] = -1.2, 1.2
    upright = Motion(SMPL_24, 20.0, matrices(vectors), np.tile([0.1, 0.0, -2.0], (frames, 1)))
    joints_m = joints_of(upright)[:, :24] @ HALF_TURN.T
    vectors[:, 0] = [np.pi, 0, 0]  # the same person in axes whose y points down
    return vectors.reshape(frames, 72), joints_m.astype(np.float32)


def make_actors(path, sequences=3):
    made = [standing(8 + number, number) for number in range(sequences)]
    held = {
        "poses": [vectors for vectors, _ in made],
        "joints3D": [joints_m for _, joints_m in made],
        "y": [(5 * number) % 12 for number in range(sequences)],
    }
    path.write_bytes(pickle.dumps(held, 4))
    return path


def make_generated(path):
    np.save(path, np.stack([standing(12, seed)[1].reshape(12, 72) for seed in range(3)]))
    return path


def make_folder(folder: Path) -> Path:
    """Four people, three classes, one file a sequence."""
    for person in range(1, 5):
        for action in (1, 6, 12):
            name = f"P{person:02d}G01R01F{action:04d}T{action + 12:04d}A{action:02d}01"
            np.save(folder / f"{name}.npy", standing(12, 100 * person + action)[1])
    return folder


def make(folder: Path) -> Path:
    np.save(folder / f"{NAME}.npy", standing(12)[1])
    return folder / f"{NAME}.npy"


def make_actors_file(folder: Path) -> Path:
    return make_actors(folder / "humanact12poses.pkl")


def make_generated_file(folder: Path) -> Path:
    return make_generated(folder / "generated_motion_joints500000.npy")
