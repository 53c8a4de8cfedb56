"""BVH out, and the same file in again without a loss: SMPL's joints on a skeleton whose rest pose is a standard T-pose.

Centimetres, y up, the person looks along +z; legs hang straight down and arms lie straight along x. The root has six
channels, every other joint three (Z, X, Y), free ends have End Sites. SMPL's own rest pose is not quite a T-pose: each
limb's bone is turned there by `straightening`, and that turn is taken out of the rotations and put back on reading.
Bones are as long as the recording's joints say, else the average body's; where joints alone are known, they are those
of the body that is fitted to them, shape and all.
"""

from functools import lru_cache
from pathlib import Path

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.kinematics import place_joints
from core.bodies.poses import pose_for
from core.bodies.rig_manners import lifted
from core.bodies.rig_rest import template
from core.bodies.rigs import RigMotion
from core.bodies.skeletons import RECORDED_27, SMPL_24, SMPLH_52, SMPLX_55, Skeleton
from core.errors import FileError
from core.formats.rigged import posed
from core.geometry.rotations import frame_of, inverse, unit
from core.motion import Motion
from core.recordings import Recording, joints_of, reference_joints_m
from core.whole_files import whole_file

_SKELETONS = {22: SMPL_24, 24: SMPL_24, 52: SMPLH_52, 55: SMPLX_55}
_STRAIGHT = {"hip": "knee", "knee": "ankle", "shoulder": "elbow", "elbow": "wrist"}
_CM = 100.0
_AS_AVERAGE = 2e-3
_BESIDE_M = 0.15
_STILL_M = 1e-3
_SAME_DIRECTION = np.cos(np.radians(0.2))
_NEAR_DIRECTION = np.cos(np.radians(20.0))
"""By so much hips, spine, collars and feet of people differ; limbs are straight, whoever's they are."""
_GIMBAL = 1e-7
_BEYOND = {"nose": "head"} | {
    f"{side}_{end}": f"{side}_wrist" for side in ("left", "right") for end in ("hand", "fingertip")
}
# Free ends beyond the last joints, metres.
_ENDS_M = {"head": (0.0, 0.16, 0.04), "foot": (0.0, 0.0, 0.06), "hand": (0.08, 0.0, 0.0), "eye": (0.0, 0.0, 0.02)}
_END_M = (0.0, -0.02, 0.05)


def write(recording: Recording, path: Path) -> None:
    """One person. Joints without a body are fitted first."""
    is_fitted = recording.body is None
    recording = posed(recording, path)
    assert recording.body is not None
    if not len(recording.body):
        raise FileError(path, "there is no frame to write", hint="Choose a stretch with at least one frame.")
    skeleton = _SKELETONS[len(recording.body.skeleton)]
    rotations = pose_for(np.asarray(recording.body.rotations, float), len(skeleton))
    rest_m, straight = _shaped_rest(recording.betas) if is_fitted else _rest(skeleton)
    scales = np.ones(len(skeleton)) if is_fitted else _scales(recording, skeleton)
    offsets_m = _offsets(rest_m, skeleton) * scales[:, None]
    if (scales != 1).any() and recording.joints_m is not None:
        offsets_m = _where_they_are(offsets_m, rotations, recording.joints_m, skeleton)
    root_m = np.asarray(recording.body.translation_m, float) + rest_m[0]
    if (scales != 1).any() and recording.joints_m is not None:
        root_m = _hips(recording.joints_m) - rotations[:, 0] @ _middle_of_hips(offsets_m)
        body, _ = _average(skeleton, recording.body.rate_hz, rotations, root_m, offsets_m)
        # Up or down by the millimetres after which the body is read back where it was.
        off_m = (recording.body.translation_m - body.translation_m)[:, 1]
        root_m[:, 1] += np.where(np.abs(off_m) < _BESIDE_M, off_m, 0.0)
    if not (np.isfinite(rotations).all() and np.isfinite(root_m).all()):
        raise FileError(path, "a joint is nowhere: its numbers are not finite", hint="Fit the body again.")
    order, lines = _hierarchy(skeleton, offsets_m, straight)
    turns = np.degrees(_euler_zxy(_straightened(rotations, straight, skeleton.parents)))[:, order]
    numbers = np.concatenate([root_m * _CM, turns.reshape(len(turns), -1)], axis=1)
    lines += ["MOTION", f"Frames: {len(numbers)}", f"Frame Time: {1 / recording.body.rate_hz:.10g}"]
    with whole_file(path) as beside, beside.open("w", encoding="ascii", newline="\n") as file:
        file.write("\n".join(lines) + "\n")
        np.savetxt(file, numbers, fmt="%.6f")


