"""Where the joints of a skeleton lie on a body of SMPL's form: for fitting the body to them.

A skeleton's joint is a mean of *points*, each fixed to one joint of the body: the joint itself, or a place on or under
the skin that moves with it. Points of the skin are found on the standing body by its form (the nose is what of the
head is foremost, an ear what is outermost, a heel what of the foot is rearmost …), so any model of SMPL's form will do;
they move with the shape. Metres, x to the person's left, y up, z forward.

What detectors call a hip lies farther out than SMPL's hip joint: at 0.6 of the way from the middle to the skin at that
height, Human3.6M's at 0.74. Their shoulders lie higher, at 0.6 of the way to the skin above (measured on filmed bodies:
3 cm). Elbows, wrists, knees and ankles are taken for the body's own, as are all joints of UPPER_BODY_9.
"""

from dataclasses import dataclass
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Float, Int
from numpy import ndarray

from core.bodies.skeletons import HUMAN36M_17, RECORDED_27, SMPL_22, SMPL_24, UPPER_BODY_9, Skeleton
from core.bodies.skinning import Body
from core.errors import CoreError

MOST_SHAPES = 10
_SEEN_HIP, _HUMAN36M_HIP = 0.60, 0.74
_SEEN_SHOULDER = 0.6
# From the nose, in widths of the head from ear to ear: outwards, up, ahead. The nearest point of the skin is taken.
_FACE = {
    "eye": (0.20, 0.25, -0.22),
    "eye_inner": (0.115, 0.25, -0.21),
    "eye_outer": (0.29, 0.245, -0.275),
    "mouth": (0.154, -0.167, -0.147),
}
# From the wrist, in lengths of the hand to its finger tips: outwards, up, ahead.
_KNUCKLES = {"pinky": (0.48, 0.0, -0.16), "index": (0.53, 0.0, 0.12), "thumb": (0.32, -0.05, 0.29)}
_INDEX_TIP = (0.81, -0.11, 0.18)  # the last joint of the index finger, as _KNUCKLES
_MIDDLE_FINGER = {"smpl": (22, 23), "smplh": (25, 40), "smplx": (28, 43)}
# Joints that two people would not put in the same place are taken less exactly; the others count 1.
_LOOSE = {"hip": 1.5, "mid_hip": 1.5, "left_hip": 1.5, "right_hip": 1.5, "spine": 2.0, "neck": 1.5, "nose": 1.5}
_LOOSE |= {"head": 1.5, "pelvis": 1.5, "left_knee": 1.3, "right_knee": 1.3, "left_ankle": 1.3, "right_ankle": 1.3}
_LOOSE_PARTS = ("eye", "ear", "mouth", "pinky", "index", "thumb", "heel", "toe")


@dataclass(frozen=True)
class Landmarks:
    """The joints of a skeleton on a body: `mix` averages points; point k stands in the frame of the joint `fixed_to[k]`
    at `offsets_m[k]` + `offset_shapes_m[k]` · betas.
    """

    fixed_to: Int[ndarray, " points"]
    offsets_m: Float[ndarray, "points 3"]
    offset_shapes_m: Float[ndarray, "points 3 shapes"]
    mix: Float[ndarray, "joints points"]
    looseness: Float[ndarray, " joints"]
    """How many times less exactly than an elbow a joint is known to lie there."""


def landmarks_of(body: Body, skeleton: Skeleton) -> Landmarks:
    """The skeleton's joints on this body. ValueError where it is not known where they lie."""
    known = _FOUND.setdefault(body, {})
    if skeleton.name not in known:
        known[skeleton.name] = _Finder(body).landmarks(skeleton)
    return known[skeleton.name]


_FOUND: "WeakKeyDictionary[Body, dict[str, Landmarks]]" = WeakKeyDictionary()


def joints_at_rest(body: Body) -> tuple[Float[ndarray, "joints 3"], Float[ndarray, "joints 3 shapes"]]:
    """The joints of the body standing in the T-pose, and how a unit of each of its first shapes moves them."""
    model = body.model
    count = min(MOST_SHAPES, model.shapes_m.shape[2])
    moved = np.stack([model.regressor @ model.shapes_m[..., shape] for shape in range(count)], axis=-1)
    return np.asarray(model.regressor @ model.template_m, float), np.asarray(moved, float)


