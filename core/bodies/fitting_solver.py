"""Damped Gauss–Newton over the pose of a body in many frames and one shape: what `bodies.fitting` is made of.

A `Pose` is what is solved for, frames first: place, free rotations of root, hips and shoulders, and angles of all other
joints within their limits (`fitting_anatomy`). Derivatives are analytic: a column that turns about a world axis through
a joint moves a point by axis × (point − joint). Frames are solved side by side; one shape ties them together
through its Schur complement, smoothness through accelerations, which make the matrix block-pentadiagonal.

Letters in shapes: frames, points, columns (of the pose), joints (of SMPL_22), shapes. Metres, radians, seconds.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray
from scipy.linalg import solveh_banded

from core.bodies.fitting_anatomy import Anatomy
from core.bodies.fitting_landmarks import Landmarks
from core.bodies.skeletons import SMPL_22
from core.geometry.rotations import matrices, rotation_vectors

MOST_SHAPE = 3.5
_BODY = len(SMPL_22)
_PARENTS = np.array(SMPL_22.parents)
_STEP = 0.7  # radians, the most a joint turns in one round


@dataclass(frozen=True)
class Pose:
    """What is solved for."""

    translation_m: Float[ndarray, "frames 3"]
    balls: Float[ndarray, "frames balls 3 3"]
    angles: Float[ndarray, "frames angles"]
    betas: Float[ndarray, " shapes"]

    def __len__(self) -> int:
        return len(self.translation_m)

    def chosen(self, frames: "ndarray | slice") -> "Pose":
        return Pose(self.translation_m[frames], self.balls[frames], self.angles[frames], self.betas)

    def where(self, better: Bool[ndarray, " frames"], other: "Pose") -> "Pose":
        """This pose in the frames that are `better`, the other one's in the rest; this one's shape."""
        return Pose(
            np.where(better[:, None], self.translation_m, other.translation_m),
            np.where(better[:, None, None, None], self.balls, other.balls),
            np.where(better[:, None], self.angles, other.angles),
            self.betas,
        )


@dataclass(frozen=True)
class Placed:
    """Joints and points of a pose in the world, and how they move."""

    rotations: Float[ndarray, "frames joints 3 3"]
    world: Float[ndarray, "frames joints 3 3"]
    joints_m: Float[ndarray, "frames joints 3"]
    axes: Float[ndarray, "frames turns 3"]
    """World axes of all columns but the translation's."""
    joint_shapes_m: Float[ndarray, "frames joints 3 shapes"]


@dataclass
class Equations:
    """The normal equations of all frames, and what the pose costs. Terms add themselves."""

    cost: Float[ndarray, " frames"]
    matrix: Float[ndarray, "frames columns columns"]
    slope: Float[ndarray, "frames columns"]
    with_shape: Float[ndarray, "frames columns shapes"]
    shape_matrix: Float[ndarray, "shapes shapes"]
    shape_slope: Float[ndarray, " shapes"]

    @classmethod
    def empty(cls, frames: int, columns: int, shapes: int) -> "Equations":
        return cls(
            np.zeros(frames), np.zeros((frames, columns, columns)), np.zeros((frames, columns)),
            np.zeros((frames, columns, shapes)), np.zeros((shapes, shapes)), np.zeros(shapes),
        )  # fmt: skip

    def add(
        self,
        off: Float[ndarray, "frames rows"],
        by_pose: Float[ndarray, "frames rows columns"],
        by_shape: Float[ndarray, "frames rows shapes"] | None = None,
    ) -> None:
        """Rows already divided by their spread. Their cost is the caller's, since it may be a robust one."""
        transposed = by_pose.transpose(0, 2, 1)
        self.matrix += transposed @ by_pose
        self.slope += (transposed @ off[..., None])[..., 0]
        if by_shape is not None and by_shape.shape[-1]:
            self.with_shape += transposed @ by_shape
            flat = by_shape.reshape(-1, by_shape.shape[-1])
            self.shape_matrix += flat.T @ flat
            self.shape_slope += flat.T @ off.reshape(-1)


