"""DeepMimic's motion clips: JSON of frames for its humanoid, `{"Loop": "wrap", "Frames": [[seconds, ...], ...]}`.

A frame holds 44 numbers: how long it lasts, the root's place and then, in the order below, a quaternion (w, x, y, z) of
each ball joint and an angle about z of each hinge. The humanoid looks along +x, its right is +z, y is up, metres. Its
skeleton stands in no clip; offsets here are those of its character file. Frames of uneven length are taken at even
times. Clips are named `humanoid3d_<action>`.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.spatial.transform import Rotation, Slerp

from core.bodies.rigs import Rig, RigMotion
from core.errors import FormatError
from core.formats.rigged import recording_of
from core.recordings import Recording, Stretch

LICENCE = "MIT (DeepMimic)"
_MOST_BYTES = 100_000_000
_NUMBERS = 44
# Joint, parent, offset in metres; hinges turn about z.
_JOINTS = (
    ("root", "", (0.0, 0.0, 0.0)),
    ("chest", "root", (0.0, 0.236151, 0.0)),
    ("neck", "chest", (0.0, 0.223894, 0.0)),
    ("right_hip", "root", (0.0, 0.0, 0.084887)),
    ("right_knee", "right_hip", (0.0, -0.421546, 0.0)),
    ("right_ankle", "right_knee", (0.0, -0.40987, 0.0)),
    ("right_shoulder", "chest", (-0.02405, 0.2435, 0.18311)),
    ("right_elbow", "right_shoulder", (0.0, -0.274788, 0.0)),
    ("left_hip", "root", (0.0, 0.0, -0.084887)),
    ("left_knee", "left_hip", (0.0, -0.421546, 0.0)),
    ("left_ankle", "left_knee", (0.0, -0.40987, 0.0)),
    ("left_shoulder", "chest", (-0.02405, 0.2435, -0.18311)),
    ("left_elbow", "left_shoulder", (0.0, -0.274788, 0.0)),
    # Fixed to the forearms; a frame says nothing of them.
    ("right_wrist", "right_elbow", (0.0, -0.258947, 0.0)),
    ("left_wrist", "left_elbow", (0.0, -0.258947, 0.0)),
)
_HINGES = ("right_knee", "right_elbow", "left_knee", "left_elbow")
_FIXED = ("right_wrist", "left_wrist")
_SHORTEST_S, _LONGEST_S = 1e-4, 10.0


def is_deepmimic(path: Path) -> bool:
    """A JSON object of `Frames` whose first is as long as the humanoid's."""
    try:
        with path.open("rb") as file:
            start = file.read(8192)
    except OSError:
        return False
    if not start.lstrip().startswith(b"{") or b'"Frames"' not in start:
        return False
    _, _, frames = start.partition(b'"Frames"')
    first = frames.partition(b"[")[2].partition(b"[")[2].partition(b"]")
    return bool(first[1]) and first[0].count(b",") == _NUMBERS - 1


def read(path: Path) -> Iterator[Recording]:
    frames = _frames(path)
    lasting_s = frames[:, 0]
    wrong = np.flatnonzero((lasting_s[:-1] < _SHORTEST_S) | (lasting_s[:-1] > _LONGEST_S))
    if len(wrong):
        raise FormatError(path, f"frame {wrong[0] + 1}: it lasts {lasting_s[wrong[0]]:g} s")
    # The last frame's own length is that of nothing: what follows is the next round.
    times_s = np.concatenate([[0.0], np.cumsum(lasting_s[:-1])])
    step_s = float(np.median(lasting_s[:-1])) if len(frames) > 1 else 1 / 30
    rate_hz = 1 / step_s
    rate_hz = float(round(rate_hz)) if abs(rate_hz / round(rate_hz) - 1) < 5e-3 else rate_hz
    rotations = _rotations(path, frames)
    places = frames[:, 1:4]
    notes: tuple[str, ...] = ()
    if len(frames) > 2 and float(np.abs(lasting_s[:-1] - step_s).max()) > 0.01 * step_s:
        at_s = np.minimum(np.arange(int(times_s[-1] * rate_hz + 1e-6) + 1) / rate_hz, times_s[-1])
        if len(at_s) > 20 * len(frames):
            raise FormatError(path, "its frames last too unevenly to be one motion")
        places = np.stack([np.interp(at_s, times_s, places[:, axis]) for axis in range(3)], axis=1)
        turned = [
            Slerp(times_s, Rotation.from_matrix(rotations[:, at]))(at_s).as_matrix() for at in range(len(_JOINTS))
        ]
        rotations = np.stack(turned, axis=1)
        notes = (f"Its frames last unevenly; they are taken {rate_hz:g} times a second.",)
    motion = RigMotion(_rig(), rate_hz, rotations, places)
    recording = recording_of(path, motion, unit="m", up="y")
    action = path.stem.removeprefix("humanoid3d_").replace("_", " ")
    stretches = (Stretch(0.0, len(motion) / rate_hz, (action,)),) if action != path.stem.replace("_", " ") else ()
    yield replace(recording, stretches=stretches, notes=(*notes, *recording.notes))


def _frames(path: Path) -> Float[ndarray, "frames 44"]:
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise FormatError(path, "it is larger than a clip can be")
        clip = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        raise FormatError(path, f"it is no JSON: {error}"[:200], hint="It may be cut short; get it again.") from error
    rows = clip.get("Frames") if isinstance(clip, dict) else None
    if not isinstance(rows, list) or not rows:
        raise FormatError(path, 'it has no "Frames"', hint="A clip is an object with Loop and Frames.")
    for at, row in enumerate(rows, 1):
        if not isinstance(row, list) or len(row) != _NUMBERS:
            size = f"{len(row)} numbers" if isinstance(row, list) else "no list"
            raise FormatError(path, f"frame {at}: {size}, the humanoid has {_NUMBERS}")
        if not all(type(number) in (int, float) and abs(number) < 1e9 for number in row):
            raise FormatError(path, f"frame {at}: not all of it are finite numbers")
    return np.array(rows, float)


def _rotations(path: Path, frames: Float[ndarray, "frames 44"]) -> Float[ndarray, "frames joints 3 3"]:
    turned = np.tile(np.eye(3), (len(frames), len(_JOINTS), 1, 1))
    column = 4
    for at, (joint, _, _) in enumerate(_JOINTS):
        if joint in _FIXED:
            continue
        if joint in _HINGES:
            turned[:, at] = Rotation.from_euler("z", frames[:, [column]]).as_matrix()
            column += 1
            continue
        quaternions = frames[:, column : column + 4]
        none = np.flatnonzero(np.linalg.norm(quaternions, axis=1) < 1e-3)
        if len(none):
            raise FormatError(path, f"frame {none[0] + 1}: the rotation of {joint} is zero")
        turned[:, at] = Rotation.from_quat(quaternions, scalar_first=True).as_matrix()
        column += 4
    return turned


def _rig() -> Rig:
    names = [joint for joint, _, _ in _JOINTS]
    parents = tuple(names.index(parent) if parent else -1 for _, parent, _ in _JOINTS)
    return Rig(tuple(names), parents, np.array([offset for _, _, offset in _JOINTS]))