class _Finder:
    """Finds points on one body at rest; every place is a column of coordinates and how each shape moves it."""

    def __init__(self, body: Body) -> None:
        self._body = body
        joints_m, joint_shapes_m = joints_at_rest(body)
        vertices_m, count = body.model.template_m, joint_shapes_m.shape[-1]
        # (points, 3, 1 + shapes): at rest, and a unit of each shape.
        self._skin = np.concatenate([vertices_m[..., None], body.model.shapes_m[..., :count]], axis=-1).astype(float)
        self._joints = np.concatenate([joints_m[..., None], joint_shapes_m], axis=-1)
        self._weights = np.asarray(body.model.weights)
        self._places: list[ndarray] = []
        self._fixed: list[int] = []

    def landmarks(self, skeleton: Skeleton) -> Landmarks:
        made_of = [self._made_of(skeleton, joint) for joint in skeleton.joints]
        mix = np.zeros((len(skeleton), len(self._places)))
        for row, points in enumerate(made_of):
            for point in points:
                mix[row, point] += 1 / len(points)
        places, fixed = np.stack(self._places), np.array(self._fixed)
        offsets = places - self._joints[fixed]
        own = skeleton in (SMPL_24, SMPL_22, RECORDED_27)
        looseness = [1.0 if own and joint in SMPL_24.joints else _looseness(joint) for joint in skeleton.joints]
        return Landmarks(fixed, offsets[..., 0], offsets[..., 1:], mix, np.array(looseness))

    def _made_of(self, skeleton: Skeleton, joint: str) -> list[int]:
        """The points whose mean the joint is."""
        if skeleton in (SMPL_24, SMPL_22, RECORDED_27) and joint in SMPL_24.joints:
            return [self._hand(joint) if joint.endswith("_hand") else self._joint(joint)]
        if skeleton == UPPER_BODY_9:
            joint = {"head": "nose", "hip": "mid_hip"}.get(joint, joint.replace("_hand", "_wrist"))
            if joint == "neck" or joint.endswith("_shoulder"):
                sides = ("left", "right") if joint == "neck" else (joint.partition("_")[0],)
                return [self._joint(f"{side}_shoulder") for side in sides]
        if skeleton == HUMAN36M_17 and joint in ("pelvis", "spine", "neck", "nose", "head", "left_hip", "right_hip"):
            return self._of_human36m(joint)
        if skeleton == HUMAN36M_17 and joint.endswith("_shoulder"):
            return [self._joint(joint)]
        if joint in ("neck", "mid_hip"):
            part = "shoulder" if joint == "neck" else "hip"
            return [point for side in ("left", "right") for point in self._of_a_side(side, part)]
        side, _, part = joint.partition("_")
        if joint == "nose":
            return [self._fix("head", self._nose())]
        if side not in ("left", "right"):
            raise ValueError(f"it is not known where {skeleton.name} has its {joint} on a body")
        return self._of_a_side(side, part)

    def _of_a_side(self, side: str, part: str) -> list[int]:
        outward = 1.0 if side == "left" else -1.0
        if part in ("elbow", "wrist", "knee", "ankle"):
            return [self._joint(f"{side}_{part}")]
        if part == "shoulder":
            return [self._shoulder(side)]
        if part == "hip":
            return [self._hip(side, _SEEN_HIP)]
        if part == "ear":
            return [self._fix("head", self._ear(outward))]
        if part in _FACE:
            return [self._fix("head", self._on_face(outward, _FACE[part]))]
        if part == "fingertip":
            return [self._fix(f"{side}_wrist", self._knuckle(side, _INDEX_TIP))]
        if part in _KNUCKLES:
            return [self._fix(f"{side}_wrist", self._knuckle(side, _KNUCKLES[part]))]
        if part == "heel":
            return [self._fix(f"{side}_ankle", self._heel(side))]
        if part in ("big_toe", "small_toe", "foot_index"):
            return [self._fix(f"{side}_foot", self._toe(side, part))]
        raise ValueError(f"it is not known where a {part} is on a body")

    def _of_human36m(self, joint: str) -> list[int]:
        if joint.endswith("_hip"):
            return [self._hip(joint.partition("_")[0], _HUMAN36M_HIP)]
        if joint == "pelvis":
            return [self._hip(side, _HUMAN36M_HIP) for side in ("left", "right")]
        if joint == "spine":
            return [self._joint("spine2")]
        if joint == "neck":
            return [self._joint("neck"), self._joint("left_collar"), self._joint("right_collar")]
        if joint == "nose":
            nose, ears = self._nose(), (self._ear(1.0) + self._ear(-1.0)) / 2
            return [self._fix("head", (nose + ears) / 2)]
        return [self._fix("head", self._extreme(self._of("head"), (0.0, 1.0, 0.0)))]

    # ---- points -----------------------------------------------------------------------------------------------------

    def _fix(self, joint: str, place: ndarray) -> int:
        self._places.append(place)
        self._fixed.append(SMPL_24[joint])
        return len(self._places) - 1

    def _joint(self, joint: str) -> int:
        return self._fix(joint, self._joints[SMPL_24[joint]])

    def _hand(self, joint: str) -> int:
        side = joint.partition("_")[0]
        finger = _MIDDLE_FINGER[self._body.model.family][side == "right"]
        return self._fix(f"{side}_wrist", self._joints[finger])

    def _hip(self, side: str, share: float) -> int:
        """At a share of the way from the middle to the skin beside the hip joint."""
        joint = self._joints[SMPL_24[f"{side}_hip"]]
        of_trunk = self._of("pelvis", f"{side}_hip", least=0.5)
        level = of_trunk[np.abs(self._skin[of_trunk, 1, 0] - joint[1, 0]) < 0.03]
        skin = self._extreme(level, (1.0 if side == "left" else -1.0, 0.0, 0.0))
        middle = self._joints[SMPL_24["pelvis"]]
        return self._fix("pelvis", np.stack([middle[0] + share * (skin[0] - middle[0]), joint[1], joint[2]]))

    def _shoulder(self, side: str) -> int:
        """At a share of the way from the shoulder joint up to the skin; it moves with the collar bone."""
        joint = self._joints[SMPL_24[f"{side}_shoulder"]]
        near = np.flatnonzero(np.linalg.norm(self._skin[:, [0, 2], 0] - joint[[0, 2], 0], axis=-1) < 0.03)
        skin = self._extreme(near, (0.0, 1.0, 0.0))
        place = joint.copy()
        place[1] += _SEEN_SHOULDER * (skin[1] - joint[1])
        return self._fix(f"{side}_collar", place)

    def _nose(self) -> ndarray:
        """What of the head is foremost."""
        return self._extreme(self._of("head"), (0.0, 0.0, 1.0)) * np.array([[0.0], [1.0], [1.0]])

    def _ear(self, outward: float) -> ndarray:
        return self._extreme(self._of("head"), (outward, 0.0, 0.0))

    def _on_face(self, outward: float, from_nose: tuple[float, float, float]) -> ndarray:
        width = self._ear(1.0)[0, 0] - self._ear(-1.0)[0, 0]
        across, up, ahead = from_nose
        wanted = self._nose()[:, 0] + width * np.array([outward * across, up, ahead])
        return self._nearest(self._of("head"), wanted)

    def _knuckle(self, side: str, from_wrist: tuple[float, float, float]) -> ndarray:
        outward = 1.0 if side == "left" else -1.0
        wrist = self._joints[SMPL_24[f"{side}_wrist"]]
        hand = np.flatnonzero(outward * self._skin[:, 0, 0] > outward * wrist[0, 0] + 0.02)
        tip = self._extreme(hand, (outward, 0.0, 0.0))
        length = np.abs(tip[0] - wrist[0])
        sign = np.array([outward, 1.0, 1.0])[:, None]
        length = np.concatenate([length[:1], outward * (tip[0, 1:] - wrist[0, 1:])])
        return wrist + sign * np.array(from_wrist)[:, None] * length

    def _foot(self, side: str) -> ndarray:
        return self._of(f"{side}_ankle", f"{side}_foot", least=0.6)

    def _heel(self, side: str) -> ndarray:
        """What of the foot is rearmost, near the sole."""
        foot = self._foot(side)
        height = self._skin[foot, 1, 0]
        low = foot[height < height.min() + 0.04]
        return self._extreme(low, (0.0, 0.0, -1.0))

    def _toe(self, side: str, part: str) -> ndarray:
        """Tips of toes: inwards and foremost, outwards and foremost, or foremost of all."""
        foot = self._foot(side)
        inward = -1.0 if side == "left" else 1.0
        length = float(np.ptp(self._skin[foot, 2, 0]))
        front = foot[self._skin[foot, 2, 0] > self._skin[foot, 2, 0].max() - 0.28 * length]
        across = {"big_toe": 0.6, "small_toe": -1.6, "foot_index": 0.2}[part] * inward
        return self._extreme(front, (across, 0.0, 1.0))

    # ---- the skin ---------------------------------------------------------------------------------------------------

    def _of(self, *joints: str, least: float = 0.5) -> ndarray:
        """The vertices that go mostly with these joints; with the head also jaw and eyes, where a model has them."""
        columns = [SMPL_24[joint] for joint in joints]
        if joints == ("head",) and self._body.model.family == "smplx":
            columns += [22, 23, 24]
        return self._some(np.flatnonzero(self._weights[:, columns].sum(1) > least))

    def _some(self, vertices: ndarray) -> ndarray:
        """These, where there are any: a mesh that is no person's has none at some place that people have."""
        if not len(vertices):
            raise CoreError(
                "The mesh of this body is not formed like a person: some part of it has no skin.",
                hint="Choose another body in the settings; the file of this one may be damaged.",
            )
        return vertices

    def _extreme(self, vertices: ndarray, direction: tuple[float, float, float]) -> ndarray:
        return self._skin[self._some(vertices)[np.argmax(self._skin[vertices, :, 0] @ np.array(direction))]]

    def _nearest(self, vertices: ndarray, place: ndarray) -> ndarray:
        return self._skin[self._some(vertices)[np.argmin(np.linalg.norm(self._skin[vertices, :, 0] - place, axis=-1))]]


def _looseness(joint: str) -> float:
    if any(part in joint for part in _LOOSE_PARTS):
        return 2.0
    return _LOOSE.get(joint, 1.0)
