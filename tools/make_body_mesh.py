"""The built-in bodies' meshes: a coarser, mirror-symmetric one of MakeHuman's, joints read off it, shapes of people.

Used by make_body.py only. Letters: V vertices, J joints. Metres.
"""

from dataclasses import dataclass

import numpy as np
import pyvista as pv
from numpy import ndarray
from scipy.optimize import nnls
from scipy.sparse import coo_matrix, diags
from scipy.spatial import cKDTree

REGRESSOR_CANDIDATES = 900
REGRESSOR_REACH_M = 0.30
SMOOTHINGS, SMOOTHED_M, SMOOTHED_EDGE_M = 30, 0.22, 0.10
MIDDLE_M = 1e-3
"""Vertices of the halved mesh's border are this near to the plane between left and right."""


@dataclass(frozen=True)
class Remesh:
    """A coarser mesh whose every vertex is a fixed mixture of three vertices of the fine one.

    `mirror` names each vertex' partner on the other side (itself on the middle plane).
    """

    faces: ndarray
    corners: ndarray
    mixture: ndarray
    mirror: ndarray

    def __call__(self, values: ndarray) -> ndarray:
        """(…, fine, k) → (…, coarse, k)."""
        return np.einsum("vc,...vck->...vk", self.mixture, values[..., self.corners, :])


def remesh(mean_m: ndarray, faces: ndarray, vertices: int) -> Remesh:
    """The left half made coarser and mirrored, so that both sides are alike to the last vertex."""
    partner = cKDTree(mean_m).query(mean_m * [-1, 1, 1])[1]
    left_faces = faces[mean_m[faces].mean(1)[:, 0] > 0]
    used, numbered = np.unique(left_faces, return_inverse=True)
    fine = _mesh(mean_m[used], numbered.reshape(-1, 3))
    # The border counts so much that it stays in its plane; no border vertex is lost to the inside.
    coarse = fine.decimate(
        1 - vertices / len(mean_m), volume_preservation=True, boundary_constraints=True, boundary_weight=1000.0
    )
    points, triangles = np.asarray(coarse.points, float), np.asarray(coarse.faces).reshape(-1, 4)[:, 1:]
    on_border = _border(triangles, len(points))
    if np.abs(points[on_border, 0]).max() > MIDDLE_M:
        raise ValueError("the middle line of the halved mesh has moved")
    # A triangle with all corners on the border would lie flat on its own mirror image.
    triangles = triangles[~on_border[triangles].all(1)]
    used_points, renumbered = np.unique(triangles, return_inverse=True)
    points, on_border, triangles = points[used_points], on_border[used_points], renumbered.reshape(-1, 3)
    points[on_border, 0] = 0
    corners, mixture = _mixture(fine, numbered.reshape(-1, 3), mean_m[used], points)
    corners = used[corners]
    _keep_to_middle(points, corners, mixture, on_border, mean_m)
    inner = np.flatnonzero(~on_border)
    mirror_of = np.arange(len(points))
    mirror_of[inner] = len(points) + np.arange(len(inner))
    back = np.concatenate([np.where(on_border, np.arange(len(points)), mirror_of), inner])
    return Remesh(
        faces=np.concatenate([triangles, mirror_of[triangles][:, ::-1]]),
        corners=np.concatenate([corners, partner[corners[inner]]]),
        mixture=np.concatenate([mixture, mixture[inner]]),
        mirror=back,
    )


def _mesh(points: ndarray, faces: ndarray) -> pv.PolyData:
    return pv.PolyData(points, np.c_[np.full(len(faces), 3), faces])


def _border(faces: ndarray, vertices: int) -> ndarray:
    """(vertices,) which lie on an edge of one triangle only."""
    edges = np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1)
    unique, count = np.unique(edges, axis=0, return_counts=True)
    border = np.zeros(vertices, bool)
    border[unique[count == 1]] = True
    return border


def _mixture(fine: pv.PolyData, faces: ndarray, fine_m: ndarray, points: ndarray) -> tuple[ndarray, ndarray]:
    """The triangle that each point is nearest to and its barycentric coordinates there."""
    cells, on_surface = fine.find_closest_cell(points, return_closest_point=True)
    corners = faces[cells]
    a, b, c = (fine_m[corners[:, corner]] for corner in range(3))
    # By the normal equations of the triangle's two edges.
    edges = np.stack([b - a, c - a], -1)
    gram = np.einsum("vdi,vdj->vij", edges, edges)
    shares = np.linalg.solve(gram, np.einsum("vdi,vd->vi", edges, on_surface - a)[..., None])[..., 0]
    mixture = np.clip(np.concatenate([1 - shares.sum(1, keepdims=True), shares], 1), 0, 1)
    return corners, mixture / mixture.sum(1, keepdims=True)


