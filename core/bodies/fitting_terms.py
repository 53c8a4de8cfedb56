"""What a fitted pose should do, as terms of one sum of squares: be where the joints are, in space or in a picture, and
else be like people are. Every row is divided by its spread, so a cost of 1 is an everyday surprise.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.fitting_solver import Equations, Model, Placed, Pose
from core.bodies.skeletons import SMPL_22
from core.geometry.cameras import Camera

_NEAREST_M = 0.2


@dataclass(frozen=True)
class InSpace:
    """Joints seen in space. A joint `outlier` spreads off counts half, a far one hardly."""

    joints_m: Float[ndarray, "frames joints 3"]
    weights: Float[ndarray, "frames joints"]  # 1 / spread², 0 where nothing was seen
    outlier: float

    def add(self, model: Model, pose: Pose, placed: Placed, equations: Equations) -> None:
        off = model.landmarks_m(pose, placed) - self.joints_m
        by_pose, by_shape = model.landmark_columns(pose, placed)
        _add_robustly(equations, off, by_pose, by_shape, self.weights, self.outlier)


@dataclass(frozen=True)
class InPicture:
    """Joints seen in a picture of a camera without distortion. `metres_a_pixel` at the person makes spreads metres."""

    joints_px: Float[ndarray, "frames joints 2"]
    weights: Float[ndarray, "frames joints"]
    outlier: float
    camera: Camera
    metres_a_pixel: Float[ndarray, " frames"]

    def add(self, model: Model, pose: Pose, placed: Placed, equations: Equations) -> None:
        camera, scale = self.camera, self.metres_a_pixel[:, None, None]
        in_camera = model.landmarks_m(pose, placed) @ camera.rotation.T + camera.translation_m
        depth = np.maximum(in_camera[..., 2:], _NEAREST_M)
        flat = in_camera[..., :2] / depth
        off = (camera.focal_px * flat + camera.centre_px - self.joints_px) * scale
        # How a pixel moves with the point: (focal / depth) · [1 0 −x/z; 0 1 −y/z] · R.
        of_point = camera.rotation[:2] - flat[..., None] * camera.rotation[2]
        of_point = of_point * (camera.focal_px[:, None] / depth[..., None]) * scale[..., None]
        by_pose, by_shape = model.landmark_columns(pose, placed)
        _add_robustly(equations, off, of_point @ by_pose, of_point @ by_shape, self.weights, self.outlier)


def _add_robustly(
    equations: Equations, off: ndarray, by_pose: ndarray, by_shape: ndarray, weights: ndarray, outlier: float
) -> None:
    """Cauchy's weights: the cost grows as a square near zero and as a logarithm far away."""
    surprise = (off**2).sum(-1) * weights / outlier**2
    equations.cost += (outlier**2 * np.log1p(surprise)).sum(-1)
    root = np.sqrt(weights / (1 + surprise))[..., None]
    frames, _, _, columns = by_pose.shape
    equations.add(
        (off * root).reshape(frames, -1),
        (by_pose * root[..., None]).reshape(frames, -1, columns),
        (by_shape * root[..., None]).reshape(frames, -1, by_shape.shape[-1]),
    )