def read_back(motion: RigMotion) -> tuple[Motion, ndarray | None] | None:
    """The body of a file that `write` made, and its joints where they are not the average body's; None for others."""
    at = {name: joint for joint, name in enumerate(motion.rig.joints)}
    skeleton = next((each for each in _SKELETONS.values() if set(each.joints) == set(at)), None)
    if skeleton is None or motion.sliding:
        return None
    order = [at[name] for name in skeleton.joints]
    above = [order[parent] if parent >= 0 else -1 for parent in skeleton.parents]
    if [motion.rig.parents[joint] for joint in order] != above:
        return None
    rest_m, straight = _rest(skeleton)
    expected = _turned_offsets(_offsets(rest_m, skeleton), straight, skeleton.parents)[1:]
    given = motion.rig.offsets[order][1:] / _CM
    alike = (unit(expected) * unit(given)).sum(-1)
    if (alike < np.where(_in_limb(skeleton)[1:], _SAME_DIRECTION, _NEAR_DIRECTION)).any():
        return None
    scales = np.linalg.norm(given, axis=-1) / np.linalg.norm(expected, axis=-1)
    if not 0.3 < float(np.median(scales)) < 3:
        return None
    local = inverse(_parents_of(straight, skeleton.parents)) @ motion.rotations[:, order] @ straight
    root_m = motion.root / _CM
    if np.abs(scales - 1).max() < _AS_AVERAGE and alike.min() > _SAME_DIRECTION:
        return Motion(skeleton, motion.rate_hz, local, root_m - rest_m[0]), None
    own_m = _turned_offsets(motion.rig.offsets[order] / _CM, inverse(straight), skeleton.parents)
    return _average(skeleton, motion.rate_hz, local, root_m, own_m)


def _average(
    skeleton: Skeleton, rate_hz: float, local: ndarray, root_m: ndarray, own_m: ndarray
) -> tuple[Motion, Float[ndarray, "frames 27 3"]]:
    """The average body where a person of other bones is, and the joints of the person."""
    rest_m, _ = _rest(skeleton)
    hips_m = root_m + local[:, 0] @ _middle_of_hips(own_m)
    translation_m = hips_m - local[:, 0] @ _middle_of_hips(_offsets(rest_m, skeleton)) - rest_m[0]
    joints_m = _joints(skeleton, Motion(skeleton, rate_hz, local, translation_m), root_m, own_m)
    place_m = {joint: joints_m[:, RECORDED_27[joint]].astype(float) for joint in SMPL_24.joints}
    translation_m = translation_m + lifted(pose_for(local, len(SMPL_24)), translation_m, place_m)
    return Motion(skeleton, rate_hz, local, translation_m), joints_m


# ---- the skeleton ---------------------------------------------------------------------------------------------------


@lru_cache
def _rest(skeleton: Skeleton) -> tuple[Float[ndarray, "joints 3"], Float[ndarray, "joints 3 3"]]:
    """The average body's joints at rest, and the turns that make its rest pose a T-pose."""
    whole = dict(zip(SMPLX_55.joints, reference_joints_m(), strict=True))
    whole |= {f"{side}_hand": whole[f"{side}_middle1"] for side in ("left", "right")}
    rest_m = np.stack([whole[joint] for joint in skeleton.joints])
    return rest_m, _straightening(skeleton, rest_m)


def _shaped_rest(betas: tuple[float, ...]) -> tuple[Float[ndarray, "24 3"], Float[ndarray, "24 3 3"]]:
    """The same of a body of this shape."""
    average_m, shapes_m = template()
    rest_m = average_m + shapes_m @ np.asarray(betas, float)
    return rest_m, _straightening(SMPL_24, rest_m)


def _straightening(skeleton: Skeleton, rest_m: Float[ndarray, "joints 3"]) -> Float[ndarray, "joints 3 3"]:
    straight = np.tile(np.eye(3), (len(skeleton), 1, 1))
    for joint, name in enumerate(skeleton.joints):
        side, _, part = name.partition("_")
        if part in _STRAIGHT:
            bone = unit(rest_m[skeleton[f"{side}_{_STRAIGHT[part]}"]] - rest_m[joint])
            wanted = np.array([0.0, -1.0, 0.0]) if part in ("hip", "knee") else _outward(side)
            straight[joint] = _turn(bone, wanted)
    # Hands and fingers go on as the forearm does.
    for joint, parent in enumerate(skeleton.parents):
        name = skeleton.joints[joint]
        if name.endswith("_wrist") or (parent >= 0 and "_wrist" in _above(skeleton, joint)):
            straight[joint] = straight[skeleton[f"{name.partition('_')[0]}_elbow"]]
    return straight


