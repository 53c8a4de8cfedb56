"""Motion made for tests, without a model."""

import numpy as np

from core.bodies.skeletons import SMPL_24
from core.geometry.rotations import about_y, matrices
from core.motion import Motion


def strolling(frames: int, seed: int = 0) -> Motion:
    """Somebody upright who moves all joints smoothly, turns and goes along; another one for every seed."""
    random = np.random.default_rng(seed)
    time = np.arange(frames) / 30.0
    sizes, phases = random.normal(size=(2, 24, 3)) * 0.3, random.uniform(0, 6, size=(2, 24, 3))
    vectors = sum(sizes[k] * np.sin((k + 1) * time[:, None, None] + phases[k]) for k in range(2))
    vectors[:, 0] *= 0.3
    rotations = matrices(vectors)
    rotations[:, 0] = about_y(0.4 * time + seed) @ rotations[:, 0]
    path_m = np.stack([0.7 * time, 0.95 + 0.02 * np.sin(3 * time), 0.3 * np.sin(time)], axis=-1)
    return Motion(SMPL_24, 30.0, rotations, path_m)