@runtime_checkable
class Term(Protocol):
    """Something that a pose should do."""

    def add(self, model: "Model", pose: Pose, placed: Placed, equations: Equations) -> None: ...


class Model:
    """A body as a fit sees it: 22 joints, the points fixed to them, and how both move with every column."""

    def __init__(
        self,
        rest_joints_m: Float[ndarray, "joints 3"],
        rest_shapes_m: Float[ndarray, "joints 3 shapes"],
        landmarks: Landmarks,
        anatomy: Anatomy,
    ) -> None:
        self.anatomy, self.landmarks = anatomy, landmarks
        self._rest_m, self._rest_shapes_m = rest_joints_m[:_BODY], rest_shapes_m[:_BODY]
        self.shapes = self._rest_shapes_m.shape[-1]
        self._crosses = _cross_matrices(anatomy.axes)
        self._squares = self._crosses @ self._crosses
        self._angles_of = [np.flatnonzero(anatomy.joints == joint) for joint in range(_BODY)]
        # Which joint each turning column turns, and which joints go with it.
        self.turned = np.concatenate([np.repeat(anatomy.balls, 3), anatomy.joints])
        goes_with = np.eye(_BODY, dtype=bool)
        for joint in range(1, _BODY):
            goes_with[joint] |= goes_with[_PARENTS[joint]]
        self.moves = goes_with[:, self.turned].astype(float)  # (joints, turns)
        self._point_moves = self.moves[landmarks.fixed_to]

    def rest_m(self, betas: Float[ndarray, " shapes"]) -> Float[ndarray, "joints 3"]:
        return self._rest_m + self._rest_shapes_m @ betas

    def place(self, pose: Pose) -> Placed:
        frames, anatomy = len(pose), self.anatomy
        rest_m = self.rest_m(pose.betas)
        sine, cosine = np.sin(pose.angles)[..., None, None], np.cos(pose.angles)[..., None, None]
        single = np.eye(3) + sine * self._crosses + (1 - cosine) * self._squares
        rotations = np.empty((frames, _BODY, 3, 3))
        world = np.empty((frames, _BODY, 3, 3))
        places = np.empty((frames, _BODY, 3))
        shapes_m = np.empty((frames, _BODY, 3, self.shapes))
        axes = np.empty((frames, len(self.turned), 3))
        first_angle = 3 * len(anatomy.balls)
        ball_of = {int(joint): at for at, joint in enumerate(anatomy.balls)}
        for joint, parent in enumerate(_PARENTS):
            if joint in ball_of:
                ball = ball_of[joint]
                rotations[:, joint] = pose.balls[:, ball]
                turned = pose.balls[:, ball] if parent < 0 else world[:, parent] @ pose.balls[:, ball]
                axes[:, 3 * ball : 3 * ball + 3] = turned.transpose(0, 2, 1)  # a ball turns about its own axes
            else:
                turned = before = world[:, parent]
                for angle in self._angles_of[joint]:
                    axes[:, first_angle + angle] = turned @ anatomy.axes[angle]
                    turned = turned @ single[:, angle]
                rotations[:, joint] = before.transpose(0, 2, 1) @ turned
            world[:, joint] = turned
            if parent < 0:
                places[:, joint] = rest_m[joint] + pose.translation_m
                shapes_m[:, joint] = self._rest_shapes_m[joint]
            else:
                places[:, joint] = places[:, parent] + world[:, parent] @ (rest_m[joint] - rest_m[parent])
                bone_shapes = self._rest_shapes_m[joint] - self._rest_shapes_m[parent]
                shapes_m[:, joint] = shapes_m[:, parent] + world[:, parent] @ bone_shapes
        return Placed(rotations, world, places, axes, shapes_m)

    def landmarks_m(self, pose: Pose, placed: Placed) -> Float[ndarray, "frames landmarks 3"]:
        """Where the skeleton's joints are on the posed body."""
        return self.landmarks.mix @ self._points_m(pose, placed)

    def landmark_columns(
        self, pose: Pose, placed: Placed
    ) -> tuple[Float[ndarray, "frames landmarks 3 columns"], Float[ndarray, "frames landmarks 3 shapes"]]:
        """How they move with each column and each shape."""
        marks, frames, rows = self.landmarks, len(pose), len(self.landmarks.mix)
        by_turn = self.turning(placed, self._points_m(pose, placed), self._point_moves)
        mixed = (marks.mix @ by_turn.reshape(frames, len(marks.fixed_to), -1)).reshape(frames, rows, 3, -1)
        still = np.broadcast_to(np.eye(3), (frames, rows, 3, 3))
        by_shape = placed.joint_shapes_m[:, marks.fixed_to] + placed.world[:, marks.fixed_to] @ marks.offset_shapes_m
        by_shape = (marks.mix @ by_shape.reshape(frames, len(marks.fixed_to), -1)).reshape(frames, rows, 3, -1)
        return np.concatenate([still, mixed], axis=-1), by_shape

    def turning(
        self,
        placed: Placed,
        points_m: Float[ndarray, "frames points 3"],
        moves: Float[ndarray, "points turns"],
    ) -> Float[ndarray, "frames points 3 turns"]:
        """How points move with each turning column: axis × (point − joint), where they go with the joint."""
        pivots_m = placed.joints_m[:, self.turned]
        by_turn = np.empty((*points_m.shape, len(self.turned)))
        away = [points_m[:, :, None, axis] - pivots_m[:, None, :, axis] for axis in range(3)]
        about = [placed.axes[:, None, :, axis] * moves for axis in range(3)]
        by_turn[:, :, 0] = about[1] * away[2] - about[2] * away[1]
        by_turn[:, :, 1] = about[2] * away[0] - about[0] * away[2]
        by_turn[:, :, 2] = about[0] * away[1] - about[1] * away[0]
        return by_turn

    def _points_m(self, pose: Pose, placed: Placed) -> ndarray:
        marks = self.landmarks
        offsets_m = marks.offsets_m + marks.offset_shapes_m @ pose.betas
        turned = (placed.world[:, marks.fixed_to] @ offsets_m[..., None])[..., 0]
        return placed.joints_m[:, marks.fixed_to] + turned


