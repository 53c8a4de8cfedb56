"""Which recorded poses may stand in a pose bank: the nine joints of both maps, and what a human pose holds to.

Both maps are made of RECORDED_27. `matched` is what a 2D detector sees: the skin's nose, mid-shoulders, wrists,
mid-hips. `table5` is the paper's Table 5 as printed: the skull's joint, SMPL's neck, the last joints of the index
fingers, the pelvis. Of recordings without fingers, such as Human3.6M's, its hands are the wrists, as Table 5 has them
there; its head is the joint that turns the skull, not the skull's top. A pose must make both. Metres, y up.

The rules look at the pose alone, in the order below; a pose counts at the first that it breaks.
"""

import numpy as np
from jaxtyping import Bool, Float
from numpy import ndarray

from core.bodies.skeletons import RECORDED_27, UPPER_BODY_9
from core.datasets.pose_bank import facing_ahead

RULES = {
    "unknown": "a joint of one of the two maps is not known",
    "bones": "a bone is shorter or longer than any adult's",
    "sides": "the left arm and the right are not of one person",
    "lying": "the trunk leans more than 75° or the head is not above the hips",
    "heading": "the shoulders lie one above the other, so that nobody knows where the person faces",
    "jump": "a joint moves faster than 20 m/s past the neck: a fault of the recording",
}

_MATCHED = {
    "head": ("nose",), "neck": ("left_shoulder", "right_shoulder"), "hip": ("left_hip", "right_hip"),
    **{f"{side}_hand": (f"{side}_wrist",) for side in ("left", "right")},
}  # fmt: skip
_TABLE_5 = {
    "head": ("head",), "neck": ("neck",), "hip": ("pelvis",),
    **{f"{side}_hand": (f"{side}_fingertip",) for side in ("left", "right")},
}  # fmt: skip
_WITHOUT_FINGERS = {**_TABLE_5, **{f"{side}_hand": (f"{side}_wrist",) for side in ("left", "right")}}
_FINGERTIPS = [RECORDED_27[f"{side}_fingertip"] for side in ("left", "right")]
_SAME = {f"{side}_{joint}": (f"{side}_{joint}",) for side in ("left", "right") for joint in ("shoulder", "elbow")}

# Metres. Wider than any adult's bones by what recorded joints are off: joint centres are estimated from markers.
_LENGTHS_M = {
    "matched": {"head": (0.10, 0.40), "shoulder": (0.09, 0.28), "elbow": (0.17, 0.42), "hand": (0.15, 0.38),
                "hip": (0.30, 0.75)},
    "table5": {"head": (0.03, 0.32), "shoulder": (0.09, 0.32), "elbow": (0.17, 0.42), "hand": (0.22, 0.62),
               "hip": (0.32, 0.85)},
}  # fmt: skip
_SIDES_ALIKE = 0.2
_MOST_LEAN = np.cos(np.deg2rad(75))
_LEVEL_SHOULDERS = 0.3
"""Share of the way from shoulder to shoulder that must be level for a heading to be known."""
_FASTEST_M_S = 20.0
_HEAD, _NECK, _HIP = (UPPER_BODY_9[joint] for joint in ("head", "neck", "hip"))


def both_maps(joints_m: Float[ndarray, "frames 27 3"]) -> dict[str, Float[ndarray, "frames 9 3"]]:
    """The nine joints of both maps of one recording, neck at the origin, facing +z; NaN where they cannot be made."""
    table_5 = _TABLE_5 if np.isfinite(joints_m[:, _FINGERTIPS]).any() else _WITHOUT_FINGERS
    return {
        name: facing_ahead(_nine(joints_m, made_of)).astype(np.float32)
        for name, made_of in (("matched", _MATCHED), ("table5", table_5))
    }


def broken(maps: dict[str, Float[ndarray, "frames 9 3"]], rate_hz: float) -> dict[str, Bool[ndarray, " frames"]]:
    """For each rule the poses that break it and none before it."""
    known = np.ones(len(maps["matched"]), bool)
    for poses_m in maps.values():
        known &= np.isfinite(poses_m).all((1, 2))
    with np.errstate(invalid="ignore"):
        bones = ~_human(maps)
        sides = ~_alike(maps["matched"])
        lying = ~_upright(maps)
        heading = ~_heading_known(maps["matched"])
        jump = _jumps(maps["matched"], rate_hz)
    each = {"unknown": ~known, "bones": bones, "sides": sides, "lying": lying, "heading": heading, "jump": jump}
    free, found = np.ones(len(known), bool), {}
    for rule in RULES:
        found[rule] = each[rule] & free
        free &= ~each[rule]
    return found


def _nine(joints_m: ndarray, made_of: dict[str, tuple[str, ...]]) -> ndarray:
    sources = {**_SAME, **made_of}
    columns = [
        np.mean([joints_m[:, RECORDED_27[source]] for source in sources[joint]], axis=0)
        for joint in UPPER_BODY_9.joints
    ]
    return np.stack(columns, axis=1)


def _lengths(poses_m: ndarray, joint: str) -> ndarray:
    child = UPPER_BODY_9[joint]
    return np.linalg.norm(poses_m[:, child] - poses_m[:, UPPER_BODY_9.parents[child]], axis=-1)


def _human(maps: dict[str, ndarray]) -> ndarray:
    good = np.ones(len(maps["matched"]), bool)
    for name, ranges in _LENGTHS_M.items():
        for bone, (least, most) in ranges.items():
            for joint in (bone,) if bone in ("head", "hip") else (f"left_{bone}", f"right_{bone}"):
                lengths = _lengths(maps[name], joint)
                good &= (lengths >= least) & (lengths <= most)
    return good


def _alike(poses_m: ndarray) -> ndarray:
    good = np.ones(len(poses_m), bool)
    for bone in ("elbow", "hand"):
        left, right = _lengths(poses_m, f"left_{bone}"), _lengths(poses_m, f"right_{bone}")
        good &= np.abs(left - right) <= _SIDES_ALIKE * np.maximum(left, right)
    return good


def _upright(maps: dict[str, ndarray]) -> ndarray:
    good = np.ones(len(maps["matched"]), bool)
    for poses_m in maps.values():
        trunk = poses_m[:, _NECK] - poses_m[:, _HIP]
        good &= trunk[:, 1] >= _MOST_LEAN * np.linalg.norm(trunk, axis=-1)
        good &= poses_m[:, _HEAD, 1] > poses_m[:, _HIP, 1]
    return good


def _heading_known(poses_m: ndarray) -> ndarray:
    across = poses_m[:, UPPER_BODY_9["left_shoulder"]] - poses_m[:, UPPER_BODY_9["right_shoulder"]]
    level = np.hypot(across[:, 0], across[:, 2])
    return level >= _LEVEL_SHOULDERS * np.linalg.norm(across, axis=-1)


def _jumps(poses_m: ndarray, rate_hz: float) -> ndarray:
    """Both frames of a jump: nobody knows which of them is wrong."""
    faults = np.zeros(len(poses_m), bool)
    fast = np.linalg.norm(np.diff(poses_m, axis=0), axis=-1).max(-1, initial=0.0) * rate_hz > _FASTEST_M_S
    faults[1:] |= fast
    faults[:-1] |= fast
    return faults
