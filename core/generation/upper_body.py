"""Nine joints of an upper body, and a whole body that holds them: where they are on it, and how it comes to have them.

UPPER_BODY_9 of a picture, a forecast or somebody else's body has bones of its own. `on_body` keeps the directions of
its bones and gives them the lengths of the built-in body. `held_by` finds an upper body that is made so, within what
joints can do; `meet_nine` then turns a pose, by as little as can be, until all of its bones point that way exactly.
The shoulders lie opposite each other, the neck between them, as the body has them. No torch.

World metres, y up; rotations local, in SMPL's sense. All of it needs only the joints that every family has (SMPL_22).
"""

from functools import lru_cache

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies import library
from core.bodies.fitting import fit_joints
from core.bodies.fitting_landmarks import landmarks_of
from core.bodies.kinematics import PlacedJoints, place_joints
from core.bodies.skeletons import SMPL_22, UPPER_BODY_9
from core.bodies.skinning import Body
from core.errors import ProjectError
from core.geometry.rotations import about_y, inverse, matrices, turned, unit
from core.recordings import reference_joints_m

UPPER = [SMPL_22[name] for name in (
    "spine1", "spine2", "spine3", "neck", "head", "left_collar", "right_collar", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow",
)]  # fmt: skip
"""The joints, beside the root, that turn the nine."""
# How readily a joint turns, to bring the last of a bone's direction about.
_READILY = {"pelvis": 0.2, "spine1": 0.4, "spine2": 0.4, "spine3": 0.4, "neck": 1.0, "head": 1.0, "collar": 0.5,
            "shoulder": 1.5, "elbow": 1.5}  # fmt: skip
_ROUNDS = 40
_CLOSE_M = 1e-6
_LARGEST_TURN = 0.5
_LEAST_BONE_M = 0.02
_PARENTS = SMPL_22.parents
_NECK, _HIP = UPPER_BODY_9["neck"], UPPER_BODY_9["hip"]
_RIGHT, _LEFT = UPPER_BODY_9["right_shoulder"], UPPER_BODY_9["left_shoulder"]


def placed(rotations: Float[ndarray, "*batch J 3 3"]) -> PlacedJoints:
    """The joints that every family has, on the built-in body, the pelvis where it is at rest."""
    own = np.asarray(rotations[..., : len(SMPL_22), :, :], float)
    return place_joints(own, np.zeros((*own.shape[:-3], 3)), reference_joints_m()[: len(SMPL_22)], _PARENTS)


def places_m(rotations: Float[ndarray, "*batch J 3 3"]) -> Float[ndarray, "*batch 22 3"]:
    """Where they are."""
    return placed(rotations).places_m


def nine_of(rotations: Float[ndarray, "*batch J 3 3"]) -> Float[ndarray, "*batch 9 3"]:
    """UPPER_BODY_9 of a pose of the built-in body."""
    return _mixed(_points(placed(rotations)))


def on_body(joints_m: Float[ndarray, "9 3"]) -> Float[ndarray, "9 3"]:
    """The nine joints with the built-in body's bones, the neck at the origin; ProjectError where one has no length."""
    lengths = rest_lengths_m()
    bones = np.zeros((len(UPPER_BODY_9), 3))
    across = np.asarray(joints_m[_LEFT] - joints_m[_RIGHT], float)
    for parent, child in UPPER_BODY_9.bones:
        bone = np.asarray(joints_m[child] - joints_m[parent], float)
        if child in (_LEFT, _RIGHT):
            bone = across / 2 if child == _LEFT else -across / 2
        if np.linalg.norm(bone) < _LEAST_BONE_M:
            names = f"{UPPER_BODY_9.joints[parent]} and {UPPER_BODY_9.joints[child]}"
            raise ProjectError(f"{names} are in one place: a pose cannot be like that", hint="Choose another pose.")
        bones[child] = lengths[child] * unit(bone)
    return _along(bones)


def held_by(nine_m: Float[ndarray, "9 3"], joints: int) -> Float[ndarray, "J 3 3"]:
    """A pose of a body with so many joints that has the nine joints of `on_body`; legs and hands mean nothing."""
    fit = fit_joints(_body(), nine_m[None], UPPER_BODY_9, betas=np.zeros(1))
    assert fit is not None, "nine joints are enough for a body"
    pose = np.tile(np.eye(3), (joints, 1, 1))
    pose[: len(SMPL_22)] = fit.rotations[0, : len(SMPL_22)]
    return meet_nine(pose, nine_m)


