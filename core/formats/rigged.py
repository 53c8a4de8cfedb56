"""What the formats of moving skeletons (BVH, Acclaim, DeepMimic) share: from a rig's motion to a recording."""

import json
from collections.abc import Mapping
from pathlib import Path

from core.bodies.retargeting import retargeted
from core.bodies.rig_names import parts_of
from core.bodies.rig_world import in_our_world, with_whole_chest
from core.bodies.rigs import RigMotion
from core.bodies.skeletons import SMPL_24
from core.errors import CoreError, FileError, FormatError
from core.motion import Motion
from core.recordings import Recording


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
        betas=tuple(float(beta) for beta in found.betas),
        notes=(*notes, *said, *found.notes),
    )


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
