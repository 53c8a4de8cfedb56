"""HumanAct12: 12 everyday actions, 1,191 sequences, as joints or as rotations of SMPL's body.

    P01G02R03F0050T0114A0601.npy   (T, 24, 3): SMPL's joints, metres; A + two digits: one of the 12 classes
    humanact12poses.pkl            ACTOR's: poses [(T, 72) axis times angle], joints3D [(T, 24, 3)], y [0..11]
    generated_*.npy                (N, T, 72): what its authors' generator makes, N sequences of 24 joints

The files are in the axes of the camera that saw them, x right, y down: heads are below feet. They are turned by half
a turn about x, unless heads are above feet already. They say no rate: 20 frames a second are taken, as HumanML3D takes
them. Sources: github.com/EricGuo5513/action-to-motion, github.com/Mathux/ACTOR.
"""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import RECORDED_27, SMPL_24
from core.errors import FormatError
from core.formats import pickled
from core.formats.smpl_motion import PELVIS_M, Y_UP, check_length, check_numbers, motion_of, number_of, table
from core.motion import Motion
from core.recordings import Recording, Stretch

LICENCE = "HumanAct12: MIT for the code; the data for research, see github.com/EricGuo5513/action-to-motion"
RATE_HZ = 20.0
CLASSES = (
    "warm up",
    "walk",
    "run",
    "jump",
    "drink",
    "lift dumbbell",
    "sit",
    "eat",
    "turn steering wheel",
    "phone",
    "boxing",
    "throw",
)
"""In the order of ACTOR's `y`; the digits behind A count them from 1."""

_NAME = re.compile(r"(P\d{2})G\d{2}R\d{2}F\d{4}T\d{4}A(\d{2})(\d{2})")
_HALF_TURN = np.diag([1.0, -1.0, -1.0])
_FURTHEST_M = 1000.0
_MOST_SEQUENCES = 100_000
_RATE_NOTE = f"Its file says no rate: {RATE_HZ:g} frames a second are taken."
_TURN_NOTE = "Its y axis points down: it is turned upright by half a turn about x."


def is_humanact12(path: Path) -> bool:
    """An .npy of its joints under its names or of generated sequences, or ACTOR's pickle."""
    header = pickled.header_of(path)
    if header is None:
        return pickled.mentions(path, b"joints3D", b"poses") and path.suffix != ".npz"
    if header.dtype.kind != "f":
        return False
    is_one = len(header.shape) == 3 and header.shape[1:] == (24, 3)
    return (is_one and _NAME.fullmatch(path.stem) is not None) or (len(header.shape) == 3 and header.shape[2] == 72)


def read(path: Path) -> Iterator[Recording]:
    """All sequences of a file."""
    if path.suffix == ".npy" or pickled.header_of(path) is not None:
        yield from _joints(path)
    else:
        yield from _actors(path)


def _joints(path: Path) -> Iterator[Recording]:
    held = pickled.from_npy(path)
    if not isinstance(held, ndarray) or held.dtype.kind not in "iuf":
        raise FormatError(path, "it is no table of numbers")
    if held.ndim == 3 and held.shape[2] == 72 and 0 < len(held) <= _MOST_SEQUENCES:
        sequences = [each.reshape(-1, 24, 3) for each in held]
        names = [f"{path.stem}/{number:04d}" for number in range(len(sequences))]
    elif held.ndim == 3 and held.shape[1:] == (24, 3):
        sequences, names = [held], [path.stem]
    else:
        raise FormatError(path, f"it is {' × '.join(map(str, held.shape))}, not frames × 24 × 3")
    of_many = [f"sequence {number}" for number in range(len(sequences))] if len(sequences) > 1 else ["its joints"]
    checked = [_checked(path, name, each) for name, each in zip(of_many, sequences, strict=True)]
    turn, notes = _upright(checked)
    performer, stretches = "", ()
    named = _NAME.fullmatch(path.stem)
    if named is not None:
        performer = named[1]
        stretches = _labelled(path, int(named[2]) - 1, len(checked[0]), f"A{named[2]}{named[3]}")
    for name, joints_m in zip(names, checked, strict=True):
        yield Recording(
            name, RATE_HZ, _recorded(joints_m @ turn.T), performer=performer, stretches=stretches, notes=notes
        )