def moved(pose: Pose, step: Float[ndarray, "frames columns"], by_shape: ndarray, model: Model) -> Pose:
    """The pose after a step, within the limits."""
    balls = len(model.anatomy.balls)
    turns = step[:, 3 : 3 + 3 * balls].reshape(len(pose), balls, 3)
    betas = np.clip(pose.betas + by_shape, -MOST_SHAPE, MOST_SHAPE)
    least, most = model.anatomy.limits(model.rest_m(betas))
    return Pose(
        pose.translation_m + step[:, :3],
        pose.balls @ matrices(turns),
        np.clip(pose.angles + step[:, 3 + 3 * balls :], least, most),
        betas,
    )


@dataclass(frozen=True)
class Smoothness:
    """Accelerations of neighbouring frames, each column's divided by what is usual for it. Unusual ones cost less than
    their square (Cauchy): a throw or a stop is not smoothed away.
    """

    rate_hz: float
    spread: Float[ndarray, " columns"]  # metres or radians a second squared
    outlier: Float[ndarray, " columns"]  # so many spreads cost half of their square

    def cost(self, pose: Pose) -> float:
        return float((self.outlier**2 * np.log1p(self._surprise(self.accelerations(pose)))).sum())

    def weights(self, accelerations: Float[ndarray, "inner columns"]) -> Float[ndarray, "inner columns"]:
        return (self.rate_hz**2 / self.spread) ** 2 / (1 + self._surprise(accelerations))

    def _surprise(self, accelerations: ndarray) -> ndarray:
        return (accelerations * self.rate_hz**2 / (self.spread * self.outlier)) ** 2

    def accelerations(self, pose: Pose) -> Float[ndarray, "inner columns"]:
        """Second differences: of the numbers themselves, of balls by the turn from frame to frame."""
        turns = pose.balls[:-1].swapaxes(-1, -2) @ pose.balls[1:]
        steps = np.concatenate(
            [
                np.diff(pose.translation_m, axis=0),
                rotation_vectors(turns).reshape(len(pose) - 1, -1),
                np.diff(pose.angles, axis=0),
            ],
            axis=1,
        )
        return np.diff(steps, axis=0)


