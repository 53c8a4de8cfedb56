"""A body's motion as .npz, plain arrays with AMASS's names: `poses`, `trans`, `betas`, `gender`, `mocap_frame_rate`.

Unlike AMASS's own files the world is y up, as SMPL's own axes are and everything else here; `up` says so. `body` is
the key of the body it was made for, `licence` and `terms` whose terms hold for it. One person a file.
"""

from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.model_files import Gender
from core.errors import FileError
from core.formats.provenance import Provenance
from core.geometry.rotations import rotation_vectors
from core.whole_files import whole_file


def write_motion(
    path: Path,
    betas: Float[ndarray, " shapes"],
    rotations: Float[ndarray, "frames joints 3 3"],
    translation_m: Float[ndarray, "frames 3"],
    rate_hz: float,
    said: Provenance,
    *,
    body: str,
    gender: Gender,
    licence: str,
    there: Bool[ndarray, " frames"] | None = None,
) -> None:
    """Write one person; `there` says in which frames they are known, all without it."""
    if not len(rotations):
        raise FileError(path, "there is no frame to write", hint="Choose a stretch with at least one frame.")
    arrays: dict[str, Any] = {
        "poses": rotation_vectors(rotations).reshape(len(rotations), -1).astype(np.float32),
        "trans": np.asarray(translation_m, np.float32),
        "betas": np.asarray(betas, np.float32),
        "gender": gender,
        "mocap_frame_rate": float(rate_hz),
        "up": "y",
        "body": body,
        "licence": licence,
        "terms": said.terms,
        "made_with": said.made_by,
    }
    if there is not None:
        arrays["there"] = there
    with whole_file(path) as beside, beside.open("wb") as file:
        np.savez_compressed(file, **arrays)