@dataclass(frozen=True)
class Natural:
    """Angles near their rest, balls near their natural pose, a shape near the mean one."""

    shape_spread: float
    strength: float = 1.0  # of pose against data; 1 in space

    def add(self, model: Model, pose: Pose, placed: Placed, equations: Equations) -> None:
        del placed
        anatomy = model.anatomy
        first = 3 + 3 * len(anatomy.balls)
        columns = np.arange(first, anatomy.columns)
        weights = self.strength / anatomy.spread**2
        off = pose.angles - anatomy.rest
        equations.cost += (off**2 * weights).sum(-1)
        equations.slope[:, columns] += off * weights
        equations.matrix[:, columns, columns] += weights
        for ball, spread in enumerate(anatomy.ball_spread):
            if not np.isfinite(spread):
                continue
            turn = turn_between(anatomy.ball_rest[ball], pose.balls[:, ball])
            columns = 3 + 3 * ball + np.arange(3)
            weight = self.strength / spread**2
            equations.cost += (turn**2).sum(-1) * weight
            equations.slope[:, columns] += turn * weight
            equations.matrix[:, columns, columns] += weight
        # Once a frame: what keeps joints from where they were seen is the same in all frames, so a hundred of them
        # say no more about the shape than one, and must not make somebody a skeleton to gain a millimetre.
        weight = 1 / self.shape_spread**2
        equations.cost += (pose.betas**2).sum() * weight
        equations.shape_slope += pose.betas * weight * len(pose)
        equations.shape_matrix += np.eye(model.shapes) * weight * len(pose)


@dataclass(frozen=True)
class Upright:
    """Pelvis, thighs, shins and feet stand upright in the world, each with its own strength in each frame."""

    weights: Float[ndarray, "frames joints"]

    def add(self, model: Model, pose: Pose, placed: Placed, equations: Equations) -> None:
        joints = np.flatnonzero(self.weights.any(0))
        if not len(joints):
            return
        up = placed.world[:, joints][..., 1]
        root = np.sqrt(self.weights[:, joints])[..., None]
        off = (up - np.array([0.0, 1.0, 0.0])) * root
        equations.cost += (off**2).sum((1, 2))
        by_turn = np.cross(placed.axes[:, None], up[:, :, None]) * model.moves[joints][None, ..., None]
        frames, turns = len(pose), by_turn.shape[2]
        by_pose = np.zeros((frames, 3 * len(joints), 3 + turns))
        by_pose[..., 3:] = (by_turn * root[..., None]).transpose(0, 1, 3, 2).reshape(frames, -1, turns)
        equations.add(off.reshape(frames, -1), by_pose)


@dataclass(frozen=True)
class Balance:
    """Feet under the body: the middle of the ankles lies below the middle of pelvis and chest, give or take; who sits
    or falls costs less than the square.
    """

    weights: Float[ndarray, " frames"]  # 1 / metres²
    outlier: float = 3.0

    def add(self, model: Model, pose: Pose, placed: Placed, equations: Equations) -> None:
        points_m = placed.joints_m[:, _BALANCED]
        off = (_BALANCE @ points_m)[..., 0, [0, 2]]
        surprise = (off**2).sum(-1) * self.weights / self.outlier**2
        equations.cost += self.outlier**2 * np.log1p(surprise)
        root = np.sqrt(self.weights / (1 + surprise))[:, None]
        off = off * root
        by_turn = model.turning(placed, points_m, model.moves[_BALANCED])
        frames, turns = len(pose), by_turn.shape[-1]
        by_pose = np.zeros((frames, 2, 3 + turns))
        level = by_turn[:, :, [0, 2]].reshape(frames, len(_BALANCED), -1)
        by_pose[..., 3:] = (_BALANCE @ level).reshape(frames, 2, turns) * root[..., None]
        equations.add(off, by_pose)


@dataclass(frozen=True)
class Reach:
    """Upper arms and thighs point where they can: not up behind the back, not through the body."""

    def add(self, model: Model, pose: Pose, placed: Placed, equations: Equations) -> None:
        rest_m = model.rest_m(pose.betas)
        for limb, end, frame, towards, most in _REACHES:
            bone = rest_m[end] - rest_m[limb]
            along = placed.world[:, limb] @ (bone / np.linalg.norm(bone))
            there = placed.world[:, frame] @ towards
            past = (along * there).sum(-1) - most
            past = np.where(past > 0, past / _REACH_SPREAD, 0.0)
            if not past.any():
                continue
            equations.cost += past**2
            # How it changes with a turn about an axis a: a · (along × there) where the limb goes along, less where
            # what it is measured in does.
            across = np.cross(along, there)[:, None]
            moves = model.moves[limb] - model.moves[frame]
            by_pose = np.zeros((len(pose), 1, model.anatomy.columns))
            by_pose[:, 0, 3:] = (placed.axes * across).sum(-1) * moves * (past > 0)[:, None] / _REACH_SPREAD
            equations.add(past[:, None], by_pose)


