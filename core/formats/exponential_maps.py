"""Motion as exponential maps in text: a line a frame, comma-separated, root place and one rotation vector a joint.

117 columns   CMU's recordings as papers on motion prediction share them, 120 frames a second: the root's place in
              CMU's unit (an inch / 0.45), then 38 rotation vectors; y up. Their first line often is a rest pose.
 99 columns   Human3.6M's, 50 frames a second: the root's place in millimetres, then 32 rotation vectors. Some files
              hold each frame's step from the one before instead of places; they are summed.

A rotation vector turns rows, so what turns columns is its inverse. The files hold no bones: everybody gets those of the
one skeleton each collection is published with (the tables below are its rest offsets from parent to child), and SMPL's
rotations as any named skeleton does. Action and
performer are in the names: `walking/walking_1.txt`, `S1/walking_1.txt`.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.rigs import Rig, RigMotion
from core.errors import FormatError
from core.formats.delimited import numpys_complaint
from core.formats.pickled import beginning_of, bytes_of
from core.formats.recorded_joints import FARTHEST_M, told_rate
from core.formats.rigged import recording_of
from core.geometry.rotations import matrices
from core.recordings import Recording, Stretch

MOST_BYTES = 200_000_000
_MOST_TURN_RAD = 100.0  # a rotation vector beyond is no rotation that anybody wrote
_NUMBER = re.compile(rb"\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*")
_NAME = re.compile(r"(?P<action>.*?)(?:[_ ](?P<take>\d+))?")
_HINT = "Each line is one frame of 117 (CMU) or 99 (Human3.6M) numbers with commas between."

# What each joint is called, its parent, and its offset from it at rest: CMU's unit; "-" is the free end of a bone.
_CMU = """
Hips -1 0 0 0
LHipJoint 0 0 0 0
LeftUpLeg 1 1.65674 -1.80282 0.62477
LeftLeg 2 2.5972 -7.13576 0
LeftFoot 3 2.49236 -6.8477 0
LeftToeBase 4 0.19704 -0.54136 2.14581
- 5 0 0 1.11249
RHipJoint 0 0 0 0
RightUpLeg 7 -1.6107 -1.80282 0.62476
RightLeg 8 -2.59502 -7.12977 0
RightFoot 9 -2.4678 -6.78024 0
RightToeBase 10 -0.23024 -0.63258 2.13368
- 11 0 0 1.11569
LowerBack 0 0 0 0
Spine 13 0.01961 2.0545 -0.14112
Spine1 14 0.01021 2.06436 -0.05921
Neck 15 0 0 0
Neck1 16 0.00713 1.56711 0.14968
Head 17 0.03429 1.56041 -0.10006
- 18 0.01305 1.6256 -0.05265
LeftShoulder 15 0 0 0
LeftArm 20 3.54205 0.90436 -0.17364
LeftForeArm 21 4.86513 0 0
LeftHand 22 3.35554 0 0
LeftFingerBase 23 0 0 0
LeftHandIndex1 24 0.66117 0 0
- 25 0.53306 0 0
LThumb 23 0 0 0
- 27 0.5412 0 0.5412
RightShoulder 15 0 0 0
RightArm 29 -3.49802 0.75994 -0.32616
RightForeArm 30 -5.02649 0 0
RightHand 31 -3.36431 0 0
RightFingerBase 32 0 0 0
RightHandIndex1 33 -0.73041 0 0
- 34 -0.58887 0 0
RThumb 32 0 0 0
- 36 -0.59786 0 0.59786
"""
_CMU_UNIT_M = 0.0254 / 0.45

# The same for Human3.6M, in millimetres.
_HUMAN36M = """
Hips -1 0 0 0
RightUpLeg 0 -132.948591 0 0
RightLeg 1 0 -442.894612 0
RightFoot 2 0 -454.206447 0
RightToeBase 3 0 0 162.767078
- 4 0 0 74.999437
LeftUpLeg 0 132.948826 0 0
LeftLeg 6 0 -442.894413 0
LeftFoot 7 0 -454.20659 0
LeftToeBase 8 0 0 162.767426
- 9 0 0 74.999948
Spine 0 0 0.1 0
Spine1 11 0 233.383263 0
Neck 12 0 257.077681 0
Head 13 0 121.134938 0
- 14 0 115.002227 0
LeftShoulder 12 0 257.077681 0
LeftArm 16 0 151.034226 0
LeftForeArm 17 0 278.882773 0
LeftHand 18 0 251.733451 0
LeftHandThumb 19 0 0 0
- 20 0 0 99.999627
LWristEnd 19 0 100.000188 0
- 22 0 0 0
RightShoulder 12 0 257.077681 0
RightArm 24 0 151.031437 0
RightForeArm 25 0 278.892924 0
RightHand 26 0 251.72868 0
RightHandThumb 27 0 0 0
- 28 0 0 99.999888
RWristEnd 27 0 137.499922 0
- 30 0 0 0
"""


@dataclass(frozen=True)
class Kind:
    """One of the two collections. `joints` are the places of the rig's joints among the file's."""

    name: str
    rig: Rig
    joints: tuple[int, ...]
    unit_m: float
    rate_hz: float


def _kind(name: str, table: str, unit_m: float, rate_hz: float) -> Kind:
    rows = [line.split() for line in table.split("\n") if line]
    joints = tuple(at for at, row in enumerate(rows) if row[0] != "-")
    offsets = np.array([row[2:] for row in rows], float) * unit_m
    parents = [int(row[1]) for row in rows]
    rig = Rig(
        tuple(rows[at][0] for at in joints),
        tuple(joints.index(parents[at]) if parents[at] >= 0 else -1 for at in joints),
        offsets[list(joints)],
        {joints.index(parents[at]): offsets[at] for at, row in enumerate(rows) if row[0] == "-"},
    )
    return Kind(name, rig, joints, unit_m, rate_hz)


KINDS = {
    117: _kind("CMU", _CMU, _CMU_UNIT_M, 120.0),
    99: _kind("Human3.6M", _HUMAN36M, 0.001, 50.0),
}


def is_exponential_maps(path: Path) -> bool:
    """Whether the first two lines are 117 or 99 numbers each, and nothing else."""
    if path.suffix.lower() not in (".txt", ".csv") or not path.is_file():
        return False
    lines = beginning_of(path, 16_384).replace(b"\r\n", b"\n").split(b"\n")
    first = lines[0].split(b",")
    if len(first) not in KINDS or not all(_NUMBER.fullmatch(each) for each in first):
        return False
    second = lines[1].split(b",") if len(lines) > 2 else first
    return len(second) == len(first) and all(_NUMBER.fullmatch(each) for each in second)


def read(path: Path, *, rate_hz: float | str | None = None) -> Iterator[Recording]:
    """The one recording of a file."""
    numbers = _numbers(path)
    kind = KINDS[numbers.shape[1]]
    action, performer = _named(path)
    notes = [f"The file holds no bones; they are those of the skeleton that {kind.name}'s maps are published with."]
    places_m = numbers[:, :3] * kind.unit_m
    rotations = matrices(-numbers[:, 3:].reshape(len(numbers), -1, 3))
    if kind.name == "CMU" and len(numbers) > 1 and _is_rest(numbers[0]) and not _is_rest(numbers[1]):
        places_m, rotations = places_m[1:], rotations[1:]
        notes.append("The first frame is the maker's rest pose and is left out.")
    if kind.name == "Human3.6M" and _are_steps(places_m, numbers[:, 3:6]):
        places_m, rotations[:, 0] = _summed(places_m, rotations[:, 0])
        notes.append("Places and headings are steps from frame to frame; they are summed from the origin on.")
    told_hz = told_rate(path, rate_hz) or kind.rate_hz
    motion = RigMotion(kind.rig, told_hz, rotations[:, list(kind.joints)], places_m)
    # Human3.6M's own world is z up, but shared files were turned by some: how people stand tells.
    recording = recording_of(path, motion, unit="m", up="y" if kind.name == "CMU" else "")
    stretches = (Stretch(0.0, len(recording) / told_hz, (action,), path.stem),) if action else ()
    notes = [*notes, *recording.notes]
    yield replace(recording, performer=performer, stretches=stretches, notes=tuple(notes))


def _numbers(path: Path) -> Float[ndarray, "frames columns"]:
    raw = bytes_of(path, MOST_BYTES)
    if not raw.isascii() or b"\0" in raw:
        line = next(at for at, each in enumerate(raw.split(b"\n"), 1) if not each.isascii() or b"\0" in each)
        raise FormatError(path, f"line {line}: it is no plain text of numbers", hint=_HINT)
    columns = raw.partition(b"\n")[0].count(b",") + 1
    if columns not in KINDS:
        raise FormatError(path, f"line 1: {columns} columns are neither CMU's nor Human3.6M's", hint=_HINT)
    try:
        numbers = np.loadtxt(io.BytesIO(raw), delimiter=",", comments=None, ndmin=2, encoding="ascii")
    except ValueError as error:
        raise FormatError(path, numpys_complaint(str(error), "frame", 0), hint=_HINT) from None
    wrong = ~np.isfinite(numbers).all(1) | (np.abs(numbers[:, 3:]) > _MOST_TURN_RAD).any(1)
    if wrong.any():
        raise FormatError(path, f"frame {int(np.argmax(wrong))}: a number in it is no rotation", hint=_HINT)
    far = (np.abs(numbers[:, :3]) > FARTHEST_M / KINDS[columns].unit_m).any(1)
    if far.any():
        frame = int(np.argmax(far))
        raise FormatError(path, f"frame {frame}: the root is more than {FARTHEST_M / 1000:.0f} km away", hint=_HINT)
    return numbers


def _named(path: Path) -> tuple[str, str]:
    """Action and performer, from `walking_1.txt` in a folder such as `S1`."""
    found = _NAME.fullmatch(path.stem)
    action = found["action"].replace("_", " ").strip() if found else path.stem
    performer = path.parent.name if re.fullmatch(r"S\d{1,2}", path.parent.name) else ""
    return action, performer


def _is_rest(numbers: Float[ndarray, " columns"]) -> bool:
    """Whether root and trunk are not turned at all, as nobody is who was recorded."""
    return not numbers[3:6].any() and not numbers[3 + 13 * 3 : 3 + 16 * 3].any()


def _are_steps(places_m: Float[ndarray, "frames 3"], turns: Float[ndarray, "frames 3"]) -> bool:
    """Whether places and headings are those of one frame seen from the last: both are next to nothing then."""
    small = np.median(np.linalg.norm(places_m, axis=1)) < 0.06 and np.median(np.linalg.norm(turns, axis=1)) < 0.06
    return len(places_m) > 1 and bool(small)


def _summed(
    steps_m: Float[ndarray, "frames 3"], turns: Float[ndarray, "frames 3 3"]
) -> tuple[Float[ndarray, "frames 3"], Float[ndarray, "frames 3 3"]]:
    """Places and rotations in the world of the first frame: each step is in the axes of the frame before it."""
    places_m, rotations = np.zeros_like(steps_m), np.empty_like(turns)
    place_m, rotation = np.zeros(3), np.eye(3)
    for frame, (step_m, turn) in enumerate(zip(steps_m, turns, strict=True)):
        place_m = place_m + rotation @ step_m
        rotation = rotation @ turn
        places_m[frame], rotations[frame] = place_m, rotation
    return places_m, rotations