def meet_nine(rotations: Float[ndarray, "J 3 3"], nine_m: Float[ndarray, "9 3"]) -> Float[ndarray, "J 3 3"]:
    """The pose with trunk, head and arms turned by as little as can be until they point as the nine joints do.

    The nine joints are turned about the vertical first, as the pose is. ProjectError where no body can be like that.
    """
    pose = np.array(rotations, float)
    joints = [0, *UPPER]
    readily = np.sqrt(np.repeat([_readiness(SMPL_22.joints[joint]) for joint in joints], 3))
    wanted = unit(_bones(nine_m))
    wanted = turned(heading_of(wanted, unit(_bones(nine_of(pose)))), wanted)
    for _ in range(_ROUNDS):
        there = placed(pose)
        points = _points(there)
        bones = _bones(_mixed(points))
        lengths = np.linalg.norm(bones, axis=-1, keepdims=True)
        ways = bones / lengths
        if np.abs(lengths * (wanted - ways)).max() < _CLOSE_M:
            return pose
        left = lengths * (wanted - ways * (wanted * ways).sum(-1, keepdims=True))
        slopes = _slopes(there, points, joints, ways) * readily
        found = readily * np.linalg.lstsq(slopes, left.reshape(-1), rcond=1e-6)[0]
        turns = found.reshape(-1, 3)
        turns *= min(1.0, _LARGEST_TURN / max(float(np.linalg.norm(turns, axis=-1).max()), 1e-12))
        pose[joints] = pose[joints] @ matrices(turned(inverse(there.rotations[joints]), turns))
    raise ProjectError("no body can be in this pose", hint="Choose another pose.")


@lru_cache(maxsize=1)
def rest_lengths_m() -> Float[ndarray, " 9"]:
    """How far each of the nine is from the one it hangs on, on the built-in body at rest; 0 of the neck."""
    at_rest = nine_of(np.tile(np.eye(3), (len(SMPL_22), 1, 1)))
    lengths = np.zeros(len(UPPER_BODY_9))
    for parent, child in UPPER_BODY_9.bones:
        lengths[child] = np.linalg.norm(at_rest[child] - at_rest[parent])
    return lengths


def heading_between(
    given_m: Float[ndarray, "*batch joints 3"], wanted_m: Float[ndarray, "*#batch joints 3"]
) -> Float[ndarray, "*batch 1 3 3"]:
    """The turn about the vertical after which the joints lie nearest to the wanted ones, wherever both are."""
    return heading_of(*(each - each.mean(-2, keepdims=True) for each in (given_m, wanted_m)))


def heading_of(
    given: Float[ndarray, "*batch n 3"], wanted: Float[ndarray, "*#batch n 3"]
) -> Float[ndarray, "*batch 1 3 3"]:
    """The turn about the vertical after which these vectors point as nearly as can be as the wanted ones."""
    across = (wanted[..., 0] * given[..., 2] - wanted[..., 2] * given[..., 0]).sum(-1)
    along = (wanted[..., 0] * given[..., 0] + wanted[..., 2] * given[..., 2]).sum(-1)
    return about_y(np.arctan2(across, along))[..., None, :, :]


# ---- how ------------------------------------------------------------------------------------------------------------


@lru_cache(maxsize=1)
def _body() -> Body:
    return library.body(library.DEFAULT_KEY)


def _points(there: PlacedJoints) -> Float[ndarray, "*batch points 3"]:
    """The points of the body that the nine joints are means of."""
    marks = landmarks_of(_body(), UPPER_BODY_9)
    on = marks.fixed_to
    return there.places_m[..., on, :] + turned(there.rotations[..., on, :, :], marks.offsets_m)


def _mixed(points: Float[ndarray, "*batch points 3"]) -> Float[ndarray, "*batch 9 3"]:
    return landmarks_of(_body(), UPPER_BODY_9).mix @ points


def _bones(nine_m: Float[ndarray, "*batch 9 3"]) -> Float[ndarray, "*batch 8 3"]:
    parents, children = (list(each) for each in zip(*UPPER_BODY_9.bones, strict=True))
    return nine_m[..., children, :] - nine_m[..., parents, :]


def _slopes(
    there: PlacedJoints, points: Float[ndarray, "points 3"], joints: list[int], ways: Float[ndarray, "8 3"]
) -> Float[ndarray, "numbers turns"]:
    """How the bones' directions, times their lengths, follow small turns of the joints about the world's axes."""
    marks = landmarks_of(_body(), UPPER_BODY_9)
    moved = np.zeros((len(points), 3, len(joints), 3))
    for column, joint in enumerate(joints):
        for point, on in enumerate(marks.fixed_to):
            if joint in _chain(int(on)):
                x, y, z = points[point] - there.places_m[joint]
                moved[point, :, column] = [[0.0, z, -y], [-z, 0.0, x], [y, -x, 0.0]]
    of_nine = np.einsum("jp,pdct->jdct", marks.mix, moved)
    parents, children = (list(each) for each in zip(*UPPER_BODY_9.bones, strict=True))
    bones = (of_nine[children] - of_nine[parents]).reshape(len(children), 3, -1)
    across = np.eye(3) - ways[:, :, None] * ways[:, None, :]
    return (across @ bones).reshape(3 * len(children), -1)


@lru_cache
def _chain(joint: int) -> frozenset[int]:
    """The joint and all above it."""
    above = _PARENTS[joint]
    return frozenset({joint}) | (_chain(above) if above >= 0 else frozenset())


def _along(bones: Float[ndarray, "9 3"]) -> Float[ndarray, "9 3"]:
    """Joints from the bones that end at them, from the neck on."""
    found = np.zeros_like(bones)
    known = {_NECK}
    while len(known) < len(UPPER_BODY_9):
        for parent, child in UPPER_BODY_9.bones:
            if parent in known and child not in known:
                found[child] = found[parent] + bones[child]
                known.add(child)
    return found


def _readiness(joint: str) -> float:
    return _READILY[joint.removeprefix("left_").removeprefix("right_")]
