"""BVH, whoever wrote it: one person's recorded motion, in and out.

    recordings = bvh.read(path)                            # one Recording
    recordings = bvh.read(path, unit="cm", up="z", names="names.json")

Unit and upward axis are found out from the skeleton (`bodies.rig_world`) and said in the recording's notes. A file of
Bandai Namco's research data sets says in its name what is done (`dataset-1_<action>_<style>_<number>`).
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np

from core.bodies.rigs import RigMotion
from core.errors import FormatError
from core.formats.bvh_text import looks_like_bvh, read_text
from core.formats.bvh_writing import read_back, write
from core.formats.rigged import recording_of
from core.recordings import Recording, Stretch

is_bvh = looks_like_bvh
__all__ = ["OPTIONS", "is_bvh", "read", "write"]
OPTIONS = ("unit", "up", "rate_hz", "names")
_BANDAI = re.compile(r"dataset-\d+_(?P<action>[^_]+)_(?P<style>[^_]+)_(?P<number>\d+)$")
_UNSAID_HZ = 30.0
_JUMP = 10.0
"""In steps of the frames after it: from a rest pose to the first pose of the motion."""
_SLOWEST_HZ, _FASTEST_HZ = 0.5, 5000.0


def read(
    path: Path, *, unit: str = "", up: str = "", rate_hz: float | None = None, names: str | Mapping[str, str] = ""
) -> Iterator[Recording]:
    """`names` is a JSON file (or a mapping) from the file's joint names to SMPL's, where they cannot be told."""
    text = read_text(path)
    rate_hz, said_rate = _rate(path, text.frame_time_s, rate_hz)
    motion, said_first = _without_rest_pose(replace(text.motion, rate_hz=rate_hz))
    ours = None if unit or up or names else read_back(motion)
    if ours is None:
        recording = recording_of(path, motion, unit=unit, up=up, names=names)
    else:
        recording = Recording(path.stem, rate_hz, joints_m=ours[1], body=ours[0])
    found = _BANDAI.match(path.stem)
    stretches: tuple[Stretch, ...] = ()
    if found:
        stretches = (Stretch(0.0, len(recording) / rate_hz, (found["action"],), found["style"]),)
    yield replace(recording, stretches=stretches, notes=(*text.notes, *said_rate, *said_first, *recording.notes))


def _rate(path: Path, frame_time_s: float, told_hz: float | None) -> tuple[float, tuple[str, ...]]:
    if told_hz is not None:
        return float(told_hz), ()
    if frame_time_s <= 0:
        return _UNSAID_HZ, ("The file says no time between its frames; 30 frames a second are taken for granted.",)
    rate_hz = 1 / frame_time_s
    if not _SLOWEST_HZ <= rate_hz <= _FASTEST_HZ:
        raise FormatError(
            path, f'a "Frame Time" of {frame_time_s:g} s is no rate of motion', hint="Say rate_hz, such as 30."
        )
    # Written with few digits: .0083333 is 120.
    return (float(round(rate_hz)) if abs(rate_hz / round(rate_hz) - 1) < 5e-4 else rate_hz), ()


def _without_rest_pose(motion: RigMotion) -> tuple[RigMotion, tuple[str, ...]]:
    """Some writers put the rest pose before the first frame, from which everybody jumps into the motion."""
    rotations = motion.rotations
    if len(rotations) < 4:
        return motion, ()
    # Limbs may be set straight in it; all else is exactly as in the rest pose.
    unturned = [(np.abs(rotations[at] - np.eye(3)).max((1, 2)) < 1e-6).mean() for at in (0, 1)]
    if unturned[0] < 0.7 or unturned[1] > 0.6:
        return motion, ()
    jump, usual = (np.abs(rotations[at + 1] - rotations[at]).mean() for at in (0, 1))
    if jump < _JUMP * max(float(usual), 1e-4):
        return motion, ()
    kept = replace(
        motion,
        rotations=rotations[1:],
        root=motion.root[1:],
        sliding={joint: places[1:] for joint, places in motion.sliding.items()},
    )
    return kept, ("The first frame is the rest pose, from which the motion jumps; it is left out.",)
