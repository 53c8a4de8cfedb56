"""Bodies of SMPL's form posed for the screen, in numpy: no torch, 1 ms a body. `bodies.parametric` is the torch twin.

    body = Body.load()                                  # the built-in one; `library.body(key)` knows all there are
    figure = body.shaped(betas)
    vertices_m = figure.pose(rotations, translation_m)  # (V, 3)

World metres, y up. A pose is local rotations (joints, 3, 3) and SMPL's translation (see `kinematics`); one of another
family poses the joints that both have (see `poses`). Single precision throughout; equal to smplx to a micrometre.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
import scipy.sparse
from jaxtyping import Float, Int
from numpy import ndarray

from core.bodies import built_in
from core.bodies.kinematics import PlacedJoints, place_joints
from core.bodies.model_files import BodyModel, read_model
from core.bodies.poses import pose_for


class Body:
    """A body model, ready to take shapes."""

    def __init__(self, model: BodyModel) -> None:
        self.model = model
        # Joints move with the shape linearly, so the regressor, which is mostly zero, is spent once.
        regressor = scipy.sparse.csr_matrix(model.regressor)
        self._joints_m = regressor @ model.template_m
        self._joint_shapes_m = _through(regressor, model.shapes_m)
        expressions_m = model.expressions_m
        self._joint_expressions_m = None if expressions_m is None else _through(regressor, expressions_m)
        self._weights = scipy.sparse.csr_matrix(model.weights)
        self._correctives = Correctives.of(model)

    @classmethod
    def load(cls, path: Path | None = None) -> "Body":
        """From a plain file of SMPL's form; without one the built-in neutral body, which is read once."""
        return _built_in() if path is None else cls(read_model(path))

    @property
    def faces(self) -> Int[ndarray, "faces 3"]:
        return self.model.faces

    @property
    def parents(self) -> tuple[int, ...]:
        return self.model.parents

    def rest(
        self, betas: Float[ndarray, " shapes"] | None = None, expression: Float[ndarray, " expressions"] | None = None
    ) -> tuple[Float[ndarray, "vertices 3"], Float[ndarray, "joints 3"]]:
        """Vertices and joints in the T-pose. Missing coefficients are 0; more than the model has are ignored."""
        vertices_m, joints_m = self.model.template_m, self._joints_m
        for given, of_vertices_m, of_joints_m in (
            (betas, self.model.shapes_m, self._joint_shapes_m),
            (expression, self.model.expressions_m, self._joint_expressions_m),
        ):
            if given is None or of_vertices_m is None or of_joints_m is None:
                continue
            used = np.asarray(given)[: of_vertices_m.shape[2]].astype(np.float32)
            vertices_m = vertices_m + of_vertices_m[..., : len(used)] @ used
            joints_m = joints_m + of_joints_m[..., : len(used)] @ used
        return vertices_m, joints_m

    def shaped(
        self, betas: Float[ndarray, " shapes"] | None = None, expression: Float[ndarray, " expressions"] | None = None
    ) -> "Figure":
        """One person's body."""
        vertices_m, joints_m = self.rest(betas, expression)
        return Figure(vertices_m, joints_m, self._weights, self.faces, self.parents, self._correctives)


class Correctives:
    """What a pose changes in the form of the rest body, laid out for one quick product a pose.

    Sparse ones are a matrix (coordinates, features). Dense ones are cut into groups of features, so that joints which
    are not turned, as those of flat hands, are not read, and each group into blocks so small that BLAS starts no
    threads for them: where a training run has the cores, its threads wait 8 ms for each other.
    """

    def __init__(self, model: BodyModel) -> None:
        correctives_m = model.correctives_m
        self._coordinates = model.template_m.size
        self._sparse = None if isinstance(correctives_m, ndarray) else correctives_m
        self._groups: list[ndarray] = []
        if isinstance(correctives_m, ndarray):
            starts = range(0, correctives_m.shape[1], _GROUP)
            self._groups = [_in_blocks(correctives_m[:, start : start + _GROUP]) for start in starts]

    @classmethod
    def of(cls, model: BodyModel) -> "Correctives | None":
        """Of a model; None where they are all zero."""
        correctives_m = model.correctives_m
        has_any = correctives_m.any() if isinstance(correctives_m, ndarray) else correctives_m.nnz
        return cls(model) if has_any else None

    def offsets_m(self, rotations: Float[ndarray, "joints 3 3"]) -> Float[ndarray, "vertices 3"]:
        turns = (rotations[1:] - np.eye(3, dtype=np.float32)).reshape(-1)
        if self._sparse is not None:
            return (self._sparse @ turns).reshape(-1, 3)
        offsets_m = np.zeros(self._coordinates, np.float32)
        for at, blocks in enumerate(self._groups):
            of_group = turns[at * _GROUP : (at + 1) * _GROUP]
            if of_group.any():
                offsets_m += (of_group @ blocks).reshape(-1)[: self._coordinates]
        return offsets_m.reshape(-1, 3)


