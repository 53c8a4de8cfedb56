"""What the formats of moving skeletons share: from a rig to a recording, and a body for those that are written.

A body is the average one that ships with Posecast; a person's own proportions are in a recording's joints.
"""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies import library
from core.bodies.fitting import fit_joints
from core.bodies.retargeting import retargeted
from core.bodies.rig_names import parts_of
from core.bodies.rig_rest import BODY
from core.bodies.rig_world import in_our_world, with_whole_chest
from core.bodies.rigs import RigMotion
from core.bodies.skeletons import SMPL_24
from core.errors import CoreError, FileError, FormatError
from core.motion import Motion
from core.recordings import Recording

_FASTEST_TURN = np.radians(2500)
"""Of a pelvis, in a second: somersaults and spins stay below half of it."""
_LEAST_LEAP_RAD = np.radians(20)
_ONE_LEAP_S = 0.25
_NAMED = 3


def recording_of(
    path: Path, motion: RigMotion, *, unit: str = "", up: str = "", names: str | Mapping[str, str] = ""
) -> Recording:
    """A foreign skeleton's motion as it is kept; what is wrong with it is said of the file."""
    try:
        parts = parts_of(motion.rig, told_names(names))
        motion, went = motion.pruned(tuple(parts.values()))
        parts = {part: went[joint] for part, joint in parts.items()}
        motion, notes = in_our_world(motion, parts, unit=unit, up=up)
        motion, said = with_whole_chest(motion, parts)
    except FileError:
        raise
    except CoreError as error:
        raise FormatError(path, str(error), hint=error.hint) from error
    found = retargeted(motion, parts)
    body = Motion(SMPL_24, motion.rate_hz, found.rotations, found.translation_m)
    return Recording(
        path.stem,
        motion.rate_hz,
        joints_m=found.joints_m,
        body=body,
        notes=(*notes, *said, *found.notes, *_leaps(found.rotations[:, 0], motion.rate_hz)),
    )


def _leaps(pelvis: Float[ndarray, "frames 3 3"], rate_hz: float) -> tuple[str, ...]:
    """Where the pelvis turns faster than anybody's, two takes were joined or markers swapped."""
    cosines = (np.einsum("fij,fij->f", pelvis[:-1], pelvis[1:]) - 1) / 2
    turns = np.arccos(np.clip(cosines, -1, 1))
    fast = np.flatnonzero((turns * rate_hz > _FASTEST_TURN) & (turns > _LEAST_LEAP_RAD))
    fast = fast[np.diff(fast, prepend=-rate_hz) > _ONE_LEAP_S * rate_hz]
    if not len(fast):
        return ()
    places = ", ".join(f"{(frame + 1) / rate_hz:.2f} s" for frame in fast[:_NAMED])
    return (f"The file's motion leaps at {places}{' and later' if len(fast) > _NAMED else ''}.",)


def told_names(names: str | Mapping[str, str]) -> Mapping[str, str]:
    if not isinstance(names, str):
        return names
    if not names:
        return {}
    file = Path(names)
    try:
        told = json.loads(file.read_text("utf-8")) if file.stat().st_size < 1_000_000 else None
    except (OSError, ValueError) as error:
        raise FileError(file, "it is no JSON file of joint names", hint='Such as {"Bip7": "left_elbow"}.') from error
    if not isinstance(told, dict) or not all(isinstance(value, str) for value in told.values()):
        raise FormatError(file, "joint names are expected", hint='Such as {"Bip7": "left_elbow"}.')
    return told


def posed(recording: Recording, path: Path) -> Recording:
    """The recording with a body: joints alone are fitted, over time, and `betas` are then the shape that was found.

    `path` is the file to be written.
    """
    if recording.body is not None:
        return recording
    assert recording.joints_m is not None, "a recording is joints, a body, or both"
    joints_m = recording.joints_m[:, : len(SMPL_24)]
    fit = fit_joints(library.body(BODY), joints_m, SMPL_24, rate_hz=recording.rate_hz)
    if fit is None or not fit.fitted.all():
        raise FileError(
            path,
            "no body can be fitted: too few joints are known in some frames",
            hint="Write it as a joint table, or cut it to the frames in which the person is seen.",
        )
    body = Motion(SMPL_24, recording.rate_hz, fit.rotations, fit.translation_m)
    return replace(recording, body=body, betas=tuple(fit.betas.tolist()))