def solve(
    model: Model,
    terms: Sequence[Term],
    pose: Pose,
    *,
    rounds: int,
    with_shape: bool,
    smoothness: Smoothness | None = None,
    enough: float = 1e-4,
) -> tuple[Pose, Float[ndarray, " frames"]]:
    """The pose after at most `rounds` rounds, and what each frame still costs."""
    smoothness = smoothness if len(pose) > 2 else None
    damping = np.full(len(pose), 1e-3)
    now = _equations(model, terms, pose)
    rough = _roughness(smoothness, pose)
    for _ in range(rounds):
        step, by_shape = _step(model, pose, now, damping, smoothness, with_shape=with_shape)
        tried = moved(pose, step, by_shape, model)
        then, then_rough = _equations(model, terms, tried), _roughness(smoothness, tried)
        before, after = now.cost.sum() + rough, then.cost.sum() + then_rough
        better = np.full(len(pose), after <= before) if smoothness is not None else then.cost <= now.cost
        damping = np.clip(np.where(better, damping / 4, damping * 6), 1e-7, 1e4)
        gained = before - after
        if better.all():
            pose, now, rough = tried, then, then_rough
        elif smoothness is not None:
            gained = np.inf if damping.min() < 1e3 else 0.0
        else:
            # A frame at its end is thrown back by a hair; only one that overshot is worth more rounds by itself.
            overshot = ~better & (then.cost > 1.01 * now.cost) & (damping < 1e2)
            pose = tried.where(better, pose)
            now = _equations(model, terms, pose)
            gained = np.inf if overshot.any() else before - now.cost.sum()
        if gained < enough * max(before, 1e-9):
            break
    return pose, now.cost


def followed(model: Model, terms: Sequence[Term], pose: Pose) -> Float[ndarray, " frames"]:
    """How many of the numbers that the first term is about the pose follows at will: its degrees of freedom there."""
    seen, all_of_it = _equations(model, terms[:1], pose).matrix, _equations(model, terms, pose).matrix
    return np.einsum("fcc->f", np.linalg.solve(all_of_it + 1e-6 * np.eye(all_of_it.shape[-1]), seen))


def _equations(model: Model, terms: Sequence[Term], pose: Pose) -> Equations:
    placed = model.place(pose)
    equations = Equations.empty(len(pose), model.anatomy.columns, model.shapes)
    for term in terms:
        term.add(model, pose, placed, equations)
    return equations


def _roughness(smoothness: Smoothness | None, pose: Pose) -> float:
    if smoothness is None:
        return 0.0
    return smoothness.cost(pose)


def _step(
    model: Model,
    pose: Pose,
    now: Equations,
    damping: Float[ndarray, " frames"],
    smoothness: Smoothness | None,
    *,
    with_shape: bool,
) -> tuple[ndarray, ndarray]:
    frames = len(pose)
    matrix, slope, coupling = now.matrix.copy(), now.slope.copy(), now.with_shape
    weights = None
    if smoothness is not None:
        accelerations = smoothness.accelerations(pose)
        weights = smoothness.weights(accelerations)
        slope += _spread_back(accelerations * weights, frames)
    held = _held(model, pose, slope)
    diagonal = np.einsum("fcc->fc", matrix)
    diagonal += damping[:, None] * (diagonal + 1e-3) + 1e-6
    matrix[held.nonzero()] = 0
    matrix.transpose(0, 2, 1)[held.nonzero()] = 0
    diagonal[held] = 1
    slope[held] = 0
    sides = slope[..., None]
    if with_shape:
        coupling = np.where(held[..., None], 0, coupling)
        sides = np.concatenate([sides, coupling], axis=-1)
    solved = np.linalg.solve(matrix, sides) if weights is None else _solve_over_time(matrix, sides, weights, held)
    step, by_shape = -solved[..., 0], np.zeros(model.shapes)
    if with_shape:
        schur = now.shape_matrix - np.einsum("fcs,fct->st", coupling, solved[..., 1:], optimize=True)
        left = now.shape_slope - np.einsum("fcs,fc->s", coupling, solved[..., 0], optimize=True)
        by_shape = np.clip(_within(schur, -left, pose.betas), -1.0, 1.0)
        step = step - solved[..., 1:] @ by_shape
    most = np.abs(step[:, 3:]).max(1)
    if smoothness is not None:
        most = np.full(frames, most.max())
    return step * np.minimum(1, _STEP / np.maximum(most, 1e-9))[:, None], by_shape


