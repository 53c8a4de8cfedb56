"""How well a posed body keeps its form: the volume round a joint, and how far its edges are stretched.

Used by make_body.py, which stores the reference's figures, and by the tests, which hold the shipped bodies to them.
Numpy and scipy only. Metres in, litres out.
"""

from collections.abc import Mapping

import numpy as np
from numpy import ndarray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

# The pose (a name in make_body_poses.NAMED), the joint the region lies round, and its reach from there in the T-pose.
VOLUMES: Mapping[str, tuple[str, str, float]] = {
    "armpit, arms up": ("arms up", "left_shoulder", 0.15),
    "armpit, arms down": ("standing", "left_shoulder", 0.15),
    "armpit, arms crossed": ("arms crossed", "left_shoulder", 0.15),
    "elbow, bent 120°": ("elbows 120", "left_elbow", 0.09),
    "forearm, twisted 90°": ("forearms twisted", "left_wrist", 0.16),
    "knee, bent 120°": ("knees 120", "left_knee", 0.13),
    "hip, bent 90°": ("hips 90", "left_hip", 0.18),
    "neck, turned 70°": ("head turned", "neck", 0.14),
}
STRETCHED = ("arms up", "standing", "elbows 120", "squatting", "arms crossed", "looking back")
STRETCHED_WITH_FACE = (*STRETCHED, "fists and open mouth", "mouth open")


def region(template_m: ndarray, faces: ndarray, centre_m: ndarray, reach_m: float) -> ndarray:
    """The triangles that lie wholly within reach of a joint, of the piece of them that is largest."""
    inside = faces[(np.linalg.norm(template_m - centre_m, axis=1) < reach_m)[faces].all(1)]
    count = len(template_m)
    piece = _pieces(inside.ravel(), np.roll(inside, 1, 1).ravel(), count)
    sizes = np.bincount(piece[inside[:, 0]])
    return inside[piece[inside[:, 0]] == sizes.argmax()]


def _pieces(starts: ndarray, ends: ndarray, points: int) -> ndarray:
    """(points,) which hang together by these edges."""
    edges = coo_matrix((np.ones(len(starts)), (starts, ends)), (points, points))
    return connected_components(edges, directed=False)[1]


def volume_l(vertices_m: ndarray, triangles: ndarray) -> float:
    """What a piece of the skin encloses when each of its open borders is closed from the border's middle."""
    points = vertices_m.astype(float)
    a, b, c = (points[triangles[:, corner]] for corner in range(3))
    volume = np.einsum("fd,fd->", a, np.cross(b, c))
    edges = np.concatenate([triangles[:, [0, 1]], triangles[:, [1, 2]], triangles[:, [2, 0]]])
    count = len(points)
    seen = set((edges[:, 0] * count + edges[:, 1]).tolist())
    border = np.array([edge for edge in edges if edge[1] * count + edge[0] not in seen]).reshape(-1, 2)
    loop = _pieces(*border.T, count)
    for each in np.unique(loop[border[:, 0]]):
        mine = border[loop[border[:, 0]] == each]
        middle = points[mine[:, 0]].mean(0)
        volume += np.einsum(
            "ed,ed->", np.cross(points[mine[:, 1]], points[mine[:, 0]]), np.tile(middle, (len(mine), 1))
        )
    return float(1000 * volume / 6)


def stretch(rest_m: ndarray, posed_m: ndarray, faces: ndarray) -> ndarray:
    """(edges,) how many times as long each edge is; edges under 2 mm are left out, for they tell of nothing."""
    edges = np.unique(np.sort(np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]]), 1), axis=0)
    lengths = [np.linalg.norm(points[edges[:, 0]] - points[edges[:, 1]], axis=1) for points in (rest_m, posed_m)]
    long_enough = lengths[0] > 0.002
    return lengths[1][long_enough] / lengths[0][long_enough]
