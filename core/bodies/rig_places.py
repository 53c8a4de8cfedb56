"""The joints of a foreign skeleton as RECORDED_27: a person in their own size. What the rig does not have is NaN.

Limbs are taken by their names. Of a spine of any number of joints those are taken that stand where SMPL's stand, by
their share of the way from the pelvis to the neck. No torch.
"""

from collections.abc import Mapping
from functools import lru_cache
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies import library
from core.bodies.rig_names import chain
from core.bodies.rigs import PlacedRig, Rig
from core.bodies.skeletons import RECORDED_27, SMPL_24

_SPINE = ("spine1", "spine2", "spine3")
_NEAR_ENOUGH = 0.15


def recorded_places(rig: Rig, where: PlacedRig, parts: Mapping[str, int]) -> Float[ndarray, "frames 27 3"]:
    """`where` is the rig in our world."""
    joints_m = np.full((len(where.places), len(RECORDED_27), 3), np.nan, np.float32)
    for part, joint in {**parts, **spine_parts(rig, parts)}.items():
        if part in RECORDED_27.joints:
            joints_m[:, RECORDED_27[part]] = where.places[:, joint]
    return joints_m


def spine_parts(rig: Rig, parts: Mapping[str, int]) -> dict[str, int]:
    """Which of the rig's joints stand for SMPL's spine and the base of its neck."""
    top = parts.get("head", parts["chest"])
    path = (parts["pelvis"], *chain(rig, parts["pelvis"], top))
    if len(path) < 2:
        return {}
    lengths = np.linalg.norm(rig.offsets[list(path)], axis=-1)
    lengths[0] = 0.0
    along = np.cumsum(lengths)
    shares = along / max(_length_to_shoulders(rig, path, along, parts), 1e-9)
    wanted = _smpl_shares()
    found: dict[str, int] = {}
    taken = {parts["pelvis"], parts.get("head", -1)}
    below = 0.0
    for part in (*_SPINE, "neck"):
        off = [
            abs(share - wanted[part]) if joint not in taken and share > max(below, 0.05) else np.inf
            for joint, share in zip(path, shares, strict=True)
        ]
        best = int(np.argmin(off))
        if off[best] < (_NEAR_ENOUGH if part != "neck" else 2 * _NEAR_ENOUGH):
            found[part] = path[best]
            taken.add(path[best])
            below = float(shares[best])
    if "neck" in parts and "neck" not in found and parts["neck"] not in found.values():
        found["neck"] = parts["neck"]
    return found


def _length_to_shoulders(rig: Rig, path: tuple[int, ...], along: ndarray, parts: Mapping[str, int]) -> float:
    """The way up the spine to where the shoulders are: to the chest, and on as far as they stand above it."""
    rest = rig.at_rest()
    chest = parts["chest"]
    middle = (rest[parts["left_shoulder"]] + rest[parts["right_shoulder"]]) / 2
    base = float(along[path.index(chest)]) if chest in path else 0.0
    return base + float(np.linalg.norm(middle - rest[chest]))


@lru_cache(maxsize=1)
def _smpl_shares() -> dict[str, float]:
    body = library.body("built-in/smplx/neutral")
    rest_m = np.asarray(body.model.regressor @ body.model.template_m)[: len(SMPL_24)]
    path = ["pelvis", *_SPINE, "neck"]
    steps = [rest_m[SMPL_24[lower]] - rest_m[SMPL_24[upper]] for upper, lower in pairwise(path)]
    along = np.concatenate([[0.0], np.cumsum(np.linalg.norm(steps, axis=-1))])
    middle = (rest_m[SMPL_24["left_shoulder"]] + rest_m[SMPL_24["right_shoulder"]]) / 2
    whole = along[3] + np.linalg.norm(middle - rest_m[SMPL_24["spine3"]])
    return {part: float(at / whole) for part, at in zip(path, along, strict=True)}
