"""Short files of exponential maps in both layouts: somebody who stands, bends a knee and an elbow, and walks off."""

from pathlib import Path

import numpy as np

FRAMES = 12
CMU_KNEE, CMU_ELBOW = 3, 22  # the joints that bend, in the file's order: left knee, left elbow
HUMAN36M_KNEE = 7


def cmu_numbers() -> np.ndarray:
    """As the collection's files: a rest pose, then frames at 120 a second, places in an inch / 0.45, y up.

    A vector turns rows: a negative turn about x bends the left knee back; hips and thighs carry the rest pose's 20°.
    """
    numbers = np.zeros((FRAMES + 1, 117))
    numbers[:, 0] = 6.6
    numbers[:, 1] = 16.7
    numbers[:, 2] = -44.0 + 0.3 * np.arange(FRAMES + 1)
    numbers[:, _of(2) + 2], numbers[:, _of(8) + 2] = 0.349, -0.349
    numbers[1:, _of(0) + 1] = 0.05
    numbers[1:, _of(14)] = 0.02
    numbers[1:, _of(CMU_KNEE)] = -np.linspace(0, 1.2, FRAMES)
    numbers[1:, _of(CMU_ELBOW) + 1] = np.linspace(0, 1.0, FRAMES)
    return numbers


def human36m_numbers() -> np.ndarray:
    """Places in millimetres, z up, so that the root is turned by 90° about x; 50 frames a second."""
    numbers = np.zeros((FRAMES, 99))
    numbers[:, 0], numbers[:, 1] = 200.0, 300.0 - 20.0 * np.arange(FRAMES)
    numbers[:, 2] = 920.0
    numbers[:, _of(0)] = -np.pi / 2
    numbers[:, _of(HUMAN36M_KNEE)] = -np.linspace(0, 1.2, FRAMES)
    return numbers


def _of(joint: int) -> int:
    return 3 + 3 * joint


def make(folder: Path) -> Path:
    path = folder / "walking" / "walking_1.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, cmu_numbers(), delimiter=",", fmt="%.9g")
    return path


def make_human36m(folder: Path) -> Path:
    path = folder / "S1" / "walkingdog_2.txt"
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savetxt(path, human36m_numbers(), delimiter=",", fmt="%.7f")
    return path