def _actors(path: Path) -> Iterator[Recording]:
    held = pickled.from_pickle(path)
    parts = [held.get(name) if isinstance(held, dict) else None for name in ("poses", "joints3D", "y")]
    poses, joints, classes = (_as_list(each) for each in parts)
    if not poses or not len(poses) == len(joints) == len(classes):
        counts = f"{len(poses)} poses, {len(joints)} joints3D, {len(classes)} y"
        raise FormatError(path, f"its lists are not one for each sequence ({counts})", hint="Is it ACTOR's file?")
    if len(poses) > _MOST_SEQUENCES:
        raise FormatError(path, f"{len(poses):,} sequences are more than there can be")
    checked = [_checked(path, f"joints3D[{number}]", each) for number, each in enumerate(joints)]
    turn, notes = _upright(checked)
    for number, (pose, joints_m) in enumerate(zip(poses, checked, strict=True)):
        vectors = table(path, f"poses[{number}]", pose, (72,))
        if len(vectors) != len(joints_m):
            raise FormatError(path, f"sequence {number}: poses of {len(vectors)} frames, joints of {len(joints_m)}")
        body = motion_of(
            path,
            SMPL_24,
            RATE_HZ,
            vectors.reshape(-1, 24, 3),
            joints_m[:, 0] - PELVIS_M[SMPL_24],
            turn=turn,
            where=f"sequence {number}, ",
        )
        yield Recording(
            f"{path.stem}/{number:04d}",
            RATE_HZ,
            _recorded(joints_m @ turn.T),
            body=body,
            stretches=_labelled(path, _class_of(path, number, classes[number]), len(body), ""),
            notes=notes + _disagreement(body, joints_m @ turn.T),
        )


def _checked(path: Path, name: str, joints_m: Any) -> Float[ndarray, "frames 24 3"]:
    if not isinstance(joints_m, ndarray) or joints_m.dtype.kind not in "iuf" or joints_m.shape[1:] != (24, 3):
        raise FormatError(path, f"{name} is not frames × 24 × 3 numbers")
    check_length(path, name, len(joints_m))
    check_numbers(path, name, joints_m, _FURTHEST_M)
    return np.asarray(joints_m, np.float32)


def _upright(sequences: Sequence[Float[ndarray, "frames 24 3"]]) -> tuple[Float[ndarray, "3 3"], tuple[str, ...]]:
    """Heads above feet: over a whole file, since a person of one sequence may bow."""
    head, ankles = SMPL_24["head"], [SMPL_24["left_ankle"], SMPL_24["right_ankle"]]
    height_m = np.mean([(each[:, head, 1] - each[:, ankles, 1].mean(1)).mean() for each in sequences])
    return (Y_UP, (_RATE_NOTE,)) if height_m > 0 else (_HALF_TURN, (_RATE_NOTE, _TURN_NOTE))


def _disagreement(body: Motion, joints_m: Float[ndarray, "frames 24 3"]) -> tuple[str, ...]:
    spine_m = joints_m[:, SMPL_24["neck"]] - joints_m[:, SMPL_24["pelvis"]]
    is_along = (body.rotations[:, 0, :, 1] * spine_m).sum(-1).mean() > 0
    return () if is_along else ("Its rotations and its joints point to different sides; both are kept.",)


def _recorded(joints_m: Float[ndarray, "frames 24 3"]) -> Float[ndarray, "frames 27 3"]:
    recorded_m = np.full((len(joints_m), len(RECORDED_27), 3), np.nan, np.float32)
    recorded_m[:, :24] = joints_m
    return recorded_m


def _labelled(path: Path, number: int, frames: int, text: str) -> tuple[Stretch, ...]:
    if not 0 <= number < len(CLASSES):
        raise FormatError(path, f"class {number + 1} is none of its {len(CLASSES)}")
    return (Stretch(0.0, frames / RATE_HZ, (CLASSES[number],), text),)


def _class_of(path: Path, number: int, value: Any) -> int:
    found = number_of(value)
    if not found.is_integer():
        raise FormatError(path, f"y[{number}] is no number of a class")
    return int(found)


def _as_list(value: Any) -> list[Any]:
    is_list = isinstance(value, list | tuple) or (isinstance(value, ndarray) and value.ndim > 0)
    return list(value) if is_list else []
