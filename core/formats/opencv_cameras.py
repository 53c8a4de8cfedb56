"""OpenCV's camera files, YAML, XML or JSON, ROS' camera_info among them.

Looked for under the names that OpenCV's samples and their kin use: camera_matrix, distortion_coefficients, image_width
and image_height, and where there is one a pose as R (matrix or rotation vector) and T. A stereo file (M1, D1, M2, D2,
R, T) gives two cameras. Such files say neither units nor where up is: translations are taken as metres (as millimetres
beyond 50), and up is the world's axis with which the camera stands upright; `notes` say what was taken. Without the
pictures' size the centre of the lens tells it.
"""

import re
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
from numpy import ndarray
from scipy.spatial.transform import Rotation

from core.errors import FormatError
from core.formats import opencv_storage
from core.formats.cameras import NamedCamera, Size, bytes_of, camera_from, without_pose
from core.formats.pickled import beginning_of
from core.geometry.cameras import Z_UP_TO_Y_UP, Camera

_MATRIX = ("camera_matrix", "cameramatrix", "k", "intrinsic_matrix", "mtx")
_LENS = ("distortion_coefficients", "distcoeffs", "dist_coeffs", "dist", "distortion", "d")
_WIDTH, _HEIGHT = ("image_width", "width"), ("image_height", "height")
_SIZE = ("image_size", "imagesize", "size", "resolution")
_TURN = ("r", "rvec", "rotation", "rotation_matrix")
_SHIFT = ("t", "tvec", "translation", "translation_vector")
_ENDINGS = (".yml", ".yaml", ".xml", ".json")
_FAR_M = 50.0
_UPS: tuple[tuple[str, ndarray], ...] = (
    ("y up", np.eye(3)),
    ("z up", Z_UP_TO_Y_UP),
    ("y down", np.diag([1.0, -1.0, -1.0])),
    ("z down", np.array([[1.0, 0, 0], [0, 0, -1], [0, 1, 0]])),
)
_LEVEL = np.diag([1.0, -1.0, -1.0])
_NAMED = re.compile(rb"""(?:^|[\s{,])["']?(\w+)["']?\s*:|<(\w+)[\s>]""")  # what YAML, JSON and XML give a value to


def is_opencv(path: Path) -> bool:
    """Whether a camera matrix is named in this file."""
    if path.suffix.lower() not in _ENDINGS or not path.is_file():
        return False
    start = beginning_of(path).lower()
    names = {each[0] or each[1] for each in _NAMED.findall(start)}
    has_lens = b"opencv" in start or any(each.startswith(b"dist") or each == b"d1" for each in names)
    return bool(names & {b"camera_matrix", b"cameramatrix", b"m1"}) and has_lens and b"dist_coefs" not in names


def read(path: Path, *, size: Size | None = None) -> tuple[NamedCamera, ...]:
    """The camera of a file, or the two of a stereo file. `size` is the pictures', where the file does not tell it."""
    facts = {key.lower(): value for key, value in _facts(path).items()}
    size_told = _size(path, facts)
    if "m1" in facts and "m2" in facts:
        return _stereo(path, facts, size_told or size)
    matrix = _first(facts, _MATRIX)
    if matrix is None:
        raise FormatError(path, "no camera matrix in it", hint=f"It is looked for as {', '.join(_MATRIX)}.")
    name = str(facts.get("camera_name") or path.stem)
    if str(facts.get("distortion_model", "")).lower() in ("fisheye", "equidistant"):
        raise FormatError(path, "fisheye lenses are not supported", hint="Straighten the video first.")
    notes: list[str] = []
    size = _size_or_guess(size_told or size, matrix, notes)
    lens = {"matrix": matrix, "distortion": _first(facts, _LENS), "size": size}
    turn, shift = _first(facts, _TURN), _first(facts, _SHIFT)
    if turn is None or shift is None or np.size(turn) not in (3, 9):
        named = NamedCamera(name, camera_from(path, name, **lens), tuple(notes))
        return (without_pose(named),)
    rotation = _rotation_of(path, turn)
    shift_m = _in_metres(path, shift, notes)
    up, axes = max(_UPS, key=lambda each: -(rotation @ each[1].T)[1, 1])
    notes.append(f"The file does not say where up is: its world is taken as {up}.")
    camera = camera_from(path, name, **lens, rotation=rotation, translation_m=shift_m, turn=axes)
    return (NamedCamera(name, camera, tuple(notes)),)