def _in_limb(skeleton: Skeleton) -> Bool[ndarray, " joints"]:
    """Whether the bone that ends at the joint lies straight in a T-pose."""
    return np.array([name.partition("_")[2] in _STRAIGHT.values() for name in skeleton.joints])


def _above(skeleton: Skeleton, joint: int) -> str:
    names = []
    while joint >= 0:
        names.append(skeleton.joints[joint])
        joint = skeleton.parents[joint]
    return " ".join(names)


def _outward(side: str) -> Float[ndarray, " 3"]:
    return np.array([1.0 if side == "left" else -1.0, 0.0, 0.0])


def _turn(start: Float[ndarray, " 3"], stop: Float[ndarray, " 3"]) -> Float[ndarray, "3 3"]:
    """The smallest rotation that takes one direction to another near it."""
    across = np.cross(start, stop)
    return frame_of("x", stop, "y", across) @ frame_of("x", start, "y", across).T


def _offsets(rest_m: ndarray, skeleton: Skeleton) -> Float[ndarray, "joints 3"]:
    offsets_m = rest_m.copy()
    offsets_m[1:] -= rest_m[list(skeleton.parents[1:])]
    return offsets_m


def _parents_of(straight: ndarray, parents: tuple[int, ...]) -> ndarray:
    above = straight[np.maximum(parents, 0)].copy()
    above[0] = np.eye(3)
    return above


def _turned_offsets(offsets_m: ndarray, straight: ndarray, parents: tuple[int, ...]) -> ndarray:
    return (_parents_of(straight, parents) @ offsets_m[..., None])[..., 0]


def _straightened(rotations: ndarray, straight: ndarray, parents: tuple[int, ...]) -> ndarray:
    return _parents_of(straight, parents) @ rotations @ inverse(straight)


def _middle_of_hips(offsets_m: ndarray) -> ndarray:
    return (offsets_m[SMPL_24["left_hip"]] + offsets_m[SMPL_24["right_hip"]]) / 2


def _hips(joints_m: ndarray) -> ndarray:
    return joints_m[:, [RECORDED_27["left_hip"], RECORDED_27["right_hip"]]].astype(float).mean(1)


def _scales(recording: Recording, skeleton: Skeleton) -> Float[ndarray, " joints"]:
    """How many times longer than the average body's each joint's bone is; those not known as most are."""
    scales = np.ones(len(skeleton))
    joints_m = recording.joints_m
    if joints_m is None or not np.isfinite(_hips(joints_m)).all():
        return scales
    rest_m, _ = _rest(skeleton)
    average_m = np.linalg.norm(_offsets(rest_m, skeleton), axis=-1)
    known = np.full(len(skeleton), np.nan)
    for joint, parent in enumerate(skeleton.parents):
        names = (skeleton.joints[joint], skeleton.joints[max(parent, 0)])
        if parent >= 0 and all(name in SMPL_24.joints for name in names):
            one, other = (joints_m[:, RECORDED_27[name]].astype(float) for name in names)
            lengths = np.linalg.norm(one - other, axis=-1)
            lengths = lengths[np.isfinite(lengths)]
            if len(lengths):
                known[joint] = float(np.clip(np.median(lengths) / average_m[joint], 0.3, 3.0))
    if not np.isfinite(known).any() or np.nanmax(np.abs(known - 1)) < _AS_AVERAGE:
        return scales
    scales = np.where(np.isfinite(known), known, np.nanmedian(known))
    scales[0] = 1.0
    return scales