_GROUP = 207  # features: all of SMPL's; of SMPL-X the body's are in the first group
_BLOCK = 9216 // _GROUP  # coordinates: OpenBLAS starts threads from 9,216 products on


def _in_blocks(correctives_m: Float[ndarray, "coordinates features"]) -> Float[ndarray, "blocks features block"]:
    coordinates, features = correctives_m.shape
    blocks = -(-coordinates // _BLOCK)
    padded = np.zeros((blocks * _BLOCK, features), np.float32)
    padded[:coordinates] = correctives_m
    return np.ascontiguousarray(padded.reshape(blocks, _BLOCK, features).transpose(0, 2, 1))


class Figure:
    """A mesh with a skeleton in it, posed by linear blend skinning: one person's body, or what they wear."""

    def __init__(
        self,
        vertices_m: Float[ndarray, "vertices 3"],
        joints_m: Float[ndarray, "joints 3"],
        weights: "Float[ndarray, 'vertices joints'] | scipy.sparse.csr_matrix",
        faces: Int[ndarray, "faces 3"],
        parents: tuple[int, ...],
        correctives: Correctives | None = None,
    ) -> None:
        self.vertices_m = vertices_m.astype(np.float32)
        self.joints_m = joints_m.astype(np.float32)
        # A dense product would start BLAS's threads, which wait for each other for 20 ms where a training run has the
        # cores; it is no faster besides, with four weights a vertex.
        self.weights = scipy.sparse.csr_matrix(weights, dtype=np.float32)
        self.faces = faces
        self.parents = parents
        self._correctives = correctives

    def place(self, rotations: Float[ndarray, "given 3 3"], translation_m: Float[ndarray, " 3"]) -> PlacedJoints:
        """Where the pose puts each joint and how it turns it."""
        posed = pose_for(np.asarray(rotations, np.float32), len(self.parents))
        return place_joints(posed, np.asarray(translation_m, np.float32), self.joints_m, self.parents)

    def pose(
        self, rotations: Float[ndarray, "given 3 3"], translation_m: Float[ndarray, " 3"]
    ) -> Float[ndarray, "vertices 3"]:
        """The vertices in this pose."""
        posed = pose_for(np.asarray(rotations, np.float32), len(self.parents))
        vertices_m = self.vertices_m
        if self._correctives is not None:
            vertices_m = vertices_m + self._correctives.offsets_m(posed)
        placed = place_joints(posed, np.asarray(translation_m, np.float32), self.joints_m, self.parents)
        # Each joint carries points from the rest body to where it is now; a vertex takes the mean of its joints'.
        offsets_m = placed.places_m - np.einsum("jab,jb->ja", placed.rotations, self.joints_m)
        carriers = np.concatenate([placed.rotations, offsets_m[..., None]], axis=-1).reshape(len(offsets_m), 12)
        blended = (self.weights @ carriers).reshape(-1, 3, 4)
        return np.einsum("vab,vb->va", blended[..., :3], vertices_m) + blended[..., 3]


def _through(
    regressor: scipy.sparse.csr_matrix, of_vertices_m: Float[ndarray, "vertices 3 coefficients"]
) -> Float[ndarray, "joints 3 coefficients"]:
    vertices, _, coefficients = of_vertices_m.shape
    return (regressor @ of_vertices_m.reshape(vertices, -1)).reshape(-1, 3, coefficients)


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
    return Body(built_in.load("smpl", "neutral"))