def _stereo(path: Path, facts: dict[str, Any], size: Size | None) -> tuple[NamedCamera, ...]:
    notes = ["The left camera is taken to stand level at the origin: the file does not say where down is."]
    size = _size_or_guess(size, facts["m1"], notes)
    found: list[tuple[str, Camera]] = []
    turn, shift = facts.get("r"), facts.get("t")
    if turn is None or shift is None:
        raise FormatError(path, "two cameras, but not how they stand to each other", hint="Needed: R and T.")
    shift_m = _in_metres(path, shift, notes)
    for name, end, rotation, place in (
        ("left", "1", np.eye(3), np.zeros(3)),
        ("right", "2", _rotation_of(path, turn), shift_m),
    ):
        camera = camera_from(
            path, name, matrix=facts[f"m{end}"], distortion=facts.get(f"d{end}"), size=size, rotation=rotation,
            translation_m=place, turn=_LEVEL,
        )  # fmt: skip
        found.append((name, camera))
    return tuple(NamedCamera(f"{path.stem} {name}", camera, tuple(notes)) for name, camera in found)


def _numbers(path: Path, what: str, value: Any) -> ndarray:
    try:
        numbers = np.asarray(value, float)
    except (TypeError, ValueError, OverflowError):
        raise FormatError(path, f"{what} is no row of numbers") from None
    if not np.isfinite(numbers).all():
        raise FormatError(path, f"{what} has a number that is none")
    return numbers


def _rotation_of(path: Path, turn: Any) -> ndarray:
    turn = _numbers(path, "its rotation", turn)
    return Rotation.from_rotvec(turn.ravel()).as_matrix() if turn.size == 3 else turn.reshape(-1, 3)


def _in_metres(path: Path, shift: Any, notes: list[str]) -> ndarray:
    shift = _numbers(path, "its translation", shift).ravel()
    if shift.shape != (3,):
        raise FormatError(path, "its translation is not three numbers")
    far = np.abs(shift).max() > _FAR_M
    notes.append(f"The file does not say its unit: its translation is taken as {'milli' * bool(far)}metres.")
    return shift / 1000 if far else shift


def _size(path: Path, facts: dict[str, Any]) -> Size | None:
    width, height = _first(facts, _WIDTH), _first(facts, _HEIGHT)
    both = _first(facts, _SIZE) if width is None or height is None else (width, height)
    if both is None:
        return None
    try:
        width, height = (int(each) for each in np.asarray(both, float).ravel())
    except (TypeError, ValueError, OverflowError):
        raise FormatError(path, "the size of its pictures is not two numbers") from None
    return width, height


def _size_or_guess(size: Size | None, matrix: Any, notes: list[str]) -> Size:
    if size is not None:
        return size
    try:
        width, height = (round(2 * float(each)) + 1 for each in np.asarray(matrix, float).reshape(3, 3)[:2, 2])
    except (TypeError, ValueError, OverflowError):
        width, height = 0, 0  # refused, with its matrix, where the camera is made
    notes.append(f"The size of its pictures is not told: {width} × {height} is taken from the lens's centre.")
    return width, height


def _first(facts: dict[str, Any], names: tuple[str, ...]) -> Any:
    return next((facts[name] for name in names if facts.get(name) is not None), None)


# ---- YAML, XML and JSON as plain values ----


def _facts(path: Path) -> dict[str, Any]:
    raw = bytes_of(path)
    facts = _json(path, raw) if path.suffix.lower() == ".json" else _stored(path, raw)
    if not isinstance(facts, dict):
        raise FormatError(path, "it does not hold named values")
    return {str(key): _matrix(value) for key, value in facts.items()}


def _json(path: Path, raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw.removeprefix(b"\xef\xbb\xbf"))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise FormatError(path, f"it is no JSON ({error})", hint="Export it again.") from None


def _stored(path: Path, raw: bytes) -> Any:
    is_xml = path.suffix.lower() == ".xml"
    try:
        return opencv_storage.from_xml(raw) if is_xml else opencv_storage.from_yaml(raw.decode("utf-8-sig"))
    except UnicodeDecodeError:
        raise FormatError(path, "it is not UTF-8 text") from None
    except ValueError as error:
        what = f"it is no {'XML' if is_xml else 'YAML'} that OpenCV writes ({error})"
        raise FormatError(path, what, hint="Write it with OpenCV again.") from None


def _matrix(value: Any) -> Any:
    """A matrix as its numbers, however it is written: OpenCV's and ROS' rows, cols, data, or nested lists."""
    if isinstance(value, dict) and "data" in value:
        data = value["data"]
        data = data.split() if isinstance(data, str) else data
        try:
            array = np.asarray(data, float)
            return array.reshape(int(value.get("rows", 1)), int(value.get("cols", array.size)))
        except (TypeError, ValueError, OverflowError):
            return data
    return value