def _where_they_are(
    offsets_m: Float[ndarray, "joints 3"], rotations: ndarray, joints_m: ndarray, skeleton: Skeleton
) -> Float[ndarray, "joints 3"]:
    """The offsets, but as the person's joints have them beside limbs, where these stay in one place near there."""
    turned = place_joints(rotations, np.zeros((len(rotations), 3)), offsets_m, skeleton.parents).rotations
    found_m = offsets_m.copy()
    for joint in np.flatnonzero(~_in_limb(skeleton)):
        parent = skeleton.parents[joint]
        names = [skeleton.joints[each] for each in (joint, parent)]
        if parent < 0 or any(name not in SMPL_24.joints for name in names):
            continue
        one_m, other_m = (joints_m[:, RECORDED_27[name]].astype(float) for name in names)
        steps_m = ((one_m - other_m)[:, None] @ turned[:, parent])[:, 0]
        steps_m = steps_m[np.isfinite(steps_m).all(-1)]
        if not len(steps_m):
            continue
        middle_m = np.median(steps_m, axis=0)
        alike = unit(middle_m) @ unit(offsets_m[joint])
        if np.linalg.norm(steps_m - middle_m, axis=-1).max() < _STILL_M and alike > _NEAR_DIRECTION:
            found_m[joint] = middle_m
    return found_m


def _joints(skeleton: Skeleton, body: Motion, root_m: ndarray, offsets_m: ndarray) -> Float[ndarray, "frames 27 3"]:
    """A person's joints of their own lengths; nose, hands and finger tips lie beyond head and wrists as everybody's."""
    places_m = offsets_m.copy()
    places_m[0] = 0.0
    for joint, parent in enumerate(skeleton.parents):
        if parent >= 0:
            places_m[joint] += places_m[parent]
    placed_m = place_joints(body.rotations, root_m, places_m, skeleton.parents).places_m
    joints_m = joints_of(body)
    for end, joint in _BEYOND.items():
        if end not in skeleton.joints:
            own_m = placed_m[:, skeleton[joint]]
            joints_m[:, RECORDED_27[end]] += own_m - joints_m[:, RECORDED_27[joint]]
    for joint in SMPL_24.joints:
        if joint in skeleton.joints:
            joints_m[:, RECORDED_27[joint]] = placed_m[:, skeleton[joint]]
    return joints_m


# ---- the text -------------------------------------------------------------------------------------------------------


def _hierarchy(skeleton: Skeleton, offsets_m: ndarray, straight: ndarray) -> tuple[list[int], list[str]]:
    """The joints in the file's order, each before what hangs on it, and the lines that say so."""
    turned_cm = _turned_offsets(offsets_m, straight, skeleton.parents) * _CM
    order: list[int] = []
    lines = ["HIERARCHY"]

    def add(joint: int, depth: int) -> None:
        order.append(joint)
        tab = "  " * depth
        offset = np.zeros(3) if not depth else turned_cm[joint]
        lines.extend([f"{tab}{'JOINT' if depth else 'ROOT'} {skeleton.joints[joint]}", tab + "{"])
        lines.append(f"{tab}  OFFSET {_three(offset)}")
        places = "" if depth else "Xposition Yposition Zposition "
        lines.append(f"{tab}  CHANNELS {3 if depth else 6} {places}Zrotation Xrotation Yrotation")
        below = [child for child, parent in enumerate(skeleton.parents) if parent == joint]
        for child in below:
            add(child, depth + 1)
        if not below:
            end = _end_cm(skeleton.joints[joint], turned_cm[joint])
            lines.extend([f"{tab}  End Site", tab + "  {", f"{tab}    OFFSET {_three(end)}", tab + "  }"])
        lines.append(tab + "}")

    add(0, 0)
    return order, lines


def _end_cm(name: str, offset_cm: ndarray) -> ndarray:
    side, _, part = name.partition("_")
    if part.endswith("3"):  # the last joint of a finger
        return 0.8 * offset_cm
    end = np.array(_ENDS_M.get(part or name, _END_M)) * _CM
    return end * np.array([-1.0 if side == "right" else 1.0, 1.0, 1.0])


def _three(numbers: ndarray) -> str:
    return " ".join(f"{number:.6f}" for number in numbers)


def _euler_zxy(rotations: Float[ndarray, "*batch 3 3"]) -> Float[ndarray, "*batch 3"]:
    """Angles about z, then the turned x, then the turned y."""
    level = np.hypot(rotations[..., 2, 0], rotations[..., 2, 2])
    about_x = np.arctan2(rotations[..., 2, 1], level)
    locked = level < _GIMBAL  # z and y turn about one line: all of it is given to z
    about_z = np.where(
        locked,
        np.arctan2(rotations[..., 1, 0], rotations[..., 0, 0]),
        np.arctan2(-rotations[..., 0, 1], rotations[..., 1, 1]),
    )
    about_y = np.where(locked, 0.0, np.arctan2(-rotations[..., 2, 0], rotations[..., 2, 2]))
    return np.stack([about_z, about_x, about_y], axis=-1)
