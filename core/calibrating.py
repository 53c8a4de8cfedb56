"""What calibration takes from a project and from files, and what it leaves there.

Upright people of a clip's 2D poses, frames with a chessboard, pairs of pixels and places from a table, and the edit
that keeps a camera. For the command line and the studio; no torch.
"""

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from jaxtyping import Float
from numpy import ndarray
from scipy.ndimage import median_filter

from core.bodies.skeletons import BLAZEPOSE_33, BODY_25, COCO_17, COCO_18, Skeleton
from core.errors import CalibrationError, FileError, FormatError
from core.geometry.calibration import Calibration
from core.geometry.calibration_people import USUAL_HEIGHT_M, Upright, calibrate_upright
from core.motion import Poses2d
from core.opencv import cv2
from core.project import edits
from core.project.annotations import BY_HAND, Project
from core.video import open_video

PICTURES = (".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff", ".webp")
MOST_FRAMES = 150
"""Of a video this many frames are searched for the board, evenly over its length."""
_COLUMNS = ("x_px", "y_px", "x_m", "y_m", "z_m")
_HAVE_FEET: tuple[Skeleton, ...] = (BLAZEPOSE_33, BODY_25, COCO_17, COCO_18)
_HEAD = ("left_ear", "right_ear", "left_eye", "right_eye", "nose")
_SURE = 0.5
_FEET_SURE, _AROUND = 0.7, 7
"""Feet behind furniture are guessed, now and then with confidence: they must be sure in most of the frames around."""


# ---- from people ----


def calibrate_people(
    tracks: Poses2d, width: int, height: int, *, height_m: float = USUAL_HEIGHT_M, track: int | None = None
) -> Calibration:
    """An estimate of the camera from where people stood upright; with `track`, from that person alone."""
    return calibrate_upright(upright_people(tracks, height, track=track), width, height, height_m=height_m)


def upright_people(tracks: Poses2d, height: int, *, track: int | None = None) -> tuple[Upright, ...]:
    """Where each person of a clip stands or walks upright with the feet in the picture."""
    if tracks.skeleton not in _HAVE_FEET:
        known = ", ".join(each.name for each in _HAVE_FEET)
        raise CalibrationError(
            f"2D poses as {tracks.skeleton.name} do not tell where feet and head are.",
            hint=f"Extract 2D poses of whole bodies ({known}), or mark points.",
        )
    people = range(tracks.people) if track is None else (track,)
    found = []
    for person in people:
        stood = _standing(
            tracks.skeleton, tracks.joints_px[:, person].astype(float), tracks.confidence[:, person], height
        )
        if len(stood.head_px):
            found.append(replace(stood, name=f"person {person + 1}"))
    return tuple(found)


def _standing(skeleton: Skeleton, joints_px: ndarray, confidence: ndarray, height: int) -> Upright:
    """The frames in which everything from head to feet is sure, inside the picture, and in one upright line.

    Of a walking person the leg that stands counts: the straighter one, or both where both are straight.
    """
    at = {name: skeleton[name] for name in skeleton.joints}
    sides = ("left", "right")
    needed = [at[f"{side}_{joint}"] for joint in ("ankle", "knee", "hip", "shoulder") for side in sides]
    feet = median_filter(confidence[:, needed[:2]].min(1), 2 * _AROUND + 1, mode="mirror")
    head = [at[each] for each in _HEAD]
    weights = (confidence[:, head] >= _SURE)[..., None].astype(float)
    sure = (confidence[:, needed] >= _SURE).all(1) & (feet >= _FEET_SURE) & (weights[..., 0].sum(1) >= 2)
    sure &= np.isfinite(joints_px[:, [*needed, *head]]).all((1, 2))
    ankle, knee, hip, shoulder = (
        np.stack([joints_px[:, at[f"{side}_{joint}"]] for side in sides], axis=1)
        for joint in ("ankle", "knee", "hip", "shoulder")
    )
    bent = _angle_deg(knee - ankle, hip - knee)
    stands = (bent < _STRAIGHT_DEG) | (bent == bent.min(1, keepdims=True))
    ankles = (ankle * stands[..., None]).sum(1) / stands.sum(1, keepdims=True)
    hips, shoulders = hip.mean(1), shoulder.mean(1)
    legs, trunk = hips - ankles, shoulders - hips
    tall = np.linalg.norm(legs, axis=1) + np.linalg.norm(trunk, axis=1)
    share = np.linalg.norm(legs, axis=1) / np.maximum(np.linalg.norm(trunk, axis=1), 1e-6)
    apart = np.linalg.norm(ankle[:, 0] - ankle[:, 1], axis=1)
    good = sure & (bent.min(1) < _STRAIGHT_DEG) & (_angle_deg(legs, trunk) < _STRAIGHT_DEG)
    good &= (shoulders[:, 1] < hips[:, 1]) & (hips[:, 1] < ankles[:, 1]) & (ankles[:, 1] < height - 1 - 0.03 * tall)
    # Who sits or is foreshortened has short legs; a wide step makes shorter.
    good &= (tall > _LEAST_PX) & (share > 1.1) & (share < 2.6) & (apart < 0.3 * tall)
    heads = (joints_px[good][:, head] * weights[good]).sum(1) / weights[good].sum(1)
    return Upright(ankles[good], heads)


