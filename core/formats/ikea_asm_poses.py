"""IKEA-ASM's poses, one frame in a hundred of camera dev3: a folder of `%06d.json`, or one of its files.

    pose2d/000100.json    {"left shoulder": {"position": [x, y], "confidence": 1 to 3}, …}
    pose3d/000100.json    {"format": "ikea" or "body25", "pose_keypoints_3d": [X, Y, Z, C, …]}

The number of a file is its frame's. In 2D there are COCO's 17 joints, in pixels; in 3D those or OpenPose's 25, in
centimetres, with C 0 for one that was not found. 2D confidences become thirds of one, so that the least sure joint
still counts as seen. 3D places were found from three cameras and stand in the frame of camera dev2 (x right, y down, z
forward), which is taken to stand level, as its calibration is. They are single moments, seconds apart, no movement.

Source: the data set's scripts for poses (MIT); its data are CC BY-NC 4.0.
"""

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

import msgspec
import numpy as np
from jaxtyping import Float
from numpy import ndarray

from core.bodies.skeletons import BODY_25, COCO_17, RECORDED_27
from core.errors import CoreError, FileError, FormatError
from core.formats.pickled import beginning_of, bytes_of
from core.formats.recorded_joints import as_recorded
from core.motion import Poses2d
from core.recordings import Recording

RATE_HZ = 25.0
_UP = np.diag([1.0, -1.0, -1.0])  # dev2's axes to y up, as core.formats.ikea_asm_cameras turns them
_FAR_PX, _FAR_CM = 1e5, 1e5
_LAST_FRAME = 10**7
_MOST_BYTES = 1_000_000
_HINT = "Such a folder has one JSON file a frame, named by the frame's number: 000100.json."
_Kind = TypeVar("_Kind")
_COUNTS = {"ikea": COCO_17, "body25": BODY_25}
_NOTE_UP = (
    "The places stand relative to camera dev2, which is taken to stand level: the files do not say where down is."
)
_NOTE_MOMENTS = "These are single moments, one frame in a hundred of the video, and no movement."


class _Joint(msgspec.Struct):
    position: tuple[float, float]
    confidence: float


class _Pose3d(msgspec.Struct):
    pose_keypoints_3d: list[float]
    format: str = "ikea"


def is_pose2d(path: Path) -> bool:
    """Whether this is a file of 2D joints by name, or the folder of them."""
    return _first_holds(path, (b'"position"', b'"confidence"', b'"left shoulder"'))


def is_pose3d(path: Path) -> bool:
    """Whether this is a file of 3D joints as this data set writes them, or the folder of them."""
    return _first_holds(path, (b'"pose_keypoints_3d"', b'"format"')) and not _first_holds(path, (b'"people"',))


def _first_holds(path: Path, words: tuple[bytes, ...]) -> bool:
    try:
        file = _files(path)[0][1]
    except CoreError:
        return False
    start = beginning_of(file)
    return all(each in start for each in words)


def _files(path: Path) -> list[tuple[int, Path]]:
    """(frame, file), by frame; a single file, whatever its name, is frame 0 unless it says another."""
    try:
        inside = sorted(path.iterdir()) if path.is_dir() else [path]
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check its permissions.") from None
    found = sorted((int(each.stem), each) for each in inside if re.fullmatch(r"\d{6,7}\.json", each.name))
    twice = next((each for (one, _), (frame, each) in pairwise(found) if one == frame), None)
    if twice is not None:
        raise FormatError(twice, f"frame {int(twice.stem)} is there twice", hint=_HINT)
    if not found and not path.is_dir() and path.suffix.lower() == ".json" and path.is_file():
        found = [(0, path)]
    if not found:
        raise FormatError(path, "no numbered JSON file in it", hint=_HINT)
    return found


# ---- 2D ----


def read_pose2d(path: Path, *, size: tuple[int, int] | None = None, frame_count: int | None = None) -> Poses2d:
    """The one person of a folder, in COCO-17; frames without a file have nobody. Pictures are 1920 × 1080."""
    del size  # coordinates are pixels of the original
    files = _files(path)
    last = files[-1][0]
    if last >= (_LAST_FRAME if frame_count is None else frame_count):
        what = f"it has a frame {last}" + (f", the video has {frame_count} frames" if frame_count is not None else "")
        raise FormatError(path, what, hint="These poses belong to another video, or to another cut of it.")
    count = last + 1 if frame_count is None else frame_count
    joints_px = np.zeros((count, 1, len(COCO_17), 2), np.float32)
    confidence = np.zeros((count, 1, len(COCO_17)), np.float32)
    for frame, file in files:
        for name, joint in _decoded(file, dict[str, _Joint]).items():
            place = name.strip().replace(" ", "_")
            if place not in COCO_17.joints:
                raise FormatError(file, f"there is no joint {name!r}", hint=f"Known: {', '.join(COCO_17.joints)}.")
            if max(map(abs, joint.position)) > _FAR_PX or not 0 <= joint.confidence <= 3:
                raise FormatError(file, f"{name}: no such place or confidence can be", hint=_HINT)
            joints_px[frame, 0, COCO_17[place]] = joint.position
            confidence[frame, 0, COCO_17[place]] = joint.confidence / 3
    return Poses2d(COCO_17, joints_px, confidence)


# ---- 3D ----


def read_pose3d(path: Path) -> Iterator[Recording]:
    """The person of a folder, moment after moment; y up, metres."""
    files = _files(path)
    moments = []
    for frame, file in files:
        pose = _decoded(file, _Pose3d)
        skeleton = _COUNTS.get(pose.format)
        if skeleton is None or len(pose.pose_keypoints_3d) != 4 * len(skeleton):
            joints = f"{len(pose.pose_keypoints_3d) / 4:g} joints of the format {pose.format!r}"
            raise FormatError(file, f"{joints}, frame {frame}", hint="Known: ikea with 17 and body25 with 25 joints.")
        rows = np.array(pose.pose_keypoints_3d, np.float64).reshape(-1, 4)
        if np.abs(rows[:, :3]).max() > _FAR_CM:
            raise FormatError(file, "a joint is more than a kilometre away", hint=_HINT)
        places = np.where(rows[:, 3:] > 0, rows[:, :3], np.nan)
        moments.append(_recorded(places[None], skeleton is COCO_17)[0])
    joints_m = (np.stack(moments).astype(np.float64) / 100 @ _UP.T).astype(np.float32)
    steps = np.diff([frame for frame, _ in files])
    every = float(np.median(steps)) if len(steps) else 100.0
    # …/<Furniture>/<video>/dev3/pose3d: the video says whose it is.
    whose = path.resolve().parents[1].name if path.name == "pose3d" else path.stem
    yield Recording(
        name=whose or path.stem, rate_hz=RATE_HZ / every, joints_m=joints_m, notes=(_NOTE_UP, _NOTE_MOMENTS)
    )


def _recorded(places: Float[ndarray, "1 joints 3"], is_coco: bool) -> Float[ndarray, "1 27 3"]:
    if not is_coco:
        return as_recorded(places, BODY_25)
    recorded = as_recorded(places, COCO_17)
    recorded[:, RECORDED_27["pelvis"]] = places[:, [COCO_17["left_hip"], COCO_17["right_hip"]]].mean(1)
    return recorded


def _decoded(file: Path, kind: type[_Kind]) -> _Kind:
    try:
        return msgspec.json.decode(bytes_of(file, _MOST_BYTES), type=kind)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(file, f"it is no pose ({error})", hint=_HINT) from None
