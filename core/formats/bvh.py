"""BVH, whoever wrote it: one person's recorded motion, in and out.

    recordings = bvh.read(path)                            # one Recording
    recordings = bvh.read(path, unit="cm", up="z", names="names.json")

Unit and upward axis are found out from the skeleton (`bodies.rig_world`) and said in the recording's notes. A file of
Bandai Namco's research data sets says in its name what is done (`dataset-1_<action>_<style>_<number>`).
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from core.bodies.retargeting import retargeted
from core.bodies.rig_names import parts_of
from core.bodies.rig_world import in_our_world
from core.bodies.rigs import RigMotion
from core.bodies.skeletons import SMPL_24
from core.errors import CoreError, FileError, FormatError
from core.formats.bvh_text import looks_like_bvh, read_text
from core.motion import Motion
from core.recordings import Recording, Stretch

is_bvh = looks_like_bvh
OPTIONS = ("unit", "up", "rate_hz", "names")
_BANDAI = re.compile(r"dataset-\d+_(?P<action>[^_]+)_(?P<style>[^_]+)_(?P<number>\d+)$")
_UNSAID_HZ = 30.0
_SLOWEST_HZ, _FASTEST_HZ = 0.5, 5000.0


def read(
    path: Path, *, unit: str = "", up: str = "", rate_hz: float | None = None, names: str | Mapping[str, str] = ""
) -> Iterator[Recording]:
    """`names` is a JSON file (or a mapping) from the file's joint names to SMPL's, where they cannot be told."""
    text = read_text(path)
    rate_hz, said_rate = _rate(path, text.frame_time_s, rate_hz)
    recording = recording_of(path, replace(text.motion, rate_hz=rate_hz), unit=unit, up=up, names=names)
    found = _BANDAI.match(path.stem)
    stretches: tuple[Stretch, ...] = ()
    if found:
        stretches = (Stretch(0.0, len(recording) / rate_hz, (found["action"],), found["style"]),)
    yield replace(recording, stretches=stretches, notes=(*text.notes, *said_rate, *recording.notes))


def recording_of(
    path: Path, motion: RigMotion, *, unit: str = "", up: str = "", names: str | Mapping[str, str] = ""
) -> Recording:
    """A foreign skeleton's motion as it is kept; what is wrong with it is said of the file."""
    try:
        parts = parts_of(motion.rig, told_names(names))
        motion, went = motion.pruned(tuple(parts.values()))
        parts = {part: went[joint] for part, joint in parts.items()}
        motion, notes = in_our_world(motion, parts, unit=unit, up=up)
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
        notes=(*notes, *found.notes),
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
