"""Human3.6M's cameras as a pickle of (subject, camera id): four of them look level into the room from its corners."""

import pickle
from pathlib import Path

import numpy as np

IDS = ("54138969", "55011271", "58860488", "60457274")


def make(folder: Path) -> Path:
    held = {}
    for at, name in enumerate(IDS):
        angle = np.pi / 4 + at * np.pi / 2
        eye_m = np.array([3 * np.cos(angle), 3 * np.sin(angle), 1.5])
        ahead = -eye_m * [1, 1, 0] / np.linalg.norm(eye_m[:2])
        right = np.cross(ahead, [0, 0, 1])
        held["S1", name] = {
            "R": np.stack([right, np.cross(ahead, right), ahead]),
            "T": eye_m[:, None],
            "f": np.array([[1145.0], [1143.8]]),
            "c": np.array([[512.5], [515.5]]),
            "k": np.array([[-0.2], [0.24], [-0.002]]),
            "p": np.array([[-0.0009], [-0.0016]]),
            "name": name,
            "w": 1000,
            "h": 1002 if at in (0, 3) else 1000,
        }
    path = folder / "cameras.pkl"
    path.write_bytes(pickle.dumps(held))
    return path
