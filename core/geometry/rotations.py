"""Rotations in numpy: matrices that turn column vectors, rotation vectors, and the few ways bodies need to build them.

Angles are radians, right-handed. A matrix holds the turned axes in its columns, so `turned(bone, v)` takes `v` from
the bone's own axes to its parent's. Everything works on leading batch axes, mostly frames. No torch.
"""

from typing import Literal

import numpy as np
from jaxtyping import Float
from numpy import ndarray

Axis = Literal["x", "y", "z"]
Angle = float | Float[ndarray, "*batch"]


def unit(vectors: Float[ndarray, "*batch n"]) -> Float[ndarray, "*batch n"]:
    """The same directions at length 1; a vector of no length stays as it is."""
    return vectors / np.maximum(np.linalg.norm(vectors, axis=-1, keepdims=True), 1e-9)


def about_x(angle: Angle) -> Float[ndarray, "*batch 3 3"]:
    """Turns y towards z."""
    return _about(0, angle)


def about_y(angle: Angle) -> Float[ndarray, "*batch 3 3"]:
    """Turns z towards x: a positive yaw looks to the person's own left."""
    return _about(1, angle)


def about_z(angle: Angle) -> Float[ndarray, "*batch 3 3"]:
    """Turns x towards y."""
    return _about(2, angle)


def _about(axis: int, angle: Angle) -> ndarray:
    angles = np.asarray(angle, dtype=float)
    matrix = np.zeros((*angles.shape, 3, 3))
    after, last = (axis + 1) % 3, (axis + 2) % 3
    matrix[..., axis, axis] = 1.0
    matrix[..., after, after] = matrix[..., last, last] = np.cos(angles)
    matrix[..., last, after] = np.sin(angles)
    matrix[..., after, last] = -matrix[..., last, after]
    return matrix


def inverse(rotations: Float[ndarray, "*batch 3 3"]) -> Float[ndarray, "*batch 3 3"]:
    return np.swapaxes(rotations, -1, -2)


def turned(rotations: Float[ndarray, "*#batch 3 3"], vectors: Float[ndarray, "*#batch 3"]) -> Float[ndarray, "... 3"]:
    """Each vector turned by its rotation."""
    return (rotations @ vectors[..., None])[..., 0]


def frame_of(
    kept: Axis, kept_direction: Float[ndarray, "*#batch 3"], near: Axis, near_direction: Float[ndarray, "*#batch 3"]
) -> Float[ndarray, "... 3 3"]:
    """Right-handed axes whose `kept` one points along its direction exactly, the `near` one as near as it can."""
    first = unit(kept_direction)
    second = unit(near_direction - (near_direction * first).sum(-1, keepdims=True) * first)
    at, to = "xyz".index(kept), "xyz".index(near)
    third = np.cross(first, second) if (to - at) % 3 == 1 else np.cross(second, first)
    columns = {at: first, to: second, 3 - at - to: third}
    return np.stack(np.broadcast_arrays(*(columns[axis] for axis in range(3))), axis=-1)


def rotation_vectors(rotations: Float[ndarray, "*batch 3 3"]) -> Float[ndarray, "*batch 3"]:
    """Axis times angle, the angle at most π. The matrices are rotations to within rounding."""
    # SciPy makes each matrix a rotation first, which takes ten times as long as all the rest.
    m = rotations.reshape(-1, 3, 3).astype(float)
    trace = m[:, 0, 0] + m[:, 1, 1] + m[:, 2, 2]
    largest = np.argmax(np.stack([m[:, 0, 0], m[:, 1, 1], m[:, 2, 2], trace]), axis=0)
    quaternions = np.empty((len(m), 4))
    for i in range(3):
        j, k = (i + 1) % 3, (i + 2) % 3
        at = largest == i
        some = m[at]
        quaternions[at, i] = 1 - trace[at] + 2 * some[:, i, i]
        quaternions[at, j] = some[:, j, i] + some[:, i, j]
        quaternions[at, k] = some[:, k, i] + some[:, i, k]
        quaternions[at, 3] = some[:, k, j] - some[:, j, k]
    at = largest == 3
    some = m[at]
    quaternions[at, :3] = np.stack([some[:, 2, 1] - some[:, 1, 2], some[:, 0, 2] - some[:, 2, 0],
                                    some[:, 1, 0] - some[:, 0, 1]], axis=-1)  # fmt: skip
    quaternions[at, 3] = 1 + trace[at]
    quaternions *= np.where(quaternions[:, 3:] < 0, -1.0, 1.0)
    sines = np.linalg.norm(quaternions[:, :3], axis=-1)
    angles = 2 * np.arctan2(sines, quaternions[:, 3])
    lengths = np.linalg.norm(quaternions, axis=-1)
    # Of a small angle the sine of its half is half of it.
    per_sine = np.where(sines > 1e-9 * lengths, angles / np.maximum(sines, 1e-300), 2 / lengths)
    return (quaternions[:, :3] * per_sine[:, None]).reshape(rotations.shape[:-1])


def matrices(vectors: Float[ndarray, "*batch 3"]) -> Float[ndarray, "*batch 3 3"]:
    """The rotations whose axis times angle is `vectors`."""
    from scipy.spatial.transform import Rotation

    flat = Rotation.from_rotvec(vectors.reshape(-1, 3)).as_matrix()
    return flat.reshape(*vectors.shape, 3)


def twist_and_swing(
    rotations: Float[ndarray, "frames 3 3"],
) -> tuple[Float[ndarray, " frames"], Float[ndarray, "frames 3"]]:
    """Splits each rotation so that it equals `about_x(twist) @ matrices(swing)`, the swing as small as it can be."""
    from scipy.spatial.transform import Rotation

    whole = Rotation.from_matrix(rotations).as_quat()
    about = np.zeros_like(whole)
    about[:, [0, 3]] = whole[:, [0, 3]]
    size = np.linalg.norm(about, axis=1, keepdims=True)
    about = np.where(size > 1e-6, about / np.maximum(size, 1e-6), [0.0, 0.0, 0.0, 1.0])
    about = about * np.where(about[:, 3:] < 0, -1.0, 1.0)
    twist = 2 * np.arctan2(about[:, 0], about[:, 3])
    swing = (Rotation.from_quat(about).inv() * Rotation.from_quat(whole)).as_rotvec()
    return twist, swing


def nearest_heading(rotations: Float[ndarray, "*batch 3 3"]) -> Float[ndarray, "*batch"]:
    """The angle of the turn about the vertical that a rotation is nearest to."""
    across = rotations[..., 0, 2] - rotations[..., 2, 0]
    return np.asarray(np.arctan2(across, rotations[..., 0, 0] + rotations[..., 2, 2]))


def yaw_of(rotations: Float[ndarray, "*batch 3 3"]) -> Float[ndarray, "*batch"]:
    """Which way the turned z axis points: its angle about the vertical, from +z towards +x."""
    return np.asarray(np.arctan2(rotations[..., 0, 2], rotations[..., 2, 2]))


def soft_limit(angle: Float[ndarray, "*batch"], most: float) -> Float[ndarray, "*batch"]:
    """Angles near 0 as they are, large ones bent smoothly so that they never pass ±`most`."""
    return most * np.tanh(angle / most)