def _keep_to_middle(points: ndarray, corners: ndarray, mixture: ndarray, border: ndarray, fine_m: ndarray) -> None:
    """Border vertices become mixtures of the two middle vertices of the fine mesh that they lie between."""
    middle = np.flatnonzero(np.abs(fine_m[:, 0]) < 1e-4)
    tree = cKDTree(fine_m[middle])
    for vertex in np.flatnonzero(border):
        pair = middle[tree.query(points[vertex], 2)[1]]
        along = fine_m[pair[1]] - fine_m[pair[0]]
        share = float(np.clip((points[vertex] - fine_m[pair[0]]) @ along / (along @ along), 0, 1))
        corners[vertex] = [pair[0], pair[1], pair[1]]
        mixture[vertex] = [1 - share, share, 0]


def smoothed_near(weights: ndarray, vertices_m: ndarray, faces: ndarray, places_m: ndarray) -> ndarray:
    """Skin weights (V, B) without the creases that they have round some places (N, 3)."""
    edges = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    count = len(vertices_m)
    linked = coo_matrix((np.ones(len(edges)), edges.T), (count, count)).tocsr()
    linked = linked + linked.T
    linked.data[:] = 1
    neighbours = diags(1 / np.asarray(linked.sum(1)).ravel()) @ linked
    away_m = np.linalg.norm(vertices_m[:, None] - places_m, axis=-1).min(1)
    inside = np.clip((SMOOTHED_M - away_m) / SMOOTHED_EDGE_M, 0, 1)
    share = 0.5 * (inside**2 * (3 - 2 * inside))[:, None]
    for _ in range(SMOOTHINGS):
        weights = weights + share * (neighbours @ weights - weights)
    return weights


def keep_largest(weights: ndarray, kept: int) -> ndarray:
    """Only the `kept` largest weights of a vertex, summing to 1 again."""
    weights = weights.copy()
    np.put_along_axis(weights, np.argsort(-weights, 1)[:, kept:], 0, 1)
    return weights / weights.sum(1, keepdims=True)


def joint_regressor(
    vertices: ndarray,
    joints: ndarray,
    weights: ndarray,
    parents: tuple[int, ...],
    mirror: ndarray,
    joint_mirror: tuple[int, ...],
) -> ndarray:
    """(J, V): joints as convex mixtures of nearby vertices, fitted over people by non-negative least squares.

    The right side's are the left's in the looking-glass.
    """
    rng = np.random.default_rng(0)
    matrix = np.zeros((len(parents), vertices.shape[1]))
    mean_vertices, mean_joints = vertices.mean(0), joints.mean(0)
    for joint, parent in enumerate(parents):
        if joint_mirror[joint] < joint:
            matrix[joint] = matrix[joint_mirror[joint]][mirror]
            continue
        moved_by = weights[:, joint] + (weights[:, parent] if parent >= 0 else 0)
        near = np.linalg.norm(mean_vertices - mean_joints[joint], axis=1) < REGRESSOR_REACH_M
        candidates = rng.permutation(np.flatnonzero((moved_by > 0.02) & near))[:REGRESSOR_CANDIDATES]
        columns = vertices[:, candidates].transpose(0, 2, 1).reshape(-1, len(candidates))
        sums_to_one = np.full((1, len(candidates)), 100.0)
        target = np.r_[joints[:, joint].reshape(-1), 100.0]
        shares, _ = nnls(np.concatenate([columns, sums_to_one]), target, maxiter=20000)
        matrix[joint, candidates] = shares / shares.sum()
        if joint_mirror[joint] == joint:
            matrix[joint] = 0.5 * (matrix[joint] + matrix[joint][mirror])
    return matrix


def principal_shapes(vertices: ndarray, count: int) -> tuple[ndarray, ndarray]:
    """The mean body and (V, 3, count) shapes, scaled so that a coefficient of 1 is one standard deviation."""
    mean = vertices.mean(0)
    spread = (vertices - mean).reshape(len(vertices), -1)
    _, sizes, directions = np.linalg.svd(spread, full_matrices=False)
    shapes = directions[:count].reshape(count, -1, 3)
    # A sign that does not depend on the solver: a positive coefficient makes a taller body.
    grows = np.sign(np.einsum("kv,v->k", shapes[..., 1], mean[:, 1]))
    grows[grows == 0] = 1
    shapes = shapes * (grows * sizes[:count] / np.sqrt(len(vertices) - 1))[:, None, None]
    return mean, shapes.transpose(1, 2, 0)
