"""Where a fit begins: the root by rigid alignment of the trunk, then each limb's two bones turned onto what was seen.

Exact for a body of the right lengths and a straight spine; Gauss–Newton does the rest. From a picture there is no such
answer: the person is set upright before the camera, looking several ways, and the solver is asked about each.
"""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.fitting_anatomy import bend
from core.bodies.fitting_solver import Model, Pose
from core.bodies.skeletons import SMPL_22, Skeleton
from core.geometry.cameras import Camera
from core.geometry.rotations import about_y, inverse, turned, unit

TRUNK = ("pelvis", "hip", "mid_hip", "left_hip", "right_hip", "spine", "spine1", "spine2", "spine3", "neck",
         "left_shoulder", "right_shoulder", "left_collar", "right_collar")  # fmt: skip
HEAD = ("head", "nose", "left_eye", "right_eye", "left_ear", "right_ear")
_UP_WEIGHT, _UP_M = 0.02, 0.3
_LEAST_BONE_M = 1e-4
_BENT = 0.12  # how much of a nearly straight limb's bending side comes from the natural pose
# limb: ball, joint before it in the tree, hinge, end
_LIMBS = tuple(
    (f"{side}_{ball}", f"{side}_{hinge}", f"{side}_{end}")
    for side in ("left", "right")
    for ball, hinge, end in (("shoulder", "elbow", "wrist"), ("hip", "knee", "ankle"))
)


def named(skeleton: Skeleton, joint: str) -> int | None:
    """The skeleton's joint of that name; UPPER_BODY_9 calls its wrists hands."""
    for name in (joint, joint.replace("wrist", "hand") if "left_elbow" in skeleton.joints else joint):
        if name in skeleton.joints:
            return skeleton[name]
    return None


def natural_pose(model: Model, frames: int) -> Pose:
    """Standing at the origin with hanging arms."""
    anatomy = model.anatomy
    least, most = anatomy.limits(model.rest_m(np.zeros(model.shapes)))
    return Pose(
        np.zeros((frames, 3)),
        np.tile(anatomy.ball_rest, (frames, 1, 1, 1)),
        np.tile(np.clip(anatomy.rest, least, most), (frames, 1)),
        np.zeros(model.shapes),
    )


def start_in_space(
    model: Model, skeleton: Skeleton, joints_m: Float[ndarray, "frames joints 3"], seen: Bool[ndarray, "frames joints"]
) -> Pose:
    """The pose in every frame, of the mean shape."""
    pose = natural_pose(model, len(joints_m))
    marks_m = model.landmarks_m(pose.chosen(slice(0, 1)), model.place(pose.chosen(slice(0, 1))))[0]
    importance = np.array([1.0 if name in TRUNK else 0.3 if name in HEAD else 0.01 for name in skeleton.joints])
    rotations, translation_m = _aligned(marks_m, joints_m, seen * importance)
    balls = pose.balls.copy()
    rest_m = model.rest_m(pose.betas)
    balls[:, 0] = rotations
    # SMPL turns about the pelvis, not about the origin.
    pose = Pose(translation_m + rotations @ rest_m[0] - rest_m[0], balls, pose.angles, pose.betas)
    return _with_limbs(model, skeleton, pose, joints_m, seen)


def _aligned(
    from_m: Float[ndarray, "joints 3"],
    to_m: Float[ndarray, "frames joints 3"],
    weights: Float[ndarray, "frames joints"],
) -> tuple[Float[ndarray, "frames 3 3"], Float[ndarray, "frames 3"]]:
    """The rigid motion that brings one cloud nearest to each other; a little of it is to stay upright."""
    to_m = np.where(weights[..., None] > 0, to_m, 0)
    total = np.maximum(weights.sum(1), 1e-9)[:, None]
    from_centre, to_centre = weights @ from_m / total, (weights[..., None] * to_m).sum(1) / total
    spread = np.einsum("fj,fja,fjb->fab", weights, to_m - to_centre[:, None], from_m - from_centre[:, None])
    spread[:, 1, 1] += _UP_WEIGHT * _UP_M**2
    left, _, right = np.linalg.svd(spread)
    flip = np.linalg.det(left @ right)
    left[:, :, 2] *= flip[:, None]
    rotations = left @ right
    return rotations, to_centre - turned(rotations, from_centre)