_STRAIGHT_DEG = 14.0
_LEAST_PX = 40.0


def _angle_deg(one: ndarray, other: ndarray) -> ndarray:
    """Between two directions in the picture."""
    across = one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0]
    return np.rad2deg(np.abs(np.arctan2(across, (one * other).sum(-1))))


# ---- from a chessboard ----


@dataclass(frozen=True)
class BoardFrames:
    """What is searched for the board: how many pictures, and each with its name as they are asked for."""

    count: int
    pictures: Iterator[tuple[str, ndarray]]


def board_frames(source: Path, *, most: int = MOST_FRAMES) -> BoardFrames:
    """The pictures of a folder (or one picture), or frames of a video evenly over its length."""
    if source.is_dir():
        files = sorted(each for each in source.iterdir() if each.suffix.lower() in PICTURES)
        if not files:
            raise FileError(
                source, "there is no picture in this folder", hint=f"Pictures end in {', '.join(PICTURES)}."
            )
        return BoardFrames(len(files), ((each.name, picture_of(each)) for each in files))
    if source.suffix.lower() in PICTURES:
        return BoardFrames(1, iter([(source.name, picture_of(source))]))
    with open_video(source) as video:
        count = len(video)
    chosen = np.unique(np.linspace(0, count - 1, min(most, count)).round().astype(int)).tolist()
    return BoardFrames(len(chosen), _frames_of(source, chosen))


def _frames_of(source: Path, chosen: Sequence[int]) -> Iterator[tuple[str, ndarray]]:
    with open_video(source) as video:
        for frame in chosen:
            yield f"frame {frame}", video.frame(frame)


def picture_of(path: Path) -> ndarray:
    """A picture file as (height, width, 3) uint8 RGB, turned as it says."""
    try:
        raw = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Check its permissions.") from None
    picture = cv2.imdecode(raw, cv2.IMREAD_COLOR_RGB) if len(raw) else None
    if picture is None:
        raise FormatError(path, "it is no picture that can be read", hint="Save it again as PNG or JPEG.")
    return np.asarray(picture, np.uint8)


# ---- from a table of points ----


def read_pairs(path: Path) -> tuple[Float[ndarray, "points 2"], Float[ndarray, "points 3"], tuple[str, ...]]:
    """Pixels, places and names from a table with the columns x_px, y_px, x_m, y_m, z_m and, if wanted, name."""
    hint = f"Columns: {', '.join(_COLUMNS)} and, if wanted, name. World metres with y up; pixels from the top left one."
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FileError(path, f"cannot be read ({error.strerror})", hint="Choose a file that can be.") from None
    except UnicodeDecodeError:
        raise FormatError(path, "it is not UTF-8 text", hint="Save the table as CSV in UTF-8.") from None
    header = text.partition("\n")[0]
    delimiter = max((",", ";", "\t"), key=header.count)
    table = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True)
    columns = [each.strip() for each in table.fieldnames or ()]
    lacking = [each for each in _COLUMNS if each not in columns]
    if lacking:
        raise FormatError(path, f"no column {lacking[0]}", hint=hint)
    table.fieldnames = columns
    numbers, names = [], []
    try:
        for row in table:
            if not any((value or "").strip() for value in row.values() if isinstance(value, str)):
                continue
            numbers.append([_number(path, table.line_num, each, row[each]) for each in _COLUMNS])
            names.append((row.get("name") or "").strip() or f"point {len(numbers)}")
    except csv.Error as error:
        raise FormatError(path, f"line {table.line_num + 1}: {error}", hint=hint) from None
    rows = np.array(numbers, float).reshape(-1, 5)
    return rows[:, :2], rows[:, 2:], tuple(names)


def _number(path: Path, line: int, column: str, said: str | None) -> float:
    try:
        value = float((said or "").strip())
    except ValueError:
        value = np.nan
    if not np.isfinite(value):
        raise FormatError(path, f"line {line}: {column} is {said!r}, not a number", hint="Write decimals with a point.")
    return value


# ---- into the project ----


def with_calibration(
    project: Project,
    name: str,
    calibration: Calibration,
    clip_ids: Sequence[str],
    *,
    author: str,
    source: str = BY_HAND,
) -> Project:
    """The project with the found camera, as the one that filmed these clips."""
    project, _ = edits.add_camera(
        project, name, calibration.camera, author=author, source=source, how=calibration.how,
        error_px=round(calibration.error_px, 3), clip_ids=clip_ids,
    )  # fmt: skip
    return project
