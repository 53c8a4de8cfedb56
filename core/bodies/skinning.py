"""Bodies of SMPL's form posed for the screen, in numpy: no torch, 1 ms a body. `bodies.parametric` is the torch twin.

    body = Body.load()                                  # the built-in one
    figure = body.shaped(betas)
    vertices_m = figure.pose(rotations, translation_m)  # (V, 3)

World metres, y up. A pose is local rotations (joints, 3, 3) and SMPL's translation (see `kinematics`). Single
precision throughout; equal to smplx to a micrometre.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int
from numpy import ndarray

import resources
from core.bodies.kinematics import PlacedJoints, place_joints
from core.bodies.model_files import BodyModel, read_model


class Body:
    """A body model, ready to take shapes."""

    def __init__(self, model: BodyModel) -> None:
        self.model = model
        # Joints move with the shape linearly, so the regressor is spent once.
        self._joints_m = model.regressor @ model.template_m
        self._joint_shapes_m = np.einsum("jv,vdb->jdb", model.regressor, model.shapes_m, optimize=True)

    @classmethod
    def load(cls, path: Path | None = None) -> "Body":
        """From a file of SMPL's form; without one the built-in neutral body, which is read once."""
        return _built_in() if path is None else cls(read_model(path))

    @property
    def faces(self) -> Int[ndarray, "faces 3"]:
        return self.model.faces

    @property
    def parents(self) -> tuple[int, ...]:
        return self.model.parents

    def rest(
        self, betas: Float[ndarray, " shapes"] | None = None
    ) -> tuple[Float[ndarray, "vertices 3"], Float[ndarray, "joints 3"]]:
        """Vertices and joints in the T-pose. Missing betas are 0; more than the model has are ignored."""
        given = np.zeros(0) if betas is None else np.asarray(betas)
        used = given[: self.model.shapes_m.shape[2]].astype(np.float32)
        count = len(used)
        vertices_m = self.model.template_m + self.model.shapes_m[..., :count] @ used
        return vertices_m, self._joints_m + self._joint_shapes_m[..., :count] @ used

    def shaped(self, betas: Float[ndarray, " shapes"] | None = None) -> "Figure":
        """One person's body."""
        vertices_m, joints_m = self.rest(betas)
        correctives = self.model.correctives_m
        has_any = correctives.nnz if scipy.sparse.issparse(correctives) else correctives.any()
        return Figure(
            vertices_m,
            joints_m,
            self.model.weights,
            self.model.faces,
            self.model.parents,
            correctives if has_any else None,
        )


class Figure:
    """A mesh with a skeleton in it, posed by linear blend skinning: one person's body, or what they wear."""

    def __init__(
        self,
        vertices_m: Float[ndarray, "vertices 3"],
        joints_m: Float[ndarray, "joints 3"],
        weights: Float[ndarray, "vertices joints"],
        faces: Int[ndarray, "faces 3"],
        parents: tuple[int, ...],
        correctives_m: "Float[ndarray, 'coordinates features'] | scipy.sparse.csr_matrix | None" = None,
    ) -> None:
        self.vertices_m = vertices_m.astype(np.float32)
        self.joints_m = joints_m.astype(np.float32)
        self.weights = np.ascontiguousarray(weights, np.float32)
        self.faces = faces
        self.parents = parents
        self._correctives_m = correctives_m

    def place(self, rotations: Float[ndarray, "joints 3 3"], translation_m: Float[ndarray, " 3"]) -> PlacedJoints:
        """Where the pose puts each joint and how it turns it."""
        return place_joints(
            np.asarray(rotations, np.float32), np.asarray(translation_m, np.float32), self.joints_m, self.parents
        )

    def pose(
        self, rotations: Float[ndarray, "joints 3 3"], translation_m: Float[ndarray, " 3"]
    ) -> Float[ndarray, "vertices 3"]:
        """The vertices in this pose."""
        vertices_m = self.vertices_m
        if self._correctives_m is not None:
            features = (np.asarray(rotations, np.float32)[1:] - np.eye(3, dtype=np.float32)).reshape(-1)
            vertices_m = vertices_m + (self._correctives_m @ features).reshape(-1, 3)
        placed = self.place(rotations, translation_m)
        # Each joint carries points from the rest body to where it is now; a vertex takes the mean of its joints'.
        offsets_m = placed.places_m - np.einsum("jab,jb->ja", placed.rotations, self.joints_m)
        carriers = np.concatenate([placed.rotations, offsets_m[..., None]], axis=-1).reshape(len(offsets_m), 12)
        blended = (self.weights @ carriers).reshape(-1, 3, 4)
        return np.einsum("vab,vb->va", blended[..., :3], vertices_m) + blended[..., 3]


class Normals:
    """Smooth vertex normals of one mesh in any pose: a sparse matrix adds each face's normal to its corners."""

    def __init__(self, faces: Int[ndarray, "faces 3"], vertices: int) -> None:
        self._faces = faces
        corners = faces.T.reshape(-1)
        of_face = np.tile(np.arange(len(faces)), 3)
        ones = np.ones(len(corners), np.float32)
        self._gather = scipy.sparse.csr_matrix((ones, (corners, of_face)), shape=(vertices, len(faces)))

    def __call__(self, vertices_m: Float[ndarray, "vertices 3"]) -> Float[ndarray, "vertices 3"]:
        """Unit length, pointing out; a larger face counts more. A vertex of no face gets 0."""
        a, b, c = (vertices_m[self._faces[:, corner]] for corner in range(3))
        first, second = b - a, c - a
        # np.cross is three times slower on arrays this small.
        across = np.stack(
            [
                first[:, 1] * second[:, 2] - first[:, 2] * second[:, 1],
                first[:, 2] * second[:, 0] - first[:, 0] * second[:, 2],
                first[:, 0] * second[:, 1] - first[:, 1] * second[:, 0],
            ],
            axis=1,
        )
        summed = self._gather @ across
        length = np.sqrt(np.einsum("vd,vd->v", summed, summed))
        return (summed / np.maximum(length, 1e-12)[:, None]).astype(np.float32)


@lru_cache(maxsize=1)
def _built_in() -> Body:
    return Body(read_model(resources.path("bodies", "neutral_smpl.npz")))