def _with_limbs(model: Model, skeleton: Skeleton, pose: Pose, joints_m: ndarray, seen: ndarray) -> Pose:
    """Upper arms and thighs point at their elbows and knees, which bend as far as wrists and ankles ask."""
    anatomy, rest_m = model.anatomy, model.rest_m(pose.betas)
    least, most = anatomy.limits(rest_m)
    placed = model.place(pose)
    balls, angles = pose.balls.copy(), pose.angles.copy()
    for names in _LIMBS:
        ball, hinge = SMPL_22[names[0]], SMPL_22[names[1]]
        at = [named(skeleton, name) for name in names]
        if at[1] is None:
            continue
        number = int(np.flatnonzero(anatomy.balls == ball)[0])
        elbow_m, there = joints_m[:, at[1]], seen[:, at[1]]
        root_m = placed.joints_m[:, ball]
        if at[0] is not None and "hip" not in names[0]:
            root_m = np.where(seen[:, at[0], None], joints_m[:, at[0]], root_m)
        # A limb without a length points nowhere.
        there = there & (np.linalg.norm(elbow_m - root_m, axis=1) > _LEAST_BONE_M)
        upper = unit(np.where(there[:, None], elbow_m - root_m, turned(placed.world[:, ball], rest_m[hinge])))
        ends_seen = there & (seen[:, at[2]] if at[2] is not None else np.zeros(len(there), bool))
        end_m = joints_m[:, at[2]] if at[2] is not None else elbow_m
        hinge_number = int(np.flatnonzero(anatomy.hinges[:, 1] == hinge)[0])
        angle = int(anatomy.hinges[hinge_number, 0])
        bone, axis = unit(rest_m[hinge] - rest_m[ball]), anatomy.axes[angle]
        axis = unit(axis - (axis @ bone) * bone)
        swung = _swing(turned(placed.world[:, ball], bone), upper) @ placed.world[:, ball]
        natural_axis = turned(swung, axis)
        lower = unit(np.where(ends_seen[:, None], end_m - elbow_m, upper))
        bent_about = np.cross(upper, lower) + _BENT * natural_axis
        bent_about = unit(bent_about - (bent_about * upper).sum(-1, keepdims=True) * upper)
        frame = np.stack([upper, bent_about, np.cross(upper, bent_about)], -1)
        rest_frame = np.stack([bone, axis, np.cross(bone, axis)], -1)
        world = frame @ rest_frame.T
        parent = placed.world[:, SMPL_22.parents[ball]]
        balls[:, number] = np.where(there[:, None, None], inverse(parent) @ world, balls[:, number])
        wanted = bend(upper, lower, bent_about) - anatomy.bends(rest_m)[hinge_number]
        angles[:, angle] = np.where(ends_seen, np.clip(wanted, least[angle], most[angle]), angles[:, angle])
    return Pose(pose.translation_m, balls, angles, pose.betas)


def _swing(first: Float[ndarray, "frames 3"], second: Float[ndarray, "frames 3"]) -> Float[ndarray, "frames 3 3"]:
    """The smallest rotation from one direction to the other."""
    across = np.cross(first, second)
    x, y, z = across.T
    zero = np.zeros_like(x)
    cross = np.stack([zero, -z, y, z, zero, -x, -y, x, zero], -1).reshape(-1, 3, 3)
    return np.eye(3) + cross + cross @ cross / np.maximum(1 + (first * second).sum(-1), 1e-3)[:, None, None]


def starts_in_picture(
    model: Model,
    skeleton: Skeleton,
    joints_px: Float[ndarray, "frames joints 2"],
    seen: Bool[ndarray, "frames joints"],
    camera: Camera,
    headings: int,
) -> list[Pose]:
    """People standing upright where the joints are seen, turned `headings` ways: a pose of all frames for each way."""
    starts = []
    importance = np.array([1.0 if name in TRUNK else 0.6 if name in HEAD else 0.15 for name in skeleton.joints])
    weights = seen * importance
    total = np.maximum(weights.sum(1), 1e-9)
    rays = np.where(seen[..., None], (joints_px - camera.centre_px) / camera.focal_px, 0)
    ray_centre = (weights[..., None] * rays).sum(1) / total[:, None]
    spread_seen = np.sqrt((weights * ((rays - ray_centre[:, None]) ** 2).sum(-1)).sum(1) / total)
    towards = np.arctan2(*(camera.rotation.T @ np.array([0.0, 0.0, -1.0]))[[0, 2]])  # facing the camera
    natural = natural_pose(model, len(joints_px))
    for way in range(headings):
        heading = about_y(towards + 2 * np.pi * way / headings)
        balls = natural.balls.copy()
        balls[:, 0] = heading
        pose = Pose(natural.translation_m, balls, _bent_a_little(model, natural.angles), natural.betas)
        marks_m = model.landmarks_m(pose.chosen(slice(0, 1)), model.place(pose.chosen(slice(0, 1))))[0]
        flat_m = (marks_m @ camera.rotation.T)[:, :2]
        centre_m = weights @ flat_m / total[:, None]
        spread_m = np.sqrt((weights * ((flat_m - centre_m[:, None]) ** 2).sum(-1)).sum(1) / total)
        depth_m = np.clip(spread_m / np.maximum(spread_seen, 1e-6), 0.5, 200.0)
        depths = (marks_m @ camera.rotation.T)[:, 2]
        middle = np.concatenate([centre_m, (weights @ depths / total)[:, None]], -1)
        place = depth_m[:, None] * np.concatenate([ray_centre, np.ones((len(ray_centre), 1))], -1) - middle
        translation_m = (place - camera.translation_m) @ camera.rotation
        starts.append(Pose(translation_m, pose.balls, pose.angles, pose.betas))
    return starts


def _bent_a_little(model: Model, angles: ndarray) -> ndarray:
    """Elbows and knees away from straight, where they would not know which way to go."""
    bent = angles.copy()
    for angle, joint, *_ in model.anatomy.hinges:
        bent[:, angle] += np.radians(30.0 if "elbow" in SMPL_22.joints[joint] else 8.0)
    return bent
