"""What is true of the demo's clips and no model may learn from: joints in space and rotations, kept beside the project.

`<project>/truth/<clip id>.npz`, read by evaluation alone; a test holds that nothing that trains can open it. Metres,
world axes, y up.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy import ndarray

from core.bodies.kinematics import place_joints
from core.bodies.skeletons import SMPL_24
from core.datasets.kitchen.clip import KitchenClip
from core.datasets.kitchen.landmarks import landmarks_of, upper_body_of
from core.errors import FormatError
from core.geometry.rotations import matrices, rotation_vectors
from core.motion import Motion

FOLDER = "truth"


@dataclass(frozen=True)
class Truth:
    """One clip. `joints3d` are SMPL's 24; `upper_body_m` the nine that 2D tracks show, the nose for the head."""

    motion: Motion
    betas: ndarray
    joints3d: ndarray
    upper_body_m: ndarray


_TURN_RAD, _PLACE_M = 2.0**-13, 2.0**-16
"""What is kept of turns and places: a hand is off by less than a tenth of a millimetre."""


def write_truth(folder: Path, clip_id: str, clip: KitchenClip) -> Path:
    """Keeps what is true of `clip` in the project at `folder`."""
    path = folder / FOLDER / f"{clip_id}.npz"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        np.savez_compressed(
            file,
            rotation_vectors=_on_a_grid(rotation_vectors(clip.motion.rotations), _TURN_RAD),
            translation_m=_on_a_grid(clip.motion.translation_m, _PLACE_M),
            joints_at_rest_m=clip.figure.joints_m - np.array([0.0, clip.figure.floor_m, 0.0]),
            betas=clip.betas,
            rate_hz=clip.motion.rate_hz,
        )
    return path


def _on_a_grid(values: ndarray, step: float) -> ndarray:
    """Rounded to whole steps, a power of two, so that the file packs to half its size."""
    return (np.round(values / step) * step).astype(np.float32)


def read_truth(folder: Path, clip_id: str) -> Truth | None:
    """The truth of a clip of the project at `folder`; None where nobody knows it, as in every real video."""
    path = folder / FOLDER / f"{clip_id}.npz"
    if not path.is_file():
        return None
    try:
        with np.load(path, allow_pickle=False) as stored:
            rotations = matrices(stored["rotation_vectors"].astype(float))
            translation, resting = stored["translation_m"].astype(float), stored["joints_at_rest_m"]
            betas, rate_hz = stored["betas"], float(stored["rate_hz"])
    except (OSError, EOFError, ValueError, KeyError, zipfile.BadZipFile) as error:
        raise FormatError(path, f"the clip's truth cannot be read: {error}", hint="Make the demo again.") from None
    world, joints = place_joints(rotations, translation, resting, SMPL_24.parents)
    return Truth(
        Motion(SMPL_24, rate_hz, rotations, translation), betas, joints, upper_body_of(landmarks_of(joints, world))
    )
