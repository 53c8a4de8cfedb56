"""Camera rigs of Pose2Sim (TOML) and of Qualisys (`*.qca.txt`, XML). Both worlds are z up.

Pose2Sim: a table for each camera with name, size, matrix, distortions (k1 k2 p1 p2), rotation (a rotation vector, world
to camera) and translation in metres. Qualisys: a camera's `transform` holds its axes in the world, row by row, and
where it stands in millimetres, looking along −z with y up; `intrinsic` counts in 64ths of a pixel. Its distortion is of
rays at depth 1, as OpenCV's, so it is not in 64ths: as written it fits the corners of real chessboards better.
"""

import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import numpy as np
from numpy import ndarray
from scipy.spatial.transform import Rotation

from core.errors import FormatError
from core.formats.cameras import NamedCamera, bytes_of, camera_from
from core.formats.markup import small_tree
from core.formats.pickled import beginning_of
from core.geometry.cameras import Z_UP_TO_Y_UP

_NEEDED = ("size", "matrix", "distortions", "rotation", "translation")
_SUBPIXELS = 64.0
_LOOKS_ALONG_MINUS_Z = np.diag([1.0, -1.0, -1.0])
_FAR_M = 100.0


# ---- Pose2Sim ----


def is_pose2sim(path: Path) -> bool:
    """Whether this is a TOML file with a camera's table in it."""
    if path.suffix.lower() != ".toml" or not path.is_file():
        return False
    start = beginning_of(path)
    return b"matrix" in start and b"rotation" in start and b"translation" in start


def read_pose2sim(path: Path) -> tuple[NamedCamera, ...]:
    """The cameras of a rig, by their names in the file."""
    try:
        tables = tomllib.loads(bytes_of(path).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:  # among them numbers too long to be any
        raise FormatError(path, f"it is no TOML ({error})", hint="Let Pose2Sim write it again.") from None
    found = [
        _of_table(path, str(facts.get("name") or key), facts)
        for key, facts in tables.items()
        if isinstance(facts, dict) and "matrix" in facts
    ]
    if not found:
        raise FormatError(path, "there is no camera in it", hint=f"A camera has {', '.join(_NEEDED)}.")
    return tuple(found)


def _of_table(path: Path, name: str, facts: dict[str, Any]) -> NamedCamera:
    lacking = [each for each in _NEEDED if each not in facts]
    if lacking:
        raise FormatError(path, f"{name}: no {lacking[0]} in it", hint=f"Needed: {', '.join(_NEEDED)}.")
    if facts.get("fisheye"):
        raise FormatError(path, f"{name}: fisheye lenses are not supported", hint="Straighten the video first.")
    try:
        turn = np.asarray(facts["rotation"], float).reshape(3)
        shift_m = np.asarray(facts["translation"], float).reshape(3)
        finite = bool(np.isfinite([turn, shift_m]).all())
    except (TypeError, ValueError):
        raise FormatError(path, f"{name}: its rotation and translation are not three numbers each") from None
    if not finite:
        raise FormatError(path, f"{name}: its rotation or translation has a number that is none")
    notes = ()
    if np.abs(shift_m).max() > _FAR_M:
        shift_m, notes = shift_m / 1000, ("Its translation is read as millimetres: in metres it would be far away.",)
    camera = camera_from(
        path,
        name,
        matrix=facts["matrix"],
        distortion=facts["distortions"],
        size=facts["size"],
        rotation=Rotation.from_rotvec(turn).as_matrix(),
        translation_m=shift_m,
        turn=Z_UP_TO_Y_UP,
    )
    return NamedCamera(name, camera, notes)


# ---- Qualisys ----


def is_qualisys(path: Path) -> bool:
    """Whether this is an XML file with Qualisys' sensor units in it."""
    if path.suffix.lower() not in (".txt", ".xml") or not path.is_file():
        return False
    start = beginning_of(path)
    return b"<calibration" in start and b"focalLengthU" in start


def read_qualisys(path: Path) -> tuple[NamedCamera, ...]:
    """The cameras of a rig, by their serial names."""
    try:
        root = small_tree(bytes_of(path))
    except ValueError as error:
        raise FormatError(path, f"it is cut short or damaged ({error})", hint="Export it again.") from None
    cameras = root.findall("cameras/camera")
    if not cameras:
        raise FormatError(path, "there is no camera in it")
    return tuple(_of_element(path, each, at) for at, each in enumerate(cameras, start=1))


def _of_element(path: Path, element: ElementTree.Element, at: int) -> NamedCamera:
    name = element.get("serial") or f"camera {at}"

    def number(tag: str, attribute: str) -> float:
        inside = element.find(tag)
        try:
            return float(inside.attrib[attribute]) if inside is not None else float(element.attrib[attribute])
        except (KeyError, ValueError):
            raise FormatError(path, f"{name}: no {attribute} in its {tag}", hint="Export it again.") from None

    left, right, top, bottom = (number("fov_video", side) for side in ("left", "right", "top", "bottom"))
    size = (right - left + 1, bottom - top + 1)
    fx, fy, cx, cy = (
        number("intrinsic", each) / _SUBPIXELS
        for each in ("focalLengthU", "focalLengthV", "centerPointU", "centerPointV")
    )
    skew = number("intrinsic", "skew") / _SUBPIXELS
    k1, k2, k3 = (number("intrinsic", f"radialDistortion{each}") for each in (1, 2, 3))
    p1, p2 = (number("intrinsic", f"tangentalDistortion{each}") for each in (1, 2))
    axes: ndarray = np.array([[number("transform", f"r{row}{column}") for column in (1, 2, 3)] for row in (1, 2, 3)])
    place_m = np.array([number("transform", each) for each in "xyz"]) / 1000
    rotation = _LOOKS_ALONG_MINUS_Z @ axes
    camera = camera_from(
        path,
        name,
        matrix=[[fx, skew, cx - left], [0, fy, cy - top], [0, 0, 1]],
        distortion=[k1, k2, p1, p2, k3],
        size=size,
        rotation=rotation,
        translation_m=-rotation @ place_m,
        turn=Z_UP_TO_Y_UP,
    )
    turned = element.get("viewrotation", "0")
    notes = (f"Its view is turned by {turned}° in Qualisys; the video's pictures are taken as they are.",)
    return NamedCamera(name, camera, notes if turned not in ("0", "") else ())
