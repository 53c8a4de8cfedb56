"""Skin weights and pose correctives that bring linear blend skinning to the reference deformation.

Used by make_body.py only. The reference poses a body with MakeHuman's whole rig (`make_body_rig`); here a few weights
and, for each vertex, a linear map from the rotations of the joints near it are fitted to that. Letters: N poses, V
vertices, J joints. Metres.
"""

import numpy as np
import scipy.sparse
from numpy import ndarray
from scipy.optimize import nnls

from core.bodies.kinematics import place_joints

LEAST_M = 0.0006
"""A joint whose extremes move a vertex less than this beyond linear skinning has no say in its corrective."""
RIDGE = 0.003
"""Of the mean square of the features."""


def features(poses: ndarray) -> ndarray:
    """(N, J, 3, 3) → (N, 9 (J − 1)): what correctives are linear in."""
    return (poses[:, 1:] - np.eye(3)).reshape(len(poses), -1)


def carriers(poses: ndarray, joints_m: ndarray, parents: tuple[int, ...]) -> ndarray:
    """(N, J, 3, 4): how each joint carries points of the rest body."""
    placed = place_joints(poses, np.zeros((len(poses), 3)), joints_m, parents)
    offsets = placed.places_m - np.einsum("njab,jb->nja", placed.rotations, joints_m)
    return np.concatenate([placed.rotations, offsets[..., None]], -1)


def blended(weights: ndarray, carried: ndarray) -> ndarray:
    """(N, V, 3, 4)."""
    return np.einsum("vj,njk->nvk", weights, carried.reshape(*carried.shape[:2], 12), optimize=True).reshape(
        len(carried), len(weights), 3, 4
    )


def moved(motions: ndarray, points_m: ndarray) -> ndarray:
    """(N, V, 4, 3) motions of (…, V, 3) points."""
    return (motions[..., :3] @ points_m[..., None])[..., 0] + motions[..., 3]


def undone(motions: ndarray, posed_m: ndarray) -> ndarray:
    """Where a posed point was in the rest body."""
    return np.linalg.solve(motions[..., :3], (posed_m - motions[..., 3])[..., None])[..., 0]


def refitted_weights(
    rest_m: ndarray, first: ndarray, carried: ndarray, posed_m: ndarray, parents: tuple[int, ...], most: int
) -> ndarray:
    """(V, J): the weights, at most `most` a vertex, that by themselves come nearest to the reference.

    A vertex may take weights of the joints that it has by the rig, and of their parents and children.
    """
    links = np.eye(len(parents), dtype=bool)
    for joint, parent in enumerate(parents):
        if parent >= 0:
            links[joint, parent] = links[parent, joint] = True
    allowed = (first > 0.01) @ links
    weights = np.zeros_like(first)
    for vertex in range(len(rest_m)):
        chosen = np.flatnonzero(allowed[vertex])
        for _ in range(2):
            mine = carried[:, chosen]
            at = mine[..., :3] @ rest_m[vertex] + mine[..., 3]
            columns = (at - posed_m[:, vertex, None]).transpose(0, 2, 1).reshape(-1, len(chosen))
            # |Σ w (moved − posed)|² over weights that sum to 1; a little pull to the rig's own keeps neighbours alike.
            gram = columns.T @ columns / len(carried) + 1e-6 * np.eye(len(chosen))
            pull = 1e-6 * first[vertex, chosen]
            sums = 10.0 * np.ones((1, len(chosen)))
            root = np.linalg.cholesky(gram).T
            solution, _ = nnls(np.r_[root, sums], np.r_[np.linalg.solve(root.T, pull), 10.0], maxiter=1000)
            if np.count_nonzero(solution) <= most:
                break
            keep = np.argsort(-solution)[:most]
            chosen, solution = chosen[keep], solution[keep]
        weights[vertex, chosen] = solution
    return weights / weights.sum(1, keepdims=True)


def support(single_residuals: dict[int, ndarray]) -> ndarray:
    """(V, J): which joints' turning bends a vertex beyond what linear skinning does. From each joint turned alone."""
    joints = max(single_residuals) + 1
    vertices = len(next(iter(single_residuals.values()))[0])
    matters = np.zeros((vertices, joints), bool)
    for joint, residual in single_residuals.items():
        matters[:, joint] = np.linalg.norm(residual, axis=-1).max(0) > LEAST_M
    return matters


def correctives(
    poses: ndarray, carried: ndarray, weights: ndarray, rest_m: ndarray, posed_m: ndarray, matters: ndarray
) -> scipy.sparse.csr_matrix:
    """(3V, 9 (J − 1)): ridge regression of what linear skinning leaves to the reference, on the rotations that matter.

    The difference that counts is the one in the pose, not the one carried back to the rest body: where skinning folds
    a vertex, carrying back blows small differences up.
    """
    given = features(poses)
    size = np.mean(given**2)
    rows, columns, values = [], [], []
    for vertex in np.flatnonzero(matters[:, 1:].any(1)):
        used = np.flatnonzero(np.repeat(matters[vertex, 1:], 9))
        x = given[:, used]
        motions = np.einsum("j,njk->nk", weights[vertex], carried.reshape(*carried.shape[:2], 12)).reshape(-1, 3, 4)
        turn = motions[..., :3]
        missing = posed_m[:, vertex] - turn @ rest_m[vertex] - motions[..., 3]
        count = len(used)
        gram = np.empty((3, count, 3, count))
        squares = np.einsum("nab,nac->nbc", turn, turn)
        for a in range(3):
            for b in range(a + 1):
                gram[a, :, b] = x.T @ (x * squares[:, a, b, None])
                gram[b, :, a] = gram[a, :, b].T
        gram = gram.reshape(3 * count, 3 * count) + RIDGE * size * len(x) * np.eye(3 * count)
        right = (np.einsum("nab,na->nb", turn, missing).T @ x).ravel()
        solved = np.linalg.solve(gram, right)
        rows.append(np.repeat(3 * vertex + np.arange(3), count))
        columns.append(np.tile(used, 3))
        values.append(solved)
    triplet = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
    return scipy.sparse.csr_matrix(triplet, shape=(3 * len(rest_m), given.shape[1]))
