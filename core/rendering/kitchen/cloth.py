"""Cutting pieces out of a skinned mesh: the way clothes are made here. Numpy only; metres.

A garment is the body's own mesh, moved out along its normals and cut off where a field over its vertices becomes
negative. The cut runs through the triangles, so hems are straight lines; weights and colours are mixed along with it.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from numpy import ndarray


@dataclass(frozen=True)
class Piece:
    """A part of what is worn. `colours` are 0 … 255 as floats until all is put together."""

    vertices_m: Float[ndarray, "vertices 3"]
    weights: Float[ndarray, "vertices joints"]
    faces: Int[ndarray, "faces 3"]
    colours: Float[ndarray, "vertices 3"]


def cut(piece: Piece, field: Float[ndarray, " vertices"]) -> Piece:
    """What of the piece lies where the field is positive, with new vertices along the cut."""
    inside = field > 0
    count = inside[piece.faces].sum(1)
    whole = piece.faces[count == 3]
    edges: list[Int[ndarray, "cuts 2"]] = []
    made = 0
    faces = [whole]
    total = len(field)
    for number in (1, 2):
        crossing = piece.faces[count == number]
        if not len(crossing):
            continue
        # Turn each triangle so that its odd corner out (the only one inside, or the only one outside) comes first.
        odd = (inside[crossing] == (number == 1)).argmax(1)
        a, b, c = (crossing[np.arange(len(crossing)), (odd + turn) % 3] for turn in range(3))
        on_ab = total + made + np.arange(len(crossing))
        on_ac = on_ab + len(crossing)
        edges += [np.stack([a, b], -1), np.stack([a, c], -1)]
        made += 2 * len(crossing)
        if number == 1:
            faces.append(np.stack([a, on_ab, on_ac], -1))
        else:
            faces += [np.stack([on_ab, b, c], -1), np.stack([on_ab, c, on_ac], -1)]
    ends = np.concatenate(edges) if edges else np.zeros((0, 2), int)
    first, second = field[ends[:, 0]], field[ends[:, 1]]
    share = (first / np.where(first == second, 1, first - second))[:, None]
    return _used(
        Piece(
            _with_cuts(piece.vertices_m, ends, share),
            _with_cuts(piece.weights, ends, share),
            np.concatenate(faces),
            _with_cuts(piece.colours, ends, share),
        )
    )


def without(piece: Piece, hidden: Bool[ndarray, " vertices"]) -> Piece:
    """The piece less the faces that lie wholly in the hidden part."""
    faces = piece.faces[~hidden[piece.faces].all(1)]
    return _used(Piece(piece.vertices_m, piece.weights, faces, piece.colours))


def put_together(pieces: list[Piece]) -> Piece:
    """All of it as one mesh."""
    starts = np.cumsum([0, *(len(piece.vertices_m) for piece in pieces)])
    return Piece(
        np.concatenate([piece.vertices_m for piece in pieces]),
        np.concatenate([piece.weights for piece in pieces]),
        np.concatenate([piece.faces + start for piece, start in zip(pieces, starts, strict=False)]),
        np.concatenate([piece.colours for piece in pieces]),
    )


def grid_faces(rows: int, columns: int) -> Int[ndarray, "faces 3"]:
    """Triangles of a rectangle of rows × columns vertices."""
    at = np.arange(rows * columns).reshape(rows, columns)
    here, right, below, both = at[:-1, :-1], at[:-1, 1:], at[1:, :-1], at[1:, 1:]
    return np.concatenate([np.stack([here, below, right], -1), np.stack([right, below, both], -1)]).reshape(-1, 3)


def _with_cuts(values: ndarray, ends: ndarray, share: ndarray) -> ndarray:
    return np.concatenate([values, values[ends[:, 0]] * (1 - share) + values[ends[:, 1]] * share])


def _used(piece: Piece) -> Piece:
    """Without the vertices that no face names."""
    used, faces = np.unique(piece.faces, return_inverse=True)
    return Piece(piece.vertices_m[used], piece.weights[used], faces.reshape(piece.faces.shape), piece.colours[used])
