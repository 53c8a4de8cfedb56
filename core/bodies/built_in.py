"""The bodies that ship with Posecast, as models: SMPL's form and SMPL-X's, neutral, female and male, public domain.

    model = load("smpl", "neutral")

One file a family (resources/bodies/README.md says how they are made and what is in them). The genders share faces,
skin weights, joint regressor and correctives; each has its own mean body and shapes. Lengths are stored in whole steps.
No torch.
"""

from functools import lru_cache

import numpy as np
import scipy.sparse
from numpy import ndarray

import resources
from core.bodies.model_files import BodyModel, Family, Gender

FAMILIES: tuple[Family, ...] = ("smpl", "smplx")
GENDERS: tuple[Gender, ...] = ("neutral", "female", "male")


@lru_cache
def load(family: Family, gender: Gender) -> BodyModel:
    """A built-in body's model. ValueError for a family there is none of."""
    shared, arrays = _shared(family), _arrays(family)
    template_step_m, shape_step_m, _ = arrays["steps_m"]
    has_face = "expressions" in arrays
    return BodyModel(
        template_m=_metres(arrays[f"template_{gender}"], template_step_m),
        shapes_m=_metres(arrays[f"shapes_{gender}"], shape_step_m),
        correctives_m=shared.correctives_m,
        regressor=shared.regressor,
        weights=shared.weights,
        faces=shared.faces,
        parents=shared.parents,
        family=family,
        gender=gender,
        expressions_m=_metres(arrays["expressions"], shape_step_m) if has_face else None,
    )


class _Shared:
    """What the genders of a family have in common."""

    def __init__(self, arrays: "_Stored") -> None:
        self.faces = arrays["faces"].astype(np.int32)
        self.parents = tuple(int(parent) for parent in arrays["parents"])
        vertices, joints = len(arrays["weight_joints"]), len(self.parents)
        self.weights = np.zeros((vertices, joints), np.float32)
        steps = arrays["weight_steps"].astype(np.float32)
        rows = np.arange(vertices)[:, None]
        self.weights[rows, arrays["weight_joints"]] = steps / steps.sum(1, keepdims=True)
        self.regressor = np.zeros((joints, vertices), np.float32)
        self.regressor[arrays["regressor_joints"], arrays["regressor_vertices"]] = arrays["regressor_shares"]
        self.correctives_m = _correctives(arrays, vertices, joints)


def _correctives(arrays: "_Stored", vertices: int, joints: int) -> scipy.sparse.csr_matrix:
    """From blocks (pairs, 3, 9) of a vertex and a joint, ordered by vertex and then by joint, to rows."""
    of_vertex = arrays["corrective_vertices"].astype(np.int64)
    features = 9 * (arrays["corrective_joints"].astype(np.int64) - 1)
    blocks = _metres(arrays["correctives"], arrays["steps_m"][2])
    # A vertex' three rows lie one after another, each with the nine numbers of all its joints.
    pairs = np.bincount(of_vertex, minlength=vertices)
    first = np.concatenate([[0], np.cumsum(pairs)])
    row_starts = np.concatenate([[0], np.cumsum(np.repeat(9 * pairs, 3))])
    order = np.arange(len(of_vertex)) - first[of_vertex]
    axes, numbers = np.arange(3)[:, None], np.arange(9)
    at = row_starts[3 * of_vertex[:, None, None] + axes] + 9 * order[:, None, None] + numbers
    data = np.empty(blocks.size, np.float32)
    columns = np.empty(blocks.size, np.int32)
    data[at] = blocks
    columns[at] = features[:, None, None] + numbers
    shape = (3 * vertices, 9 * (joints - 1))
    return scipy.sparse.csr_matrix((data, columns, row_starts.astype(np.int32)), shape=shape)


class _Stored:
    """The arrays of a shipped file, each read when it is asked for."""

    def __init__(self, family: Family) -> None:
        if family not in FAMILIES:
            raise ValueError(f"there is no built-in body of the family {family}")
        self._path = resources.path("bodies", f"{family}.npz")
        with np.load(self._path) as archive:
            self._names = frozenset(archive.files)

    def __contains__(self, name: str) -> bool:
        return name in self._names

    def __getitem__(self, name: str) -> ndarray:
        with np.load(self._path) as archive:
            return archive[name]


@lru_cache
def _arrays(family: Family) -> _Stored:
    return _Stored(family)


@lru_cache
def _shared(family: Family) -> _Shared:
    return _Shared(_arrays(family))


def _metres(steps: ndarray, step_m: float) -> ndarray:
    return steps.astype(np.float32) * np.float32(step_m)