def _reaches() -> list[tuple[int, int, int, ndarray, float]]:
    """(joint, end of its bone, whose axes, direction, the largest cosine to it)."""
    rows = []
    for side, outward in (("left", 1.0), ("right", -1.0)):
        for limb, end, frame, direction, most in (
            ("shoulder", "elbow", "spine3", (0.0, 0.6, -0.8), 0.5),
            ("shoulder", "elbow", "spine3", (-0.95, 0.0, -0.3), 0.62),
            ("hip", "knee", "pelvis", (0.0, 0.0, -1.0), 0.5),
            ("hip", "knee", "pelvis", (1.0, 0.0, 0.0), 0.9),
            ("hip", "knee", "pelvis", (-1.0, 0.0, 0.0), 0.5),
        ):
            towards = np.array(direction) * [outward, 1.0, 1.0]
            rows.append((
                SMPL_22[f"{side}_{limb}"], SMPL_22[f"{side}_{end}"], SMPL_22[frame],
                towards / np.linalg.norm(towards), most,
            ))  # fmt: skip
    return rows


_REACHES = _reaches()
_REACH_SPREAD = 0.12
_BALANCED = [SMPL_22[name] for name in ("left_ankle", "right_ankle", "pelvis", "spine3")]
_BALANCE = np.array([[0.5, 0.5, -0.5, -0.5]])


def turn_between(
    first: Float[ndarray, "*#frames 3 3"], second: Float[ndarray, "*#frames 3 3"]
) -> Float[ndarray, "*frames 3"]:
    """The rotation vector from one to the other, in the first one's axes."""
    turn = np.swapaxes(first, -1, -2) @ second
    axis = np.stack(
        [turn[..., 2, 1] - turn[..., 1, 2], turn[..., 0, 2] - turn[..., 2, 0], turn[..., 1, 0] - turn[..., 0, 1]], -1
    )
    twice_sine = np.linalg.norm(axis, axis=-1)
    angle = np.arctan2(twice_sine, np.trace(turn, axis1=-2, axis2=-1) - 1)
    return axis * (angle / np.maximum(twice_sine, 1e-9))[..., None]


_LEGS = tuple((SMPL_22[f"{side}_hip"], SMPL_22[f"{side}_knee"], SMPL_22[f"{side}_ankle"]) for side in ("left", "right"))
_PELVIS = SMPL_22["pelvis"]


def upright(
    knees_seen: Float[ndarray, "frames sides"], ankles_seen: Float[ndarray, "frames sides"], *, in_picture: bool = False
) -> Upright:
    """A pelvis that likes to be upright, and legs that stand where they were not seen.

    In a picture a leg that seems short may point at the camera or be short; that somebody stands is likelier.
    """
    strength, standing = (4.0, 1 / 0.3**2) if in_picture else (1.0, 0.0)
    weights = np.zeros((len(knees_seen), len(SMPL_22)))
    both = (knees_seen * ankles_seen).min(1)
    weights[:, _PELVIS] = np.where(both > 0, 1 / 0.9**2, 1 / 0.45**2) * strength
    for side, (hip, knee, ankle) in enumerate(_LEGS):
        weights[:, hip] = np.where(knees_seen[:, side] + ankles_seen[:, side] > 0, standing, 1 / 0.15**2)
        weights[:, knee] = np.where(ankles_seen[:, side] > 0, standing, 1 / 0.15**2)
        weights[:, ankle] = np.where(ankles_seen[:, side] > 0, 1 / 0.8**2, 1 / 0.2**2)
    return Upright(weights)
