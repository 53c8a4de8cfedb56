"""Reads body models of SMPL's form without running anything that is in them.

A model file is plain arrays: `v_template` (V, 3), `shapedirs` (V, 3, B), `posedirs` (V, 3, 9 (J−1)), `J_regressor`
(J, V), `weights` (V, J), `f` (F, 3), `kintree_table` (2, J). Metres, x to the person's left, y up, z forward.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int
from numpy import ndarray

from core.errors import FileError, FormatError

Family = Literal["smpl", "smplh", "smplx"]
"""24 joints; 52 with fingers; 55 with fingers, jaw and eyes."""
Gender = Literal["neutral", "female", "male"]

_NAMES = ("v_template", "shapedirs", "posedirs", "J_regressor", "weights", "f", "kintree_table")


@dataclass(frozen=True)
class BodyModel:
    """The arrays of one body model, checked against each other. `parents[0]` is −1.

    `correctives_m` adds to the rest body what a pose changes in its form: row-major (vertex, axis) rows, and for each
    joint but the root the nine numbers of its rotation matrix less the identity, row by row. Sparse where most of it
    is zero, as in the built-in bodies.
    """

    template_m: Float[ndarray, "vertices 3"]
    shapes_m: Float[ndarray, "vertices 3 shapes"]
    correctives_m: "Float[ndarray, 'coordinates features'] | scipy.sparse.csr_matrix"
    regressor: Float[ndarray, "joints vertices"]
    weights: Float[ndarray, "vertices joints"]
    faces: Int[ndarray, "faces 3"]
    parents: tuple[int, ...]
    family: Family = "smpl"
    gender: Gender = "neutral"
    licence: str = "CC0"
    """Whose terms an export of this body carries: `CC0`, or the name of the licence a person's own file came with."""
    expressions_m: Float[ndarray, "vertices 3 expressions"] | None = None


def read_model(path: Path) -> BodyModel:
    """The model in an `.npz` of SMPL's form. FileError or FormatError says what is wrong with it."""
    arrays = _arrays(path)
    missing = [name for name in _NAMES if name not in arrays]
    if missing:
        raise FormatError(path, f"not a body model: it has no {', '.join(missing)}", hint="Choose an SMPL-form file.")
    vertices, joints = len(arrays["v_template"]), len(arrays["J_regressor"])
    wanted = {
        "v_template": (vertices, 3),
        "shapedirs": (vertices, 3, None),
        "posedirs": (vertices, 3, 9 * (joints - 1)),
        "J_regressor": (joints, vertices),
        "weights": (vertices, joints),
        "f": (None, 3),
        "kintree_table": (2, joints),
    }
    for name, shape in wanted.items():
        has = arrays[name].shape
        if len(has) != len(shape) or any(want not in (None, got) for want, got in zip(shape, has, strict=True)):
            raise FormatError(path, f"{name} has the shape {has}, not {shape}", hint="The file may be damaged.")
    parents = (-1, *(int(parent) for parent in arrays["kintree_table"][0][1:]))
    if any(not 0 <= parent < joint for joint, parent in enumerate(parents[1:], start=1)):
        raise FormatError(path, "its joints do not form a tree with parents first", hint="The file may be damaged.")
    if arrays["f"].min() < 0 or arrays["f"].max() >= vertices:
        raise FormatError(path, "a face names a vertex that is not there", hint="The file may be damaged.")
    return BodyModel(
        template_m=arrays["v_template"].astype(np.float32),
        shapes_m=arrays["shapedirs"].astype(np.float32),
        correctives_m=arrays["posedirs"].astype(np.float32).reshape(3 * vertices, -1),
        regressor=arrays["J_regressor"].astype(np.float32),
        weights=arrays["weights"].astype(np.float32),
        faces=arrays["f"].astype(np.int32),
        parents=parents,
    )


def _arrays(path: Path) -> dict[str, ndarray]:
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as archive:
            return {name: archive[name] for name in _NAMES if name in archive}
    except FileNotFoundError as error:
        raise FileError(path, "this file does not exist") from error
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise FormatError(path, "not a readable .npz of plain arrays", hint="Choose an SMPL-form file.") from error