def _within(matrix: ndarray, side: ndarray, betas: ndarray) -> ndarray:
    """The step of the shape; what stands at a limit and is pushed against it stays."""
    free = ~((np.abs(betas) >= MOST_SHAPE - 1e-7) & (np.sign(side) == np.sign(betas)))
    step = np.zeros(len(betas))
    damped = matrix[np.ix_(free, free)] + np.diag(1e-6 + 1e-4 * np.abs(np.diag(matrix)[free]))
    step[free] = np.linalg.solve(damped, side[free])
    return step


def _held(model: Model, pose: Pose, slope: ndarray) -> Bool[ndarray, "frames columns"]:
    """Angles that stand at a limit and are pushed against it."""
    least, most = model.anatomy.limits(model.rest_m(pose.betas))
    held = np.zeros(slope.shape, bool)
    angles = slope[:, -pose.angles.shape[1] :]
    held[:, -pose.angles.shape[1] :] = ((pose.angles <= least + 1e-7) & (angles > 0)) | (
        (pose.angles >= most - 1e-7) & (angles < 0)
    )
    return held


def _spread_back(accelerations: ndarray, frames: int) -> ndarray:
    """The slope of half their squares."""
    slope = np.zeros((frames, accelerations.shape[1]))
    slope[:-2] += accelerations
    slope[1:-1] -= 2 * accelerations
    slope[2:] += accelerations
    return slope


def _solve_over_time(matrix: ndarray, sides: ndarray, weights: ndarray, held: ndarray) -> ndarray:
    """Blocks on the diagonal, tied to the next two frames column by column: one banded, positive matrix."""
    frames, columns, _ = matrix.shape
    size, band = frames * columns, 2 * columns
    lower = np.zeros((band + 1, size))
    for down in range(columns):
        lower[down].reshape(frames, columns)[:, : columns - down] = np.diagonal(matrix, offset=-down, axis1=1, axis2=2)
    for offset, tied in _second_differences(weights).items():
        tied = tied * ~held[: len(tied)] * ~held[offset:]
        lower[offset * columns, : tied.size] += tied.ravel()
    flat = sides.reshape(size, -1)
    return solveh_banded(lower, flat, lower=True, check_finite=False).reshape(sides.shape)


def _second_differences(weights: Float[ndarray, "inner columns"]) -> dict[int, ndarray]:
    """The diagonals of DᵀWD for second differences D: by how many frames apart."""
    inner, columns = weights.shape
    whole, beside = np.zeros((inner + 2, columns)), np.zeros((inner + 1, columns))
    for ahead, times in enumerate((1, 4, 1)):
        whole[ahead : ahead + inner] += times * weights
    for ahead in range(2):
        beside[ahead : ahead + inner] -= 2 * weights
    return {0: whole, 1: beside, 2: weights}


def _cross_matrices(axes: Float[ndarray, "angles 3"]) -> Float[ndarray, "angles 3 3"]:
    crosses = np.zeros((len(axes), 3, 3))
    x, y, z = axes.T
    crosses[:, 0, 1], crosses[:, 0, 2] = -z, y
    crosses[:, 1, 0], crosses[:, 1, 2] = z, -x
    crosses[:, 2, 0], crosses[:, 2, 1] = -y, x
    return crosses
